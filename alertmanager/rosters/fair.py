"""An order of turns in which nights, week-ends and public holidays fall on all alike. Pure.

Turns are dealt out by rounds: in one round every crew has one turn, so nobody has two turns more
than another. Within a round the order is free, and it is chosen so that a turn that weighs much
falls on those who carried least over the year before: holidays first, then week-ends, nights and
hours. Nobody is called again before half of the others were, if that can be.

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
# Each rank outweighs every sum of the ranks below it: minutes of a year times minutes of a turn.
_RANK = 10**14

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
        self._places: list[int] = []
        self._carried: dict[str, deque[tuple[datetime, Load]]] = {
            person: deque() for crew in crews for person in crew
        }
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
                turns.append((number, load))
            number += 1
        self._places += [turn % len(self._crews) for turn in range(first, number)]
        loads = [load for _, load in turns]
        loads += [NOTHING] * (len(self._crews) - len(turns))
        order = self._best(loads, self._starts(first))
        for (turn, load), place in zip(turns, order, strict=False):
            self._places[turn] = place
            for person in self._crews[place]:
                self._carried[person].append((self._starts(turn), load))
                self._last[person] = self._dealt
            self._dealt += 1

    def _best(self, loads: Sequence[Load], now: datetime) -> list[int]:
        """The crew of each of those turns."""
        carried = {person: self._year_before(person, now) for person in self._carried}
        costs = [
            [self._cost(at, load, crew, carried) for crew in self._crews]
            for at, load in enumerate(loads)
        ]
        # Those who have waited longest come first, as in turn; then whatever exchange is better.
        order = sorted(range(len(self._crews)), key=self._last_turn)
        while sum(_exchange(order, costs, pair) for pair in combinations(range(len(order)), 2)):
            pass
        return order

    def _cost(self, at: int, load: Load, crew: tuple[str, ...], carried: dict[str, Load]) -> int:
        """What is bad about giving this crew the turn that is number `at` of the round."""
        cost = int(self._dealt + at - self._latest(crew) < (len(self._crews) + 1) // 2)
        for kind, minutes in enumerate(load):
            cost = cost * _RANK + minutes * sum(carried[person][kind] for person in crew)
        return cost

    def _last_turn(self, place: int) -> int:
        return self._latest(self._crews[place])

    def _latest(self, crew: tuple[str, ...]) -> int:
        never = -len(self._crews)
        return max(self._last.get(person, never) for person in crew)

    def _year_before(self, person: str, now: datetime) -> Load:
        turns = self._carried[person]
        while turns and turns[0][0] < now - _YEAR:
            turns.popleft()
        return Load(*map(sum, zip(NOTHING, *(load for _, load in turns), strict=True)))


def _exchange(order: list[int], costs: Sequence[Sequence[int]], pair: tuple[int, int]) -> bool:
    """Let two turns change crews if that is better; whether it was."""
    one, other = pair
    mine, theirs = order[one], order[other]
    if costs[one][theirs] + costs[other][mine] >= costs[one][mine] + costs[other][theirs]:
        return False
    order[one], order[other] = theirs, mine
    return True
