"""Duty cut into nights and days, and who holds each.

A unit is a night (evening to morning) or a day (morning to evening) of the wall clock; together
they cover every instant once. Only hours outside the agent's own working hours are duty.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Literal

from alertmanager.rosters.duty import Shift
from alertmanager.statement.days import (
    DayCalendar,
    Service,
    Span,
    clipped,
    dates,
    joined,
    length,
    without,
    without_joined,
)
from alertmanager.statement.money import minutes_between, to_minute
from alertmanager.statement.settings import DutyDay

UnitKind = Literal["night", "saturday", "sunday", "holiday", "recovery_day", "weekday"]
_DAY = timedelta(days=1)


@dataclass(frozen=True)
class Unit:
    """A night or a day, as one agent held it on one roster.

    `day`: the local date it begins on. `spans`: the minutes of duty in it. `main`: the agent
    held it longest, so that it counts towards a week or a week-end. `whole`: `minutes` is all
    of it but the agent's working hours.
    """

    kind: UnitKind
    day: date
    starts: datetime
    ends: datetime
    spans: tuple[Span, ...]
    minutes: int
    whole: bool
    main: bool
    feast: str | None = None

    @property
    def held_from(self) -> datetime:
        """The first minute of duty in it."""
        return self.spans[0][0]

    @property
    def held_to(self) -> datetime:
        """The end of the last minute of duty in it."""
        return self.spans[-1][1]


@dataclass(frozen=True)
class _Frame:
    night: bool
    day: date
    starts: datetime
    ends: datetime


class UnitCutter:
    """Cuts the shifts of one roster."""

    def __init__(
        self,
        calendar: DayCalendar,
        duty_day: DutyDay,
        service: Callable[[str], Service],
        recovery: Callable[[str, date], bool],
    ) -> None:
        self._calendar = calendar
        self._duty_day = duty_day
        self._service = service
        self._recovery = recovery

    def hours(self, shifts: Iterable[Shift]) -> dict[str, list[Span]]:
        """Each person's hours of duty: those of the shifts, outside the hours at work."""
        duty: dict[str, list[Span]] = defaultdict(list)
        for shift in shifts:
            for person in shift.people:
                duty[person.id].append((to_minute(shift.start), to_minute(shift.end)))
        return {person: self._off_work(person, joined(spans)) for person, spans in duty.items()}

    def cut(
        self, shifts: Iterable[Shift], taken: Mapping[str, Sequence[Span]]
    ) -> dict[str, list[Unit]]:
        """The units of each person, in order, without the hours already `taken`."""
        held = {
            person: without_joined(spans, joined(taken.get(person, ())))
            for person, spans in self.hours(shifts).items()
        }
        everything = joined([span for spans in held.values() for span in spans])
        found: dict[str, list[Unit]] = {person: [] for person in held}
        if not everything:
            return found
        cursor = dict.fromkeys(held, 0)
        for frame in self._frames(everything[0][0], everything[-1][1]):
            inside = {name: _take(held[name], cursor, name, frame) for name in held}
            inside = {name: spans for name, spans in inside.items() if spans}
            for name, spans in inside.items():
                found[name].append(self._unit(name, frame, spans, inside))
        return found

    def _off_work(self, person: str, spans: list[Span]) -> list[Span]:
        service = self._service(person)
        return [
            piece
            for low, high in spans
            for piece in without([(low, high)], service.between(low, high))
        ]

    def _frames(self, start: datetime, end: datetime) -> Iterator[_Frame]:
        first = self._calendar.local(start) - _DAY
        for day in dates(first, self._calendar.local(end)):
            morning = self._calendar.at(day, self._duty_day.morning)
            evening = self._calendar.at(day, self._duty_day.evening)
            next_morning = self._calendar.at(day + _DAY, self._duty_day.morning)
            yield _Frame(False, day, morning, evening)
            yield _Frame(True, day, evening, next_morning)

    def _unit(
        self, person: str, frame: _Frame, spans: list[Span], everyone: Mapping[str, list[Span]]
    ) -> Unit:
        minutes = length(spans)
        at_work = length(self._service(person).between(frame.starts, frame.ends))
        feast = None if frame.night else self._calendar.holiday(frame.day)
        return Unit(
            kind="night" if frame.night else self._kind(person, frame.day),
            day=frame.day,
            starts=frame.starts,
            ends=frame.ends,
            spans=tuple(spans),
            minutes=minutes,
            whole=minutes + at_work == minutes_between(frame.starts, frame.ends),
            main=not any(
                _beats(theirs, spans) for other, theirs in everyone.items() if other != person
            ),
            feast=feast,
        )

    def _kind(self, person: str, day: date) -> UnitKind:
        kind = self._calendar.day_kind(day)
        if kind == "weekday" and self._recovery(person, day):
            return "recovery_day"
        return kind


def _take(spans: list[Span], cursor: dict[str, int], person: str, frame: _Frame) -> list[Span]:
    """What of `spans` lies in the frame; frames come in order, so the cursor only moves on."""
    at = cursor[person]
    while at < len(spans) and spans[at][1] <= frame.starts:
        at += 1
    cursor[person] = at
    until = at
    while until < len(spans) and spans[until][0] < frame.ends:
        until += 1
    return clipped(spans[at:until], frame.starts, frame.ends)


def _beats(theirs: Sequence[Span], mine: Sequence[Span]) -> bool:
    """Whether they held more of a unit, or as much and first. People together beat nobody."""
    if any(low < high2 and low2 < high for low, high in theirs for low2, high2 in mine):
        return False
    return (-length(theirs), theirs[0][0]) < (-length(mine), mine[0][0])
