"""Signatures of webhooks, as Standard Webhooks writes them (symmetric, ``v1``). Pure.

What is signed is ``id.timestamp.body`` with HMAC-SHA256; the secret is ``whsec_`` and base64.
"""

from __future__ import annotations

import base64
import binascii
import hmac
from collections.abc import Mapping
from datetime import datetime, timedelta
from hashlib import sha256

_PREFIX = "whsec_"
_SHORTEST, _LONGEST = 24, 64  # bytes
TOLERANCE = timedelta(minutes=5)
"""How far a timestamp may be from now: an older request is a copy of one."""


def key_of(secret: str) -> bytes:
    """The key that the secret stands for. Raise ValueError (French, without it)."""
    try:
        key = base64.b64decode(secret.removeprefix(_PREFIX), validate=True)
    except (binascii.Error, ValueError):
        key = b""
    if not secret.startswith(_PREFIX) or not _SHORTEST <= len(key) <= _LONGEST:
        raise ValueError(
            "le secret n'est pas une clé de webhook ; attendu : whsec_ puis 24 à 64 octets en"
            " base64, par exemple de : echo whsec_$(openssl rand -base64 32)"
        )
    return key


def signed(key: bytes, identifier: str, body: bytes, now: datetime) -> dict[str, str]:
    """The three headers that prove who sends this, and when."""
    stamp = str(int(now.timestamp()))
    return {
        "webhook-id": identifier,
        "webhook-timestamp": stamp,
        "webhook-signature": f"v1,{_mac(key, identifier, stamp, body)}",
    }


def is_signed(key: bytes, headers: Mapping[str, str], body: bytes, now: datetime) -> bool:
    """Whether one of the request's signatures is ours, and fresh. Names are lower-case."""
    identifier, stamp = headers.get("webhook-id", ""), headers.get("webhook-timestamp", "")
    # Ten digits last until the year 2286; int() would take spaces and other alphabets' digits.
    if not identifier or not (stamp.isascii() and stamp.isdigit() and len(stamp) <= 10):
        return False
    if abs(now.timestamp() - int(stamp)) > TOLERANCE.total_seconds():
        return False
    right = f"v1,{_mac(key, identifier, stamp, body)}".encode()
    given = headers.get("webhook-signature", "").split(" ")[:10]
    return any(hmac.compare_digest(right, one.encode()) for one in given)


def _mac(key: bytes, identifier: str, stamp: str, body: bytes) -> str:
    content = f"{identifier}.{stamp}.".encode() + body
    return base64.b64encode(hmac.digest(key, content, sha256)).decode("ascii")
