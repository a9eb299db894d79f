"""What the log says of one account: sessions, messages taken, tries refused."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Protocol

from deploy.containment.names import reference
from deploy.containment.recent_log import lines_with
from deploy.containment.sessions import Serving, Sessions
from exporters.mailqueue.log.stamp import StampReader
from exporters.mailqueue.queue_id import arrival_of_long_id, is_long


class Blocks(Protocol):
    """A log: the last day of it, then at each call what is new."""

    def blocks(self) -> Iterator[bytes]:
        """Whole lines, many at a time. Raise ContainmentError."""

    def close(self) -> None:
        """Let go of it."""


class Watch:
    """Reads the log at `read`, which comes before asking anything."""

    def __init__(self, log: Blocks, account: str, stamps: StampReader) -> None:
        self._log, self._stamps = log, stamps
        self._sessions = Sessions(account)
        self._names = (account.encode(), reference(account).encode())
        self._refusal = re.compile(
            rb"(\w+): reject: [-\w]+ from [^\[\], ]*\[[^\]]*\](?::\d+)?: 554 .*\("
            + reference(account).encode()
            + rb"\); from=<.*"
        )
        self.submitted: dict[str, float] = {}
        """Queue id of each message taken from it, and when: Unix seconds."""
        self.refused: list[int] = []
        """When each try was refused."""

    def read(self) -> int:
        """Take in what is new; how many messages of the account were. Raise ContainmentError."""
        before = len(self.submitted)
        for block in self._log.blocks():
            # Nearly all of a day's log is about others.
            if self._sessions.open() or any(name in block.lower() for name in self._names):
                for line in block.splitlines():
                    self._take(line)
            else:
                for line in lines_with(b"sasl_username=", block):
                    self._sessions.take(line, 0)
        return len(self.submitted) - before

    def serving(self) -> list[Serving]:
        """Processes that served the account when the log was last read."""
        return self._sessions.open()

    def addresses(self) -> set[str]:
        """Client addresses that only this account used in the last day."""
        return self._sessions.addresses()

    def close(self) -> None:
        """Close the log."""
        self._log.close()

    def _take(self, line: bytes) -> None:
        if b"smtpd[" not in line:
            return
        if b": reject: " in line:
            self._reject(line)
        elif b"connect from " in line or b"sasl_username=" in line:
            time = self._stamps.read(line)
            taken = self._sessions.take(line, time or 0)
            if taken is not None and time is not None:
                name = taken.decode("ascii", "replace")
                self.submitted[name] = arrival_of_long_id(name) if is_long(name) else time

    def _reject(self, line: bytes) -> None:
        found = self._refusal.fullmatch(line, line.find(b"]: ") + 3)
        time = self._stamps.read(line) if found else None
        if found and time is not None:
            self.refused.append(time)
            # Refused after its queue id was given out: it was no message after all.
            self.submitted.pop(found[1].decode(), None)
