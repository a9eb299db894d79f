"""The holes to come of the rosters as they stand: the file, what changed since, and who is away."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy.orm import Session

from alertmanager.duty.proven import proven
from alertmanager.duty.rows import changes, leaves
from alertmanager.rosters import RosterBook
from alertmanager.rosters.changes import Leave
from alertmanager.rosters.holes import Hole, find_holes
from alertmanager.rosters.rest import lookback


@dataclass(frozen=True)
class Standing:
    """`book` is what holds; `planned`, what would if nobody were on leave."""

    book: RosterBook
    planned: RosterBook
    leaves: Sequence[Leave]
    reachable: frozenset[str]

    def holes(self, start: datetime, end: datetime) -> list[Hole]:
        """Every hole of ``start <= t < end``, which begins no sooner than what was read."""
        return find_holes(
            self.book,
            start,
            end,
            leaves=self.leaves,
            verified=self.reachable,
            planned=self.planned,
        )


def standing(session: Session, file: RosterBook, start: datetime, now: datetime) -> Standing:
    """What the store knows `now` that matters to holes from `start` on."""
    since = start - lookback(file.limits.longest_duty)
    changed, away = changes(session, since), leaves(session, since)
    return Standing(
        file.with_changes(changed, away),
        file.with_changes(changed, ()),
        away,
        proven(session, file.persons, now),
    )
