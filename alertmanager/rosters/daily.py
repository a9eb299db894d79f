"""Spans that a rule gives for each date, read as one line of time. Pure."""

from __future__ import annotations

from collections.abc import Callable, Iterator
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
# What was found once is kept for about that many days: twenty years, some megabytes.
_KEPT_DAYS = 8192


class DailySpans:
    """Whether an instant lies in the span of any date, and over which interval that stays so.

    `rule` gives the span of a date (None: none), which begins the day before at the earliest and
    ends the day after at the latest. Spans that meet or overlap are one.
    """

    def __init__(self, zone: ZoneInfo, rule: Callable[[date], Span | None]) -> None:
        self._zone = zone
        self._span = lru_cache(maxsize=_KEPT_DAYS)(rule)
        self._known: dict[int, tuple[State, ...]] = {}

    def at(self, instant: datetime) -> State:
        """(inside?, the interval over which it is so).

        The interval is as wide as can be, up to `_SEARCH_DAYS` on either side.
        """
        instant = as_utc(instant)
        # A walk asks the same again: each layer's, each roster's, a fair order's.
        known = self._known.get(instant.toordinal(), ())
        for answer in known:
            if answer[1].holds(instant):
                return answer
        answer = self._found(instant)
        if len(self._known) > _KEPT_DAYS:
            self._known = {}
        self._known[instant.toordinal()] = (*known, answer)
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
        starts = (start for start, _ in self._spans(self._date(instant), 1) if start > instant)
        return min(_first_few(starts), default=None)

    def _start_after(self, instant: datetime) -> datetime:
        return self.next_start(instant) or self._midnight(instant, 1)

    def _end_before(self, instant: datetime) -> datetime:
        ends = (end for _, end in self._spans(self._date(instant), -1) if end <= instant)
        return max(_first_few(ends), default=self._midnight(instant, -1))

    def _midnight(self, instant: datetime, way: _Way) -> datetime:
        """Up to where a search that found nothing has proven that there is nothing."""
        day = self._date(instant) + way * (_SEARCH_DAYS - _NEAR) * _DAY
        return instant_of(day, time(), self._zone)

    def _joined(self, run: Span, day: date, way: _Way) -> Span:
        """`run` with all that meets it on that side."""
        apart = 0
        for start, end in self._spans(day, way):
            if start <= run[1] and run[0] <= end:
                run, apart = (min(start, run[0]), max(end, run[1])), 0
            elif apart == 2 * _NEAR:
                break
            else:
                apart += 1
        return run

    def _spans(self, day: date, way: _Way) -> Iterator[Span]:
        """The spans of the dates from `day` on, or back; dates just behind are looked at too."""
        for ahead in range(-_NEAR, _SEARCH_DAYS):
            span = self._span(day + way * ahead * _DAY)
            if span is not None:
                yield span

    def _date(self, instant: datetime) -> date:
        return instant.astimezone(self._zone).date()


def _first_few(instants: Iterator[datetime]) -> list[datetime]:
    """Enough of them to hold the nearest: spans of neighbouring dates may be out of order."""
    return [instant for instant, _ in zip(instants, range(_NEAR + 1), strict=False)]
