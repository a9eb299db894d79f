"""Basic authentication (RFC 7617) against bcrypt hashes, without paying bcrypt at each scrape."""

from __future__ import annotations

import base64
import binascii
import hmac
import secrets
from collections import OrderedDict
from collections.abc import Mapping
from threading import Lock

import bcrypt

_CACHE_SIZE = 100
_BCRYPT_LIMIT = 72
"""bcrypt reads no byte beyond; the library refuses longer input where others cut it."""


def credentials(header: str) -> tuple[str, str] | None:
    """(user, password) of an Authorization header, or None when it is not readable Basic."""
    scheme, _, encoded = header.partition(" ")
    if scheme.lower() != "basic":
        return None
    try:
        text = base64.b64decode(encoded.strip(), validate=True).decode("utf-8")
    except (binascii.Error, UnicodeDecodeError):
        return None
    user, colon, password = text.partition(":")
    return (user, password) if colon else None


class Authenticator:
    """Checks users of one configuration. An unknown user costs as much as a known one."""

    def __init__(self, users: Mapping[str, str]) -> None:
        self._users = {name: hashed.encode() for name, hashed in users.items()}
        costs = [int(hashed.split(b"$")[2]) for hashed in self._users.values()]
        self._decoy = bcrypt.hashpw(secrets.token_bytes(16), bcrypt.gensalt(max(costs, default=4)))
        self._key = secrets.token_bytes(32)
        self._known: OrderedDict[bytes, None] = OrderedDict()
        self._lock = Lock()
        # One hash at a time: guesses must not take every core from the collectors.
        self._hashing = Lock()

    @property
    def required(self) -> bool:
        """Whether anybody must say who they are."""
        return bool(self._users)

    def allows(self, header: str) -> bool:
        """Whether an Authorization header names a user and gives the right password."""
        given = credentials(header)
        if given is None:
            return False
        user, password = given
        secret = password.encode()[:_BCRYPT_LIMIT]
        # Only a keyed digest is kept, so that a memory dump shows no password.
        digest = hmac.digest(self._key, user.encode() + b"\0" + secret, "sha256")
        with self._lock:
            if digest in self._known:
                self._known.move_to_end(digest)
                return True
        hashed = self._users.get(user)
        with self._hashing:
            matches = bcrypt.checkpw(secret, hashed or self._decoy)
        if hashed is None or not matches:
            return False
        with self._lock:
            self._known[digest] = None
            while len(self._known) > _CACHE_SIZE:
                self._known.popitem(last=False)
        return True
