"""The hand-overs of a rotation, numbered. Pure."""

from __future__ import annotations

from abc import ABC, abstractmethod
from calendar import monthrange
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from functools import lru_cache
from typing import Protocol
from zoneinfo import ZoneInfo

from alertmanager.rosters.layer_settings import RotationSettings
from alertmanager.rosters.walltime import instant_of


class Grid(Protocol):
    """Turn n lasts from its start to that of turn n + 1; turn 0 is the first."""

    def starts(self, number: int) -> datetime:
        """The instant (UTC) at which that turn starts."""

    def number(self, instant: datetime) -> int:
        """The turn that holds `instant`; negative before the first."""


@dataclass(frozen=True)
class ElapsedHours:
    """Turns of so many hours by the stopwatch: their wall-clock time moves with the clocks."""

    first: datetime
    length: timedelta

    def starts(self, number: int) -> datetime:
        """The first start and so many lengths."""
        return self.first + number * self.length

    def number(self, instant: datetime) -> int:
        """So many whole lengths since the first start."""
        return (instant - self.first) // self.length


class _ByDate(ABC):
    """Turns that start on calendar dates, at one wall-clock time."""

    def __init__(self, first: date, count: int, at: time, zone: ZoneInfo) -> None:
        self._first, self._count, self._at, self._zone = first, count, at, zone
        self._start = lru_cache(maxsize=4096)(self._start_of)

    def starts(self, number: int) -> datetime:
        """That wall-clock time on the turn's date."""
        return self._start(number)

    def number(self, instant: datetime) -> int:
        """Found from the date that clocks show."""
        # One too far, then back: the hand-over is not at midnight, and a change of
        # clocks near midnight may put instants on either side of their date.
        number = self._elapsed(instant.astimezone(self._zone).date()) + 1
        while self.starts(number) > instant:
            number -= 1
        return number

    def _start_of(self, number: int) -> datetime:
        return instant_of(self._date(number), self._at, self._zone)

    @abstractmethod
    def _date(self, number: int) -> date:
        """The date of that turn's start."""

    @abstractmethod
    def _elapsed(self, day: date) -> int:
        """About how many turns lie between the first one's date and `day`: right, or one less."""


class Days(_ByDate):
    """Turns of so many dates, be these 23, 24 or 25 hours long."""

    def _date(self, number: int) -> date:
        return self._first + timedelta(days=number * self._count)

    def _elapsed(self, day: date) -> int:
        return (day - self._first).days // self._count


class Months(_ByDate):
    """Turns of so many months, from a day of the month, or the last where there is no such day."""

    def _date(self, number: int) -> date:
        year, month = divmod(self._months(self._first) + number * self._count, 12)
        return date(year, month + 1, min(self._first.day, monthrange(year, month + 1)[1]))

    def _elapsed(self, day: date) -> int:
        return (self._months(day) - self._months(self._first)) // self._count

    @staticmethod
    def _months(day: date) -> int:
        return 12 * day.year + day.month - 1


def grid_of(rules: RotationSettings, zone: ZoneInfo) -> Grid:
    """The hand-overs that the file asks for."""
    unit, count = rules.period.unit, rules.period.count
    if unit == "hours":
        first = instant_of(rules.start, rules.handover.at, zone)
        return ElapsedHours(first, timedelta(hours=count))
    if unit == "months":
        return Months(rules.start, count, rules.handover.at, zone)
    return Days(rules.start, 7 * count if unit == "weeks" else count, rules.handover.at, zone)
