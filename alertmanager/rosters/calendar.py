"""Public holidays and support hours, on the wall clock of one zone."""

from __future__ import annotations

from datetime import date, datetime
from typing import Literal
from zoneinfo import ZoneInfo

import holidays

from alertmanager.rosters.daily import DailySpans
from alertmanager.rosters.settings import WEEKDAYS, HolidaySettings, SupportHours
from alertmanager.rosters.spans import Span
from alertmanager.rosters.walltime import Interval, as_utc, instant_of

DayKind = Literal["office", "evening", "weekend", "holiday"]
_GOOD_FRIDAY = "Vendredi saint"


class Calendar:
    """When the office is open: on its weekdays, between its hours, never on a public holiday.

    A public holiday lasts from midnight to midnight, local time.
    """

    def __init__(self, zone: ZoneInfo, days_off: HolidaySettings, hours: SupportHours) -> None:
        self.zone = zone
        self._weekdays = frozenset(WEEKDAYS.index(day) for day in hours.days)
        self._opens, self._closes = hours.opens, hours.closes
        # The library follows the process's locale unless told a language.
        self._public = holidays.country_holidays(
            days_off.country,
            subdiv="57" if days_off.alsace_moselle else None,  # Moselle: the same local law
            language="fr" if days_off.country == "FR" else None,
        )
        self._extra = {extra.date: extra.name for extra in days_off.extra}
        # Ordinance of 16 August 1892: Good Friday is a holiday only in towns with a
        # Protestant or mixed church, so the site says so; the library counts it everywhere.
        self._drop_good_friday = days_off.alsace_moselle and not days_off.good_friday
        self._hours = DailySpans(zone, self.opening)

    def holiday(self, day: date) -> str | None:
        """The name of the public holiday on `day`, if it is one."""
        if day in self._extra:
            return self._extra[day]
        name = self._public.get(day)
        return None if name == _GOOD_FRIDAY and self._drop_good_friday else name

    def opening(self, day: date) -> Span | None:
        """The support hours of `day`, if any."""
        if day.weekday() not in self._weekdays or self.holiday(day) is not None:
            return None
        return instant_of(day, self._opens, self.zone), instant_of(day, self._closes, self.zone)

    def at(self, instant: datetime) -> tuple[bool, Interval]:
        """Whether support hours are open at `instant`, and from when until when that holds."""
        return self._hours.at(instant)

    def kind(self, instant: datetime) -> DayKind:
        """``office``, ``holiday``, ``weekend`` (a day without office hours), else ``evening``."""
        if self.at(instant)[0]:
            return "office"
        day = self.local_date(instant)
        if self.holiday(day) is not None:
            return "holiday"
        return "evening" if day.weekday() in self._weekdays else "weekend"

    def next_opening(self, instant: datetime) -> datetime | None:
        """The first instant, `instant` or later, at which support hours are open.

        None if no day of the coming year is one of work.
        """
        return as_utc(instant) if self.at(instant)[0] else self._hours.next_start(instant)

    def local_date(self, instant: datetime) -> date:
        """The date that clocks show at `instant`."""
        return instant.astimezone(self.zone).date()
