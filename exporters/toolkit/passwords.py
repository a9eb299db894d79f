"""Passwords against bcrypt hashes. Imported only where users are configured: it costs memory."""

from __future__ import annotations

import secrets
from collections.abc import Mapping
from threading import Lock

import bcrypt

_LIMIT = 72
"""bcrypt reads no byte beyond; the library refuses longer input where others cut it."""


class Passwords:
    """The users of one configuration. An unknown user costs as much as a known one."""

    def __init__(self, users: Mapping[str, str]) -> None:
        self._users = {name: hashed.encode() for name, hashed in users.items()}
        costs = [int(hashed.split(b"$")[2]) for hashed in self._users.values()]
        self._decoy = bcrypt.hashpw(secrets.token_bytes(16), bcrypt.gensalt(max(costs, default=4)))
        # One hash at a time: guesses must not take every core from the collectors.
        self._hashing = Lock()

    def right(self, user: str, secret: bytes) -> bool:
        """Whether this is the user's password."""
        hashed = self._users.get(user)
        with self._hashing:
            matches = bcrypt.checkpw(secret[:_LIMIT], hashed or self._decoy)
        return hashed is not None and matches


def readable(hashed: str) -> bool:
    """Whether bcrypt takes it; not every text of the right shape is a salt and a hash."""
    try:
        # At the lowest cost, which changes nothing to what can be read.
        bcrypt.checkpw(b"", f"{hashed[:4]}04{hashed[6:]}".encode())
    except ValueError:
        return False
    return True
