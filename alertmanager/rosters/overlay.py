"""What changes and leaves say of an instant, and over which interval they say it. Pure."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime

from alertmanager.rosters.changes import Change, Leave
from alertmanager.rosters.walltime import Interval


@dataclass(frozen=True)
class Cell:
    """`changes` in the order in which they were made; `absent`: the people on leave."""

    interval: Interval
    changes: tuple[Change, ...] = ()
    absent: frozenset[str] = frozenset()

    @property
    def effective(self) -> tuple[Change, ...]:
        """Those with somebody who is there: the others are as if they had not been made."""
        return tuple(
            change
            for change in self.changes
            if any(person not in self.absent for person in change.people)
        )

    def changed(self, people: Sequence[str]) -> tuple[tuple[str, ...], Change | None]:
        """(who answers instead of `people`, the last change that decided so)."""
        answering, by = tuple(people), None
        for change in self.effective:
            there = tuple(person for person in change.people if person not in self.absent)
            if change.instead_of is None:
                answering, by = there, change
            elif change.instead_of in answering:
                others = (p for p in answering if p != change.instead_of)
                # Somebody who is on duty already is not so twice.
                answering, by = tuple(dict.fromkeys((*there, *others))), change
        return answering, by


class Overlay:
    """The changes and leaves of a site, indexed by the instants at which anything changes."""

    def __init__(self, changes: Iterable[Change] = (), leaves: Iterable[Leave] = ()) -> None:
        self.changes, self.leaves = tuple(changes), tuple(leaves)
        self._by_roster: dict[str, list[Change]] = {}
        for change in sorted(self.changes, key=lambda one: (one.created_at, one.id)):
            self._by_roster.setdefault(change.roster, []).append(change)
        self._bounds: dict[str, list[datetime]] = {}
        self._cells: dict[tuple[str, int], Cell] = {}

    def at(self, roster: str, instant: datetime) -> Cell:
        """What holds for that roster at `instant` (UTC)."""
        bounds = self._bounds.get(roster)
        if bounds is None:
            bounds = self._bounds[roster] = self._instants(roster)
        place = bisect_right(bounds, instant)
        cell = self._cells.get((roster, place))
        if cell is None:
            cell = self._cells[roster, place] = self._cell(roster, bounds, place)
        return cell

    def _instants(self, roster: str) -> list[datetime]:
        spans = (*self._by_roster.get(roster, ()), *self.leaves)
        return sorted({bound for span in spans for bound in (span.start, span.end)})

    def _cell(self, roster: str, bounds: Sequence[datetime], place: int) -> Cell:
        start = bounds[place - 1] if place > 0 else None
        end = bounds[place] if place < len(bounds) else None
        if start is None or end is None:  # before the first of them, or after the last
            return Cell(Interval(start, end))
        return Cell(
            Interval(start, end),
            tuple(one for one in self._by_roster.get(roster, ()) if one.start <= start < one.end),
            frozenset(one.person for one in self.leaves if one.start <= start < one.end),
        )
