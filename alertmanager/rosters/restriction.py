"""A restriction: the days, hours and named dates at which a layer answers. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import date, datetime, time, timedelta

from alertmanager.rosters.calendar import Calendar
from alertmanager.rosters.daily import DailySpans, State
from alertmanager.rosters.layer_settings import CalendarSettings, DayWord, WhenSettings
from alertmanager.rosters.settings import WEEKDAYS
from alertmanager.rosters.spans import Span
from alertmanager.rosters.walltime import instant_of

_DAY = timedelta(days=1)
_FRENCH: Mapping[DayWord, str] = {
    "monday": "lundi",
    "tuesday": "mardi",
    "wednesday": "mercredi",
    "thursday": "jeudi",
    "friday": "vendredi",
    "saturday": "samedi",
    "sunday": "dimanche",
    "holiday": "jours fériés",
    "eve": "veilles de fête",
}


class NamedDates:
    """Calendar dates under a name."""

    def __init__(self, rules: CalendarSettings) -> None:
        self.name = rules.name
        self._ranges = tuple((one.first, one.last) for one in rules.ranges)

    def __contains__(self, day: date) -> bool:
        return any(first <= day <= last for first, last in self._ranges)


class Restriction:
    """Holds on the dates that meet every key given, between the two hours given.

    Hours belong to the date on which they begin: a night of Friday ends on Saturday. With `eve`, a
    public holiday begins at that time of the day before.
    """

    def __init__(
        self,
        rules: WhenSettings,
        eve: time | None,
        calendar: Calendar,
        named: Mapping[str, NamedDates],
    ) -> None:
        self._rules, self._eve, self._calendar = rules, eve, calendar
        self._only = named[rules.calendar] if rules.calendar else None
        self._never = named[rules.not_calendar] if rules.not_calendar else None
        self._spans = DailySpans(calendar.zone, self._span)

    def at(self, instant: datetime) -> State:
        """(does it hold?, the interval over which that stays so)."""
        return self._spans.at(instant)

    @property
    def text(self) -> str:
        """``samedi, dimanche, de 19:00 à 07:00, pendant « vacances scolaires »``."""
        rules = self._rules
        days = ", ".join(_FRENCH[word] for word in rules.days or ())
        parts = [days or "tous les jours"]
        if rules.not_days:
            parts.append("sauf " + ", ".join(_FRENCH[word] for word in rules.not_days))
        if rules.opens or rules.closes:
            closes = f"{rules.closes:%H:%M}" if rules.closes else "minuit"
            parts.append(f"de {rules.opens or time():%H:%M} à {closes}")
        if self._eve:
            parts.append(f"dès {self._eve:%H:%M} la veille des jours fériés")
        if self._only:
            parts.append(f"pendant « {self._only.name} »")
        if self._never:
            parts.append(f"hors « {self._never.name} »")
        return ", ".join(parts)

    def _span(self, day: date) -> Span | None:
        if not self._admits(day):
            return None
        opens, closes = self._rules.opens or time(), self._rules.closes or time()
        ends = instant_of(day + _DAY if closes <= opens else day, closes, self._calendar.zone)
        if self._eve is not None and self._calendar.holiday(day) is not None:
            starts = instant_of(day - _DAY, self._eve, self._calendar.zone)
        else:
            starts = instant_of(day, opens, self._calendar.zone)
        # Clocks put forward may leave nothing of it.
        return (starts, ends) if starts < ends else None

    def _admits(self, day: date) -> bool:
        rules = self._rules
        return (
            (rules.days is None or self._is_one_of(day, rules.days))
            and not self._is_one_of(day, rules.not_days)
            and (self._only is None or day in self._only)
            and (self._never is None or day not in self._never)
        )

    def _is_one_of(self, day: date, words: Iterable[DayWord]) -> bool:
        return any(
            self._calendar.holiday(day) is not None
            if word == "holiday"
            else self._calendar.holiday(day + _DAY) is not None
            if word == "eve"
            else WEEKDAYS[day.weekday()] == word
            for word in words
        )
