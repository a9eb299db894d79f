"""Basic authentication (RFC 7617) against bcrypt hashes, without paying bcrypt at each scrape."""

from __future__ import annotations

import base64
import binascii
import hmac
import secrets
from collections import OrderedDict
from collections.abc import Mapping
from importlib import import_module
from threading import Lock

_CACHE_SIZE = 100


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
    """Checks users of one configuration."""

    def __init__(self, users: Mapping[str, str]) -> None:
        self._passwords = (
            import_module("exporters.toolkit.passwords").Passwords(users) if users else None
        )
        self._key = secrets.token_bytes(32)
        self._known: OrderedDict[bytes, None] = OrderedDict()
        self._lock = Lock()

    @property
    def required(self) -> bool:
        """Whether anybody must say who they are."""
        return self._passwords is not None

    def allows(self, header: str) -> bool:
        """Whether an Authorization header names a user and gives the right password."""
        given = credentials(header)
        if given is None or self._passwords is None:
            return False
        user, password = given
        secret = password.encode()
        # Only a keyed digest is kept, so that a memory dump shows no password.
        digest = hmac.digest(self._key, user.encode() + b"\0" + secret, "sha256")
        with self._lock:
            if digest in self._known:
                self._known.move_to_end(digest)
                return True
        if not self._passwords.right(user, secret):
            return False
        with self._lock:
            self._known[digest] = None
            while len(self._known) > _CACHE_SIZE:
                self._known.popitem(last=False)
        return True
