"""One layer of a roster: the condition under which its people answer."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from alertmanager.rosters.condition import Condition
from alertmanager.rosters.daily import State
from alertmanager.rosters.duty import Person
from alertmanager.rosters.layer_settings import LayerSettings
from alertmanager.rosters.rotation import Crew, Rotation
from alertmanager.rosters.walltime import Interval


@dataclass(frozen=True)
class Answer:
    """What a layer says of an instant, and the interval over which it says the same.

    `turn` is the interval between two hand-overs when the people come by rotation.
    """

    people: tuple[Person, ...]
    interval: Interval
    turn: Interval | None = None
    shadow: tuple[Person, ...] = ()


class Layer:
    """A layer answers when its condition holds and somebody's turn has come.

    `crew` are its people when they do not come in turn; its `shadow` watches whoever answers.
    """

    def __init__(
        self, rules: LayerSettings, condition: Condition, crew: Crew, rotation: Rotation | None
    ) -> None:
        self.id, self.name = rules.id, rules.name
        self.condition = condition
        self._crew = crew
        self._rotation = rotation

    def at(self, instant: datetime) -> Answer:
        """Who answers at `instant`; nobody leaves it to the next layer."""
        holds, interval = self.condition.at(instant)
        if not holds:
            return Answer((), interval)
        if self._rotation is None:
            return Answer(self._crew.people, interval, shadow=self._crew.shadow)
        turn = self._rotation.at(instant)
        interval = interval.meet(turn.interval)
        if not turn.crew.people:
            return Answer((), interval)
        shadow = dict.fromkeys((*turn.crew.shadow, *self._crew.shadow))
        others = tuple(person for person in shadow if person not in turn.crew.people)
        return Answer(turn.crew.people, interval, turn.interval, others)

    def answers(self, instant: datetime) -> State:
        """Whether somebody does, and the interval over which that stays so."""
        answer = self.at(instant)
        return bool(answer.people), answer.interval
