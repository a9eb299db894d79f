"""Spans that a rule gives for each date, read as one line of time. Pure."""

from __future__ import annotations

from bisect import bisect_right, insort
from collections.abc import Callable
from datetime import date, datetime, time, timedelta
from functools import lru_cache
from typing import Literal
from zoneinfo import ZoneInfo

from alertmanager.rosters.spans import Span
from alertmanager.rosters.walltime import Interval, as_utc, instant_of

State = tuple[bool, Interval]
"""(is it so?, the interval over which that stays so)."""
_Way = Literal[-1, 1]
_DAY = timedelta(days=1)
# How far a search goes before it answers "the same until there": longer than any year.
_SEARCH_DAYS = 400
# The span of a date may begin the day before and end the day after. One date more: clocks put
# back across midnight show one date twice.
_NEAR = 2
# So many dates, and answers, are kept: twenty years, some megabytes.
_KEPT = 8192


class DailySpans:
    """Whether an instant lies in the span of any date, and over which interval that stays so.

    `rule` gives the span of a date (None: none), which begins the day before at the earliest and
    ends the day after at the latest. Spans that meet or overlap are one.
    """

    def __init__(self, zone: ZoneInfo, rule: Callable[[date], Span | None]) -> None:
        self._zone = zone
        self._span = lru_cache(maxsize=_KEPT)(rule)
        self._known = _Known()

    def at(self, instant: datetime) -> State:
        """(inside?, the interval over which it is so).

        The interval is as wide as can be, up to `_SEARCH_DAYS` on either side.
        """
        instant = as_utc(instant)
        answer = self._known.at(instant)
        if answer is None:
            if self._known.full:
                self._known = _Known()
            answer = self._known.keep(self._found(instant))
        return answer

    def _found(self, instant: datetime) -> State:
        day = self._date(instant)
        near = (self._span(day + ahead * _DAY) for ahead in range(-_NEAR, _NEAR + 1))
        found = next((span for span in near if span and span[0] <= instant < span[1]), None)
        if found is not None:
            return True, Interval(*self._joined(self._joined(found, day, -1), day, 1))
        return False, Interval(self._end_before(instant), self._start_after(instant))

    def next_start(self, instant: datetime) -> datetime | None:
        """The first start of a span after `instant`; None: there is none for a year."""
        return self._nearest(self._date(instant), 1, lambda span: span[0] > instant, 0)

    def _start_after(self, instant: datetime) -> datetime:
        return self.next_start(instant) or self._midnight(instant, 1)

    def _end_before(self, instant: datetime) -> datetime:
        found = self._nearest(self._date(instant), -1, lambda span: span[1] <= instant, 1)
        return found or self._midnight(instant, -1)

    def _midnight(self, instant: datetime, way: _Way) -> datetime:
        """Up to where a search that found nothing has proven that there is nothing."""
        day = self._date(instant) + way * (_SEARCH_DAYS - _NEAR) * _DAY
        return instant_of(day, time(), self._zone)

    def _nearest(
        self, day: date, way: _Way, beyond: Callable[[Span], bool], end: int
    ) -> datetime | None:
        """That end of the first span beyond an instant, the dates being searched from `day` on."""
        found: list[datetime] = []
        nearer = 0
        for ahead in range(-_NEAR, _SEARCH_DAYS):
            span = self._span(day + way * ahead * _DAY)
            if span is not None and beyond(span):
                found.append(span[end])
            # Spans of neighbouring dates may be out of order.
            nearer += bool(found)
            if nearer > _NEAR:
                break
        return (max if way < 0 else min)(found, default=None)

    def _joined(self, run: Span, day: date, way: _Way) -> Span:
        """`run` with all that meets it on that side."""
        apart = 0
        for ahead in range(-_NEAR, _SEARCH_DAYS):
            span = self._span(day + way * ahead * _DAY)
            if span is not None and span[0] <= run[1] and run[0] <= span[1]:
                run, apart = (min(span[0], run[0]), max(span[1], run[1])), 0
            elif ahead > 0:
                apart += 1
                if apart > _NEAR:
                    break
        return run

    def _date(self, instant: datetime) -> date:
        return instant.astimezone(self._zone).date()


class _Known:
    """Answers found before: a walk asks the same again, for each roster and for a fair order."""

    def __init__(self) -> None:
        self._starts: list[datetime] = []
        self._answers: dict[datetime, State] = {}

    @property
    def full(self) -> bool:
        """Whether that is enough to remember."""
        return len(self._starts) >= _KEPT

    def at(self, instant: datetime) -> State | None:
        """The answer for `instant`, if it is known."""
        place = bisect_right(self._starts, instant)
        if place == 0:
            return None
        answer = self._answers[self._starts[place - 1]]
        return answer if answer[1].holds(instant) else None

    def keep(self, answer: State) -> State:
        """Remember an answer. Threads may do so at once: a start is never listed before it is."""
        start = answer[1].starts
        if start is not None and start not in self._answers:
            self._answers[start] = answer
            insort(self._starts, start)
        return answer
