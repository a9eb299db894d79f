"""Shifts as they are, not as the window one asks for cuts them. Pure."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import datetime, timedelta

from alertmanager.rosters.book import RosterBook
from alertmanager.rosters.duty import Shift

SequenceOf = Callable[[str, Shift], int]
"""How often a shift (of that roster, uncut) was changed since it was first published.

What it says of one shift only ever grows: calendars drop an event whose number went back.
"""

_REACH = timedelta(days=560)
"""A shift that goes on for longer than this beyond the window is told as without an end."""
_STEP = timedelta(days=35)


def whole_shifts(
    book: RosterBook, roster: str, start: datetime, end: datetime
) -> Iterator[tuple[Shift, bool]]:
    """(shift, whether its start is known) of all that touch ``start <= t < end``, in order.

    A shift comes with its own bounds, so that it is the same one in every window. One that has
    no start, or no end, within reach of the window is cut there.
    """
    shifts = book.shifts(roster, start, end)
    known = True
    if shifts and shifts[0].start <= start:
        begun = _start_of(book, roster, shifts[0])
        known = begun is not None
        shifts[0] = replace(shifts[0], start=begun or shifts[0].start)
    if shifts and shifts[-1].end >= end:
        shifts[-1] = replace(shifts[-1], end=_end_of(book, roster, shifts[-1]))
    for place, shift in enumerate(shifts):
        yield shift, known or place > 0


def _start_of(book: RosterBook, roster: str, shift: Shift) -> datetime | None:
    reach = _STEP
    while reach < 2 * _REACH:
        low = shift.start - reach
        before = book.shifts(roster, low, shift.start)
        if not before or not _same(before[-1], shift) or before[-1].end < shift.start:
            return shift.start
        if before[-1].start > low:
            return before[-1].start
        reach *= 2
    return None


def _end_of(book: RosterBook, roster: str, shift: Shift) -> datetime:
    reach = _STEP
    while reach < 2 * _REACH:
        high = shift.end + reach
        after = book.shifts(roster, shift.end, high)
        if not after or not _same(after[0], shift) or after[0].start > shift.end:
            return shift.end
        if after[0].end < high:
            return after[0].end
        reach *= 2
    return shift.end


def _same(one: Shift, other: Shift) -> bool:
    return replace(one, start=other.start, end=other.end) == other
