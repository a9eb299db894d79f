"""What people are told of their duty, and when. Plain data; asked for in the rosters' file."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, time, timedelta
from zoneinfo import ZoneInfo

from alertmanager.rosters.walltime import as_utc, instant_of

_DAY = timedelta(days=1)


@dataclass(frozen=True)
class NoticeRules:
    """By default nobody is told anything: a file of an earlier Vigie asks for nothing.

    `before`: how long before a turn its person is reminded. `changes`: who gains or loses a turn
    is told. `night`: from when until when, by the wall clock, courtesies wait. `test`: whoever
    takes the duty over is sent a text that they must answer within `answer_within`.
    """

    before: tuple[timedelta, ...] = ()
    changes: bool = False
    night: tuple[time, time] = (time(22), time(7))
    test: bool = False
    answer_within: timedelta = timedelta(minutes=15)

    @property
    def silent(self) -> bool:
        """Whether nobody is ever told anything."""
        return not (self.before or self.changes or self.test)

    def morning(self, now: datetime, zone: ZoneInfo) -> datetime | None:
        """When the night that holds `now` ends; None by day, or where no hour is night."""
        starts, ends = self.night
        now = as_utc(now)
        today = now.astimezone(zone).date()
        for day in (today - _DAY, today):
            start = instant_of(day, starts, zone)
            end = instant_of(day if starts <= ends else day + _DAY, ends, zone)
            if start <= now < end:
                return end
        return None
