"""Tokens that stand in an address: unguessable, and of no use to whoever reads the database.

A token is 12 random bytes and the first 12 of their HMAC-SHA256, in 32 characters of URL-safe
base64. Without the key nobody makes one, not even with a copy of the database, which keeps only
digests; with the key alone neither, for the digest must be in the database. Each purpose has
tokens of its own: one for a message opens nobody's page.
"""

from __future__ import annotations

import base64
import binascii
import hashlib
import hmac
import secrets

_RANDOM, _PROOF = 12, 12  # bytes: 96 bits each


def new_token(key: bytes, purpose: bytes) -> str:
    """A new one."""
    return _signed(key, purpose, secrets.token_bytes(_RANDOM))


def is_ours(key: bytes, purpose: bytes, token: str) -> bool:
    """Whether that key made it, for that purpose."""
    try:
        raw = base64.b64decode(token.encode("ascii"), b"-_", validate=True)
    except (UnicodeEncodeError, binascii.Error):
        return False
    expected = _signed(key, purpose, raw[:_RANDOM])
    return len(raw) == _RANDOM + _PROOF and hmac.compare_digest(expected, token)


def digest(token: str) -> str:
    """What is kept of it: its SHA-256, in hexadecimal."""
    return hashlib.sha256(token.encode()).hexdigest()


def _signed(key: bytes, purpose: bytes, random: bytes) -> str:
    proof = hmac.new(key, purpose + random, hashlib.sha256).digest()[:_PROOF]
    return base64.urlsafe_b64encode(random + proof).decode()
