"""What a turn weighs: the nights, week-ends and public holidays on duty in it. Pure."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date, datetime, time, timedelta
from functools import lru_cache
from typing import NamedTuple

from alertmanager.rosters.calendar import Calendar
from alertmanager.rosters.spans import Span
from alertmanager.rosters.walltime import instant_of

_DAY = timedelta(days=1)
_MINUTE = timedelta(minutes=1)
_SATURDAY = 5
# Between these hours décret 2000-815, art. 3-I, places work at night.
_NIGHT_STARTS, _NIGHT_ENDS = time(22), time(7)


class Load(NamedTuple):
    """Minutes on duty. One minute may be of a night, of a week-end and of a holiday at once."""

    holidays: int
    weekends: int
    nights: int
    all: int


NOTHING = Load(0, 0, 0, 0)


class Meter:
    """Weighs spans by a calendar. Week-ends are Saturdays and Sundays from midnight to midnight."""

    def __init__(self, calendar: Calendar) -> None:
        self._calendar = calendar
        self._windows = lru_cache(maxsize=8192)(self._of_date)

    def load(self, spans: Iterable[Span]) -> Load:
        """What those spans (in order, disjoint) weigh."""
        totals = [timedelta()] * 3
        whole = timedelta()
        for start, end in spans:
            whole += end - start
            day = self._calendar.local_date(start) - _DAY  # the night before ends today
            last = self._calendar.local_date(end)
            while day <= last:
                for kind, low, high in self._windows(day):
                    totals[kind] += max(timedelta(), min(high, end) - max(low, start))
                day += _DAY
        return Load(*(total // _MINUTE for total in (*totals, whole)))

    def _of_date(self, day: date) -> list[tuple[int, datetime, datetime]]:
        """(which of the totals, from, to) for the date and the night that begins on it."""
        zone = self._calendar.zone
        midnights = instant_of(day, time(), zone), instant_of(day + _DAY, time(), zone)
        windows = []
        if self._calendar.holiday(day) is not None:
            windows.append((0, *midnights))
        if day.weekday() >= _SATURDAY:
            windows.append((1, *midnights))
        night = instant_of(day, _NIGHT_STARTS, zone), instant_of(day + _DAY, _NIGHT_ENDS, zone)
        return [*windows, (2, *night)]
