"""Which smtpd processes serve an account, by the log. Pure.

A session that gave the password and has sent nothing yet is in the log by its address alone.
"""

from __future__ import annotations

import re
from typing import NamedTuple

_LINE = re.compile(
    rb"[^ \[\]]*/smtpd\[(\d+)\]: (?:((?:dis)?connect) from |(\w+): client=[^\[\], ]*\[([^\]]*)\]"
    rb"(?::\d+)?, sasl_method=[^,]*, sasl_username=(.+))"
)
_MORE = re.compile(rb", (?:sasl_sender|orig_queue_id|orig_client)=.*")


class Serving(NamedTuple):
    """A process that served the account when the log was last written."""

    pid: int
    client: str
    since: int
    """Unix time of the first line that says so."""


class Sessions:
    """Feed it the lines of the log in order."""

    def __init__(self, account: str) -> None:
        self._account = account.encode()
        self._serving: dict[int, Serving] = {}
        self._mine: set[str] = set()
        self._others: set[str] = set()

    def take(self, line: bytes, time: int) -> bytes | None:
        """Take one line in. Its queue id when it is a message of the account, else None."""
        # Stamp and host come first and hold no bracket: the first one is the program's.
        end = line.find(b"]: ")
        start = line.rfind(b" ", 0, end) + 1
        found = _LINE.match(line, start) if end > 0 else None
        if found is None:
            return None
        pid = int(found[1])
        if found[2] is not None:
            self._serving.pop(pid, None)
            return None
        client = found[4].decode("ascii", "replace")
        if _MORE.sub(b"", found[5]).lower() != self._account:
            self._others.add(client)
            self._serving.pop(pid, None)
            return None
        self._mine.add(client)
        if pid not in self._serving:
            self._serving[pid] = Serving(pid, client, time)
        return found[3]

    def addresses(self) -> set[str]:
        """Client addresses from which this account submitted, and no other."""
        return self._mine - self._others

    def open(self) -> list[Serving]:
        """Those not seen to end."""
        return list(self._serving.values())
