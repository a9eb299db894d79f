"""Duty told as a calendar and read back is the same duty."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import UTC, datetime, timedelta

from effort import tries
from hypothesis import given
from hypothesis import strategies as st

from alertmanager.rosters import RosterBook, Shift
from alertmanager.rosters.file_settings import RosterFile
from alertmanager.rosters.ical import person_feed, read_leave, roster_feed
from alertmanager.rosters.ical.whole import whole_shifts
from alertmanager.rosters.spans import Span
from tests.unit.rosters.random_rosters import IDS, book_of, files

HOUR = timedelta(hours=1)
# Any hour of ten years, and as often the days around a change of clocks in one of the zones.
_ANY = st.integers(0, 3650 * 24).map(lambda hours: datetime(2026, 1, 1, tzinfo=UTC) + hours * HOUR)
_CHANGES = [(3, 6), (3, 26), (4, 3), (9, 30), (10, 23), (10, 30)]
_NEAR = st.builds(
    lambda year, day: datetime(year, *day, tzinfo=UTC),
    st.integers(2026, 2035),
    st.sampled_from(_CHANGES),
)
STARTS = st.one_of(_ANY, _NEAR)


def never(_roster: str, _shift: Shift) -> int:
    return 0


def read_back(feed: bytes, book: RosterBook, window: Span) -> list[Span]:
    return [(one.start, one.end) for one in read_leave(feed, "p0", book.zone, *window)]


@tries(20)
@given(files(), STARTS, st.integers(1, 20))
def test_a_roster_read_back_is_its_shifts(file: RosterFile, start: datetime, days: int) -> None:
    window = start, start + timedelta(days=days)
    book = book_of(file)
    feed = roster_feed(book, "r", *window, never)
    assert read_back(feed, book, window) == [
        (shift.start, shift.end) for shift, _ in whole_shifts(book, "r", *window)
    ]


@tries(12)
@given(files(), STARTS, st.sampled_from([*IDS, "watcher"]))
def test_a_person_read_back_is_their_shifts(file: RosterFile, start: datetime, who: str) -> None:
    window = start, start + timedelta(days=14)
    book = book_of(file)
    feed = person_feed(book, who, *window, never)
    person = book.person(who)
    assert read_back(feed, book, window) == [
        (shift.start, shift.end)
        for shift, _ in whole_shifts(book, "r", *window)
        if person in (*shift.people, *shift.shadow)
    ]


@tries(12)
@given(files(), STARTS, st.integers(0, 29 * 24))
def test_a_shift_is_the_same_in_every_window(file: RosterFile, start: datetime, hours: int) -> None:
    book = book_of(file)
    wide = start, start + timedelta(days=30)
    narrow = start + hours * HOUR, start + hours * HOUR + timedelta(days=1)

    def inside(shifts: Iterable[tuple[Shift, bool]]) -> list[Shift]:
        return [one for one, _ in shifts if wide[0] < one.start and one.end < wide[1]]

    assert inside(whole_shifts(book, "r", *narrow)) == [
        one
        for one in inside(whole_shifts(book, "r", *wide))
        if one.start < narrow[1] and narrow[0] < one.end
    ]
