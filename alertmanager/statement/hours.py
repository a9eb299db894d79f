"""Time of intervention split by kind of hour, to the minute."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import datetime, timedelta
from itertools import pairwise

from alertmanager.statement.days import DayCalendar, Service, Span, dates
from alertmanager.statement.model import HourKind
from alertmanager.statement.period import midnight
from alertmanager.statement.settings import HourRank, NightWork

_DAY = timedelta(days=1)
HOUR_LABELS: dict[HourKind, str] = {
    "weekday": "Jour de semaine",
    "night": "Nuit",
    "saturday": "Samedi",
    "sunday": "Dimanche",
    "holiday": "Jour férié",
    "service": "Heures de service",
}


class HourSplitter:
    """Cuts at midnights, at the bounds of night and at those of the agent's working hours.

    An hour that is of two kinds (a Sunday night) is of the one that comes first in `order`.
    Hours at work come before all: the salary pays them.
    """

    def __init__(self, calendar: DayCalendar, night: NightWork, order: Sequence[HourRank]) -> None:
        self._calendar = calendar
        self._night = night
        self._order = order

    def split(
        self, spans: Sequence[Span], service: Service
    ) -> Iterator[tuple[HourKind, datetime, datetime]]:
        """Pieces of one kind each, in order; adjoining ones of a kind on one day are one."""
        for low, high in spans:
            at_work = service.between(low, high)
            cuts = {low, high, *(bound for span in at_work for bound in span)}
            for day in dates(self._calendar.local(low), self._calendar.local(high)):
                cuts.add(midnight(day, self._calendar.zone))
                cuts.add(self._calendar.at(day, self._night.begins))
                cuts.add(self._calendar.at(day, self._night.ends))
            bounds = sorted(cut for cut in cuts if low <= cut <= high)
            pending: tuple[HourKind, datetime, datetime] | None = None
            for start, end in pairwise(bounds):
                busy = any(begins <= start < ends for begins, ends in at_work)
                kind = "service" if busy else self._kind(start)
                same_day = pending and self._calendar.local(pending[1]) == self._calendar.local(
                    start
                )
                if pending and pending[0] == kind and same_day:
                    pending = (kind, pending[1], end)
                    continue
                if pending:
                    yield pending
                pending = (kind, start, end)
            if pending:
                yield pending

    def _kind(self, instant: datetime) -> HourKind:
        day = self._calendar.local(instant)
        kinds: set[HourKind] = {self._calendar.day_kind(day)}
        if self._is_night(instant):
            kinds.add("night")
        return next((rank for rank in self._order if rank in kinds), "weekday")

    def _is_night(self, instant: datetime) -> bool:
        day = self._calendar.local(instant)
        for first in (day - _DAY, day):
            begins = self._calendar.at(first, self._night.begins)
            after = first + _DAY if self._night.ends <= self._night.begins else first
            if begins <= instant < self._calendar.at(after, self._night.ends):
                return True
        return False
