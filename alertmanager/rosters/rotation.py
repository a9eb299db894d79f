"""People in turn: a pure function from an instant to the turn that holds it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime

from alertmanager.rosters.duty import Person
from alertmanager.rosters.grid import Grid
from alertmanager.rosters.walltime import Interval, as_utc

Order = Callable[[int], int]
"""From the number of a turn to the place of its crew."""


@dataclass(frozen=True)
class Crew:
    """Those of one turn: `people` answer together, `shadow` only watch."""

    people: tuple[Person, ...]
    shadow: tuple[Person, ...] = ()


NOBODY = Crew(())


@dataclass(frozen=True)
class Turn:
    """One turn: who, and the interval between two hand-overs."""

    crew: Crew
    interval: Interval


class Rotation:
    """Crews in turn, one after the other or in another `order`. Nobody's turn before the first."""

    def __init__(self, grid: Grid, crews: tuple[Crew, ...], order: Order | None = None) -> None:
        self._grid = grid
        self._crews = crews
        self._order = order or (lambda number: number % len(crews))
        self._last: Turn | None = None

    def at(self, instant: datetime) -> Turn:
        """The turn that holds `instant`."""
        last = self._last  # a walk asks again and again within one turn
        if last is None or not last.interval.holds(instant):
            last = self._last = self._found(as_utc(instant))
        return last

    def _found(self, instant: datetime) -> Turn:
        number = self._grid.number(instant)
        if number < 0:
            return Turn(NOBODY, Interval(None, self._grid.starts(0)))
        interval = Interval(self._grid.starts(number), self._grid.starts(number + 1))
        return Turn(self._crews[self._order(number)], interval)
