"""What a site admits of its rosters. Plain data."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta


@dataclass(frozen=True)
class Limits:
    """What is a hole at this site, beside nobody being there.

    `longest_duty`: of one person in a row. `shared`: rosters that one person may hold at once, in
    groups. `not_duty`: rosters whose people rest all the same (a last resort). `part_time`:
    rosters that nobody holds at times, on purpose.
    """

    longest_duty: timedelta = timedelta(days=14)
    shared: tuple[frozenset[str], ...] = ()
    not_duty: frozenset[str] = frozenset()
    part_time: frozenset[str] = frozenset()

    def may_share(self, one: str, other: str) -> bool:
        """Whether one person may hold both rosters at once."""
        return any({one, other} <= group for group in self.shared)
