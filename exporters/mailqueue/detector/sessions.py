"""Whose session a client's lines belong to, where the line itself does not say. Pure."""

from __future__ import annotations

from collections.abc import Mapping

SECONDS = 600
LIMIT = 4096


class Sessions:
    """The account that last submitted through a server process, from a client.

    Postfix before 3.10 names no account when it refuses a message's first recipient.
    """

    def __init__(self, saved: Mapping[str, tuple[str, int]] | None = None) -> None:
        self._accounts = {key: (name, time) for key, (name, time) in (saved or {}).items()}

    def note(self, process: bytes, client: bytes, account: str, time: int) -> None:
        """`account` submitted a message there."""
        if not process:
            return
        key = _key(process, client)
        self._accounts.pop(key, None)
        self._accounts[key] = account, time
        while True:
            oldest = next(iter(self._accounts))
            if time - self._accounts[oldest][1] <= SECONDS and len(self._accounts) <= LIMIT:
                break
            del self._accounts[oldest]

    def account(self, process: bytes, client: bytes, time: int) -> str:
        """Whose session it is; empty if nobody submitted there in the last ten minutes."""
        name, seen = self._accounts.get(_key(process, client), ("", 0))
        return name if time - seen <= SECONDS else ""

    def save(self) -> dict[str, tuple[str, int]]:
        """For the constructor: JSON."""
        return dict(self._accounts)


def _key(process: bytes, client: bytes) -> str:
    return f"{process.decode('latin-1')} {client.decode('latin-1')}"
