"""What kind of day it is for pay, and when an agent is at work."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import date, datetime, time, timedelta
from typing import Literal
from zoneinfo import ZoneInfo

from alertmanager.rosters.calendar import Calendar
from alertmanager.rosters.changes import Leave
from alertmanager.rosters.settings import WEEKDAYS, HolidaySettings, SupportHours
from alertmanager.rosters.walltime import instant_of
from alertmanager.statement.settings import ServiceHours

DayKind = Literal["weekday", "saturday", "sunday", "holiday"]
SATURDAY, SUNDAY = 5, 6
_DAY = timedelta(days=1)
Span = tuple[datetime, datetime]
"""Two instants (UTC), half-open."""


class DayCalendar:
    """Public holidays, which pay; the site's own days off, which only close the office."""

    def __init__(self, zone: ZoneInfo, holidays: HolidaySettings) -> None:
        self.zone = zone
        hours = SupportHours.model_validate(
            {"days": list(WEEKDAYS), "from": "00:00", "to": "23:59"}
        )
        self._public = Calendar(zone, holidays.model_copy(update={"extra": ()}), hours)
        self._own = {extra.date: extra.name for extra in holidays.extra}

    def holiday(self, day: date) -> str | None:
        """The name of the public holiday on `day`, if it is one."""
        return self._public.holiday(day)

    def own_day_off(self, day: date) -> str | None:
        """The name of the site's own day off, where the law has none."""
        return None if self.holiday(day) else self._own.get(day)

    def local(self, instant: datetime) -> date:
        """The date that clocks show."""
        return instant.astimezone(self.zone).date()

    def at(self, day: date, wall: time) -> datetime:
        """The instant (UTC) at which clocks show `wall` on `day`."""
        return instant_of(day, wall, self.zone)

    def day_kind(self, day: date) -> DayKind:
        """``holiday`` before ``sunday`` before ``saturday`` before ``weekday``."""
        if self.holiday(day):
            return "holiday"
        if day.weekday() == SUNDAY:
            return "sunday"
        return "saturday" if day.weekday() == SATURDAY else "weekday"


class Service:
    """When one agent is at work by the timetable: on its days, never on a day off or on leave."""

    def __init__(
        self,
        calendar: DayCalendar,
        hours: ServiceHours | None,
        leaves: Sequence[Leave] = (),
        days_off: frozenset[date] = frozenset(),
    ) -> None:
        self._calendar = calendar
        self.hours = hours
        self._leaves = sorted((leave.start, leave.end) for leave in leaves)
        self._days_off = days_off

    def of_day(self, day: date) -> list[Span]:
        """The hours at work on that date, by the timetable."""
        if self.hours is None or WEEKDAYS[day.weekday()] not in self.hours.days:
            return []
        off = day in self._days_off or self._calendar.own_day_off(day)
        if off or self._calendar.holiday(day):
            return []
        whole = (
            self._calendar.at(day, self.hours.opens),
            self._calendar.at(day, self.hours.closes),
        )
        return without([whole], self._leaves)

    def minutes_of_day(self, day: date) -> int:
        """Minutes at work on that date, the unpaid break taken off."""
        spans = self.of_day(day)
        if not spans or self.hours is None:
            return 0
        there = length(spans)
        return max(0, there - self.hours.break_minutes)

    def between(self, start: datetime, end: datetime) -> list[Span]:
        """The hours at work within ``start <= t < end``."""
        found: list[Span] = []
        for day in dates(self._calendar.local(start), self._calendar.local(end)):
            found += clipped(self.of_day(day), start, end)
        return found


def dates(first: date, last: date) -> Iterator[date]:
    """Every date from `first` to `last`, both included."""
    while first <= last:
        yield first
        first += _DAY


def clipped(spans: Sequence[Span], start: datetime, end: datetime) -> list[Span]:
    """What of `spans` lies within ``start <= t < end``."""
    cut = [(max(low, start), min(high, end)) for low, high in spans]
    return [(low, high) for low, high in cut if low < high]


def joined(spans: Sequence[Span]) -> list[Span]:
    """The same instants as few spans, in order: what overlaps or adjoins is one."""
    found: list[Span] = []
    for low, high in sorted(spans):
        if found and low <= found[-1][1]:
            found[-1] = (found[-1][0], max(found[-1][1], high))
        elif low < high:
            found.append((low, high))
    return found


def without(spans: Sequence[Span], taken: Sequence[Span]) -> list[Span]:
    """What of `spans` no span of `taken` holds."""
    left = list(spans)
    for low, high in taken:
        left = [
            piece
            for start, end in left
            for piece in ((start, min(end, low)), (max(start, high), end))
            if piece[0] < piece[1]
        ]
    return left


def without_joined(spans: Sequence[Span], taken: Sequence[Span]) -> list[Span]:
    """The same of two ordered lists that do not overlap themselves, in one walk over both."""
    left: list[Span] = []
    at = 0
    for low, high in spans:
        while at < len(taken) and taken[at][1] <= low:
            at += 1
        until = at
        while until < len(taken) and taken[until][0] < high:
            until += 1
        left += without([(low, high)], taken[at:until])
    return left


def length(spans: Sequence[Span]) -> int:
    """Minutes in spans that do not overlap."""
    return sum(int((high - low).total_seconds()) for low, high in spans) // 60
