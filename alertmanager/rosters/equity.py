"""How many nights, days of week-ends and public holidays each person has been, or will be, on duty.

One instant decides each: who is on duty at 02:00 has that night, at noon that day. So a night or a
day is somebody's whole, whenever the hand-over is. Pure.
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta

from alertmanager.rosters.book import RosterBook
from alertmanager.rosters.duty import Shift
from alertmanager.rosters.walltime import instant_of

_NIGHT, _NOON = time(2), time(12)
_DAY = timedelta(days=1)
_SATURDAY = 5


@dataclass(frozen=True)
class Load:
    """What one person has of a span, over all rosters together."""

    nights: int = 0
    weekend_days: int = 0
    holidays: int = 0


def loads(book: RosterBook, start: date, end: date) -> dict[str, Load]:
    """The load of everybody over the dates ``start <= d < end``, by person; everyone is in it.

    The night of a date is the one that ends in its morning. A public holiday on a week-end counts
    as both. Whoever is in two rosters at once has it once. Rosters whose people rest all the
    same (`Limits.not_duty`) do not count.
    """
    bounds = (instant_of(start, time(0), book.zone), instant_of(end, time(0), book.zone))
    rosters = [
        book.shifts(roster, *bounds)
        for roster in book.roster_ids
        if roster not in book.limits.not_duty
    ]
    starts = [[shift.start for shift in shifts] for shifts in rosters]
    counts = {person.id: [0, 0, 0] for person in book.persons}

    def count(instant: datetime, what: Sequence[int]) -> None:
        there: set[str] = set()
        for shifts, begun in zip(rosters, starts, strict=True):
            there.update(_at(shifts, begun, instant))
        for person in there:
            for column in what:
                counts[person][column] += 1

    day = start
    while day < end:
        count(instant_of(day, _NIGHT, book.zone), [0])
        noon = instant_of(day, _NOON, book.zone)
        closed = [1] if day.weekday() >= _SATURDAY else []
        if book.day_kind(noon) == "holiday":
            closed.append(2)
        if closed:
            count(noon, closed)
        day += _DAY
    return {person: Load(*found) for person, found in counts.items()}


def _at(shifts: Sequence[Shift], starts: Sequence[datetime], instant: datetime) -> list[str]:
    place = bisect_right(starts, instant) - 1
    if place < 0 or instant >= shifts[place].end:
        return []
    return [person.id for person in shifts[place].people]
