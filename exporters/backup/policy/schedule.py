"""When a job is due: cron or systemd's OnCalendar, in a time zone, over changes of the clock.

cron as Debian's reads it (cronsim): at a change of the clock a job of a fixed hour runs once.
OnCalendar as systemd.time(7) (oncalendar).
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

from cronsim import CronSim, CronSimError
from oncalendar import OnCalendar, OnCalendarError

EARLY = timedelta(minutes=5)
"""A run that began so little before its time is that run: clocks differ."""


class ScheduleError(ValueError):
    """It is neither; the message (French) says what would be right."""


class Schedule:
    """A schedule in its zone. Raise ScheduleError."""

    def __init__(self, text: str, zone: ZoneInfo) -> None:
        self._text, self._zone = text.strip(), zone
        self._occurrences(datetime(2026, 1, 1, tzinfo=UTC))

    def after(self, instant: datetime) -> Iterator[datetime]:
        """The instants it is due after that one, in UTC, without end."""
        for due in self._occurrences(instant):
            yield due.astimezone(UTC)

    def due_after(self, started: datetime) -> tuple[datetime, datetime]:
        """When the run after the one that began then is due, and the one after it.

        Raise ScheduleError when it is never due again.
        """
        found = []
        for due in self.after(started + EARLY):
            found.append(due)
            if len(found) == 2:
                return found[0], found[1]
        raise ScheduleError(f"« {self._text} » n'arrive plus jamais ; attendu : un horaire répété")

    def _occurrences(self, instant: datetime) -> Iterator[datetime]:
        local = instant.astimezone(self._zone)
        try:
            if _is_cron(self._text):
                return CronSim(self._text, local)
            return OnCalendar(self._text, local)
        except (CronSimError, OnCalendarError):
            raise ScheduleError(
                f"« {self._text} » n'est pas un horaire ; attendu : cron (« 30 22 * * * ») ou"
                " OnCalendar de systemd (« *-*-* 22:30 », « daily »)"
            ) from None


def _is_cron(text: str) -> bool:
    return len(text.split()) == 5 and ":" not in text
