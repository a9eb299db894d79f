"""Rest not taken and work too long, as far as timetable and interventions tell."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta

from alertmanager.statement.days import (
    DayCalendar,
    Service,
    Span,
    clipped,
    dates,
    joined,
    length,
    without,
)
from alertmanager.statement.model import BreachKind, RestBreach
from alertmanager.statement.money import duration
from alertmanager.statement.period import midnight
from alertmanager.statement.settings import DutyDay
from alertmanager.statement.tables import LimitTable

_DAY = timedelta(days=1)
_WEEK = timedelta(days=7)
LABELS: dict[BreachKind, str] = {
    "daily_rest": "Repos quotidien",
    "weekly_rest": "Repos hebdomadaire",
    "day_length": "Durée quotidienne",
    "week_length": "Durée hebdomadaire",
    "average_length": "Moyenne hebdomadaire",
}


@dataclass(frozen=True)
class RestCheck:
    """Checks one agent's weeks. `work`: spans of intervention, outside working hours or not."""

    person: str
    calendar: DayCalendar
    service: Service
    duty_day: DutyDay
    limits: LimitTable
    work: tuple[Span, ...]

    def breaches(self, first: date, after: date) -> list[RestBreach]:
        """Those of the mornings, days and weeks that end in ``first <= day < after``."""
        days = [self.calendar.local(low) for low, _ in self.work]
        days += [self.calendar.local(high) for _, high in self.work]
        touched = {day + n * _DAY for day in days for n in (0, 1)}
        found: list[RestBreach] = []
        for day in sorted(day for day in touched if first <= day < after):
            found += self._daily_rest(day)
            found += self._day_length(day)
        for monday in sorted({day - timedelta(days=day.weekday()) for day in days}):
            if first <= monday + _WEEK - _DAY < after:
                found += self._week(monday)
        return sorted(found, key=lambda breach: (breach.start, breach.kind))

    def _daily_rest(self, day: date) -> Iterator[RestBreach]:
        """Eleven hours in a row in the day that ends as the next service begins.

        On a day without service, as the morning begins. Rest taken whole before a call counts.
        """
        service = self.service.of_day(day)
        ends = service[0][0] if service else self.calendar.at(day, self.duty_day.morning)
        starts = ends - _DAY
        called = clipped(self.work, starts, ends)
        if not called:
            return
        free = without([(starts, ends)], joined([*self.service.between(starts, ends), *called]))
        longest = max((length([span]) for span in free), default=0)
        limit = self.limits.daily_rest
        if longest >= limit:
            return
        last = called[-1][1]
        proposed = max(last + timedelta(minutes=limit), ends) if service else None
        until = "la prise de service" if service else "le matin d'un jour sans service"
        yield self._breach(
            "daily_rest",
            (starts, ends),
            longest,
            limit=limit,
            why=f"{duration(longest)} de repos de suite au plus dans les 24 h avant {until}",
            proposed=proposed if proposed != ends else None,
        )

    def _day_length(self, day: date) -> Iterator[RestBreach]:
        bounds = midnight(day, self.calendar.zone), midnight(day + _DAY, self.calendar.zone)
        called = self._called(*bounds)
        worked = self.service.minutes_of_day(day) + called
        if called and worked > self.limits.day_length:
            why = (
                f"{duration(self.service.minutes_of_day(day))} de service"
                f" et {duration(called)} d'intervention"
            )
            yield self._breach("day_length", bounds, worked, limit=self.limits.day_length, why=why)

    def _week(self, monday: date) -> Iterator[RestBreach]:
        bounds = midnight(monday, self.calendar.zone), midnight(monday + _WEEK, self.calendar.zone)
        yield from self._weekly_rest(*bounds)
        worked = self._worked(monday)
        if worked > self.limits.week_length:
            why = f"{duration(worked)} de service et d'intervention dans la semaine civile"
            yield self._breach(
                "week_length", bounds, worked, limit=self.limits.week_length, why=why
            )
        count = self.limits.average_weeks
        average = sum(self._worked(monday - n * _WEEK) for n in range(count)) // count
        if average > self.limits.average_length:
            starts = midnight(monday - (count - 1) * _WEEK, self.calendar.zone)
            why = (
                f"moyenne de {count} semaines de service selon l'horaire et d'interventions connues"
            )
            whole = (starts, bounds[1])
            limit = self.limits.average_length
            yield self._breach("average_length", whole, average, limit=limit, why=why)

    def _weekly_rest(self, starts: datetime, ends: datetime) -> Iterator[RestBreach]:
        """One rest that begins in the week, counted until it ends, be it in the next one."""
        until = ends + _DAY
        busy = joined([*self.service.between(starts, until), *clipped(self.work, starts, until)])
        free = [span for span in without([(starts, until)], busy) if span[0] < ends]
        longest = max((length([span]) for span in free), default=0)
        limit = self.limits.weekly_rest
        if longest < limit:
            why = f"{duration(longest)} de repos de suite au plus dans la semaine"
            yield self._breach("weekly_rest", (starts, ends), longest, limit=limit, why=why)

    def _worked(self, monday: date) -> int:
        bounds = midnight(monday, self.calendar.zone), midnight(monday + _WEEK, self.calendar.zone)
        days = dates(monday, monday + _WEEK - _DAY)
        return sum(map(self.service.minutes_of_day, days)) + self._called(*bounds)

    def _called(self, starts: datetime, ends: datetime) -> int:
        """Minutes of intervention outside working hours, which the timetable counts already."""
        spans = clipped(self.work, starts, ends)
        return length(without(spans, self.service.between(starts, ends)))

    def _breach(
        self,
        kind: BreachKind,
        span: Span,
        measured: int,
        *,
        limit: int,
        why: str,
        proposed: datetime | None = None,
    ) -> RestBreach:
        is_rest = kind in ("daily_rest", "weekly_rest")
        words = "au moins" if is_rest else "au plus"
        rule = f"{LABELS[kind].lower()} : {words} {duration(limit)}"
        basis = self.limits.basis(rule)
        return RestBreach(
            self.person, kind, LABELS[kind], *span, measured, limit, why, proposed, basis
        )


def work_of(spans: Iterable[tuple[str, Span]]) -> dict[str, Sequence[Span]]:
    """Each person's spans of work, those that overlap joined."""
    found: dict[str, list[Span]] = defaultdict(list)
    for person, span in spans:
        found[person].append(span)
    return {person: joined(theirs) for person, theirs in found.items()}
