"""An order of turns in which nights, week-ends and public holidays fall on all alike. Pure.

Turns are dealt out by rounds: in one round every crew has one turn, so nobody has two turns more
than another. Within a round the order is free, and it is chosen so that a turn that weighs much
falls on those who carried least over the year before: holidays first, then week-ends, nights and
hours, counted in half-days. Nobody is called again before a third of the others were, if that can
be.

A turn is decided from the turns before it and from those of its own round alone, from the first
one on: the answer is the same whatever is asked first, and a holiday added next year leaves this
year as it is.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Sequence
from datetime import datetime, timedelta
from itertools import combinations
from threading import Lock

from alertmanager.rosters.load import NOTHING, Load

_YEAR = timedelta(days=365)
# Turns looked at for those of one round; a layer that is never called upon has none.
_LOOK_AHEAD = 400
# Beyond so many turns (54 years of daily ones) nobody asks in earnest: they come in turn, so that
# a question about the year 9000 costs nothing.
_DEALT_OUT = 20_000
# Coarse on purpose: an hour more in the week when clocks change is no reason to change the order.
_HALF_DAY = 12 * 60
# Each rank outweighs every sum of the ranks below it: half-days of a year times those of a turn.
_RANK = 10**9

Weight = Callable[[int], Load | None]
"""What the turn of that number weighs; None: nobody is called upon in it."""


class FairOrder:
    """From the number of a turn to the place of its crew. `crews`: the ids of the people of each.

    A turn in which nobody is called upon counts for nothing, and is left to the order of the list.
    """

    def __init__(
        self,
        crews: Sequence[tuple[str, ...]],
        starts: Callable[[int], datetime],
        load: Weight,
    ) -> None:
        self._crews = tuple(crews)
        self._starts, self._load = starts, load
        self._pause = min(len(crews) - 1, max(2, (len(crews) + 1) // 3))
        self._places: list[int] = []
        self._carried = {person: _Log() for crew in crews for person in crew}
        self._last: dict[str, int] = {}
        self._dealt = 0
        self._lock = Lock()

    def __call__(self, number: int) -> int:
        """The place of the crew of that turn."""
        if number >= _DEALT_OUT:
            return number % len(self._crews)
        with self._lock:
            while number >= len(self._places):
                self._deal()
        return self._places[number]

    def _deal(self) -> None:
        """Deal out one round."""
        first = len(self._places)
        turns: list[tuple[int, Load]] = []
        number = first
        while len(turns) < len(self._crews) and number < first + _LOOK_AHEAD:
            load = self._load(number)
            if load is not None:
                turns.append((number, Load(*(round(part / _HALF_DAY) for part in load))))
            number += 1
        self._places += [turn % len(self._crews) for turn in range(first, number)]
        loads = [load for _, load in turns]
        loads += [NOTHING] * (len(self._crews) - len(turns))
        order = self._best(loads, self._starts(first))
        for (turn, load), place in zip(turns, order, strict=False):
            self._places[turn] = place
            for person in self._crews[place]:
                self._carried[person].add(self._starts(turn), load)
                self._last[person] = self._dealt
            self._dealt += 1

    def _best(self, loads: Sequence[Load], now: datetime) -> list[int]:
        """The crew of each of those turns."""
        for log in self._carried.values():
            log.forget(now - _YEAR)
        carried = [
            [
                sum(kind)
                for kind in zip(*(self._carried[person].total for person in crew), strict=True)
            ]
            for crew in self._crews
        ]
        waited = [self._dealt - self._latest(crew) for crew in self._crews]
        costs = [
            [
                _cost(load, total, waited[place] + at < self._pause)
                for place, total in enumerate(carried)
            ]
            for at, load in enumerate(loads)
        ]
        # Those who have waited longest come first, as in turn; then whatever exchange is better.
        order = sorted(range(len(self._crews)), key=lambda place: -waited[place])
        while sum(_exchange(order, costs, pair) for pair in combinations(range(len(order)), 2)):
            pass
        return order

    def _latest(self, crew: tuple[str, ...]) -> int:
        never = -len(self._crews)
        return max(self._last.get(person, never) for person in crew)


class _Log:
    """What one person carried, turn by turn, and in all."""

    def __init__(self) -> None:
        self._turns: deque[tuple[datetime, Load]] = deque()
        self.total = list(NOTHING)

    def add(self, start: datetime, load: Load) -> None:
        """One turn more."""
        self._turns.append((start, load))
        self.total = [total + part for total, part in zip(self.total, load, strict=True)]

    def forget(self, before: datetime) -> None:
        """Leave out the turns that started before then."""
        while self._turns and self._turns[0][0] < before:
            _, load = self._turns.popleft()
            self.total = [total - part for total, part in zip(self.total, load, strict=True)]


def _cost(load: Load, carried: Sequence[int], too_soon: bool) -> int:
    """What is bad about giving this turn to those who carried that much."""
    cost = int(too_soon)
    for weight, total in zip(load, carried, strict=True):
        cost = cost * _RANK + weight * total
    return cost


def _exchange(order: list[int], costs: Sequence[Sequence[int]], pair: tuple[int, int]) -> bool:
    """Let two turns change crews if that is better; whether it was."""
    one, other = pair
    mine, theirs = order[one], order[other]
    if costs[one][theirs] + costs[other][mine] >= costs[one][mine] + costs[other][theirs]:
        return False
    order[one], order[other] = theirs, mine
    return True
