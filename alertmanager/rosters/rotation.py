"""People in turn: a pure function from an instant to the turn that holds it."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

from alertmanager.rosters.duty import Person
from alertmanager.rosters.settings import RotationSettings
from alertmanager.rosters.walltime import Interval, as_utc, instant_of

_WEEK = timedelta(days=7)


@dataclass(frozen=True)
class Turn:
    """One turn: who, and the interval between two hand-overs."""

    person: Person | None
    interval: Interval


class Rotation:
    """A weekly rotation.

    Turn k starts on the calendar date ``start + 7 k days`` at the hand-over's wall-clock
    time, so a week is seven dates, be it 167, 168 or 169 hours long. Nobody's turn before `start`.
    """

    def __init__(self, rules: RotationSettings, people: tuple[Person, ...], zone: ZoneInfo) -> None:
        self._rules = rules
        self._people = people
        self._zone = zone

    def at(self, instant: datetime) -> Turn:
        """The turn that holds `instant`."""
        instant = as_utc(instant)
        local = instant.astimezone(self._zone).date()
        # One too far, then back: the hand-over is not at midnight, and a change of
        # clocks near midnight may put instants on either side of their date.
        number = (local - self._rules.start) // _WEEK + 1
        while self._starts(number) > instant:
            number -= 1
        if number < 0:
            return Turn(None, Interval(None, self._starts(0)))
        person = self._people[number % len(self._people)]
        return Turn(person, Interval(self._starts(number), self._starts(number + 1)))

    def _starts(self, number: int) -> datetime:
        day = self._rules.start + number * _WEEK
        return instant_of(day, self._rules.handover.at, self._zone)
