"""Which kind of hour it is for an office: its rhythm differs, so does what is usual. Pure."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, date, datetime, tzinfo
from enum import IntEnum


class HourClass(IntEnum):
    """The kinds of hour an account has a baseline for."""

    OFFICE = 0
    """A working day, 7:00 to 19:00."""
    EVENING = 1
    """A working day, 19:00 to 22:00."""
    CLOSED = 2
    """Night, week-end and public holiday."""


class Hours:
    """Tells the kind of an hour on the wall clock of `zone`; `holiday` says which days are."""

    def __init__(self, zone: tzinfo, holiday: Callable[[date], bool]) -> None:
        self._zone, self._holiday = zone, holiday
        self._hour, self._class = -1, HourClass.CLOSED

    def at(self, time: int) -> HourClass:
        """The kind of hour at `time`, Unix seconds."""
        hour = time // 900  # zones are offset by quarters of an hour
        if hour != self._hour:
            self._hour, self._class = hour, self._find(time)
        return self._class

    def night(self, time: int) -> bool:
        """Whether it is 22:00 to 7:00 there."""
        local = datetime.fromtimestamp(time, UTC).astimezone(self._zone)
        return not 7 <= local.hour < 22

    def _find(self, time: int) -> HourClass:
        local = datetime.fromtimestamp(time, UTC).astimezone(self._zone)
        if local.weekday() >= 5 or self._holiday(local.date()) or not 7 <= local.hour < 22:
            return HourClass.CLOSED
        return HourClass.OFFICE if local.hour < 19 else HourClass.EVENING
