"""One layer of a roster: the condition under which its people answer."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from alertmanager.rosters.calendar import Calendar
from alertmanager.rosters.duty import Person
from alertmanager.rosters.rotation import Rotation
from alertmanager.rosters.settings import LayerSettings
from alertmanager.rosters.walltime import Interval


@dataclass(frozen=True)
class Answer:
    """What a layer says of an instant, and the interval over which it says the same.

    `turn` is the interval between two hand-overs when the people come by rotation.
    """

    people: tuple[Person, ...]
    interval: Interval
    turn: Interval | None = None


class Layer:
    """A layer answers when its condition holds and somebody's turn has come."""

    def __init__(
        self,
        rules: LayerSettings,
        calendar: Calendar,
        people: tuple[Person, ...],
        rotation: Rotation | None,
    ) -> None:
        self.id, self.name, self.when = rules.id, rules.name, rules.when
        self._calendar = calendar
        self._people = people
        self._rotation = rotation

    def at(self, instant: datetime) -> Answer:
        """Who answers at `instant`; nobody leaves it to the next layer."""
        interval = Interval()
        if self.when != "always":
            opened, interval = self._calendar.at(instant)
            if opened != (self.when == "support_hours"):
                return Answer((), interval)
        if self._rotation is None:
            return Answer(self._people, interval)
        turn = self._rotation.at(instant)
        both = interval.meet(turn.interval)
        if turn.person is None:
            return Answer((), both)
        return Answer((turn.person,), both, turn.interval)
