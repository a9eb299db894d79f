"""What the lists were last known to say, and what changed. No I/O and no clock."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace

from exporters.mailqueue.blocklist.check import Findings
from exporters.mailqueue.blocklist.names import Address


@dataclass(frozen=True)
class Known:
    """One address on one list. `listed`: None when that is not, or no longer, known.

    `answered_at`: when the list last said so. `why`: the error of the last round, or empty.
    """

    listed: bool | None = None
    answered_at: float = 0.0
    why: str = ""


@dataclass(frozen=True)
class Change:
    """News for the log. `kind`: listed, delisted, failing or answering."""

    kind: str
    address: Address
    list_name: str
    why: str


class Board:
    """An error leaves what was known for `kept` seconds: no listing ends because a list is mute."""

    def __init__(self, kept: float) -> None:
        self._kept = kept
        self.known: dict[tuple[Address, str], Known] = {}
        self.works: dict[str, bool] = {}

    def take(self, list_name: str, findings: Findings, at: float) -> Iterator[Change]:
        """Note the findings of a round at `at`; give what is new."""
        self.works[list_name] = not findings.broken
        for address, found in findings.verdicts.items():
            key = address, list_name
            before = self.known.get(key, Known())
            if found.state == "error":
                stale = at - before.answered_at > self._kept
                after = replace(before, listed=None if stale else before.listed, why=found.why)
            else:
                after = Known(found.state == "listed", at)
            self.known[key] = after
            if after.why and after.why != before.why:
                yield Change("failing", address, list_name, after.why)
            elif before.why and not after.why:
                yield Change("answering", address, list_name, "")
            if after.listed and not before.listed:
                yield Change("listed", address, list_name, found.why)
            elif before.listed and after.listed is False:
                yield Change("delisted", address, list_name, "")
