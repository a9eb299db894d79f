"""Random rosters over ten years, in three zones whose clocks change in three ways.

Paris changes at 01:00 UTC, Chicago at two in the morning, Lord Howe by half an hour.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, date, datetime, timedelta
from itertools import pairwise
from zoneinfo import ZoneInfo

from effort import tries
from hypothesis import given
from hypothesis import strategies as st

from alertmanager.rosters import Gap, RosterBook, Shift
from alertmanager.rosters.duty import Person
from alertmanager.rosters.file_settings import RosterFile
from alertmanager.rosters.layer_settings import CalendarSettings, WhenSettings
from alertmanager.rosters.loader import build_book
from alertmanager.rosters.restriction import Restriction
from alertmanager.rosters.settings import WEEKDAYS
from alertmanager.rosters.walltime import instant_of
from tests.unit.rosters.random_rosters import book_of, files

START = datetime(2026, 1, 1, tzinfo=UTC)
YEARS = timedelta(days=3652)
TICK = timedelta(microseconds=1)
MINUTES = st.integers(0, YEARS // timedelta(minutes=1))
Piece = tuple[datetime, datetime, tuple[str, ...]]
Who = Sequence[Person]


def pieces(book: RosterBook, start: datetime, end: datetime) -> list[Piece]:
    """Shifts and gaps in order: from, to, the layer, its people and why."""
    found: list[Shift | Gap] = [*book.shifts("r", start, end), *book.gaps("r", start, end)]
    return sorted(
        (one.start, one.end, _said(one) if isinstance(one, Shift) else ()) for one in found
    )


def _said(shift: Shift) -> tuple[str, ...]:
    people, shadow = ([person.id for person in group] for group in (shift.people, shift.shadow))
    return (shift.layer, ",".join(people), ",".join(shadow), shift.why)


def cut(found: Sequence[Piece], start: datetime, end: datetime) -> list[Piece]:
    """The part of those pieces within a span."""
    parts = [(max(low, start), min(high, end), said) for low, high, said in found]
    return [part for part in parts if part[0] < part[1]]


@given(files())
@tries(5)
def test_ten_years_have_no_gap_and_no_overlap_and_every_boundary_is_one(file: RosterFile) -> None:
    book = book_of(file)
    found = pieces(book, START, START + YEARS)
    assert (found[0][0], found[-1][1]) == (START, START + YEARS)
    assert sum((high - low for low, high, _ in found), timedelta()) == YEARS
    for before, after in pairwise(found):
        assert before[0] < before[1] == after[0]
        assert before[2] != after[2]
    step = max(1, len(found) // 400)
    for low, high, said in found[1:-1:step]:
        for instant in (low, high - TICK):
            duty = book.on_duty("r", instant)
            assert (duty.layer, [p.id for p in duty.people]) == (
                (said[0], said[1].split(",")) if said else (None, [])
            )
        assert book.on_duty("r", low - TICK).starts != low


@given(files(), MINUTES, st.integers(1, 60 * 24 * 60), st.integers(0, 60 * 24 * 60))
@tries(40)
def test_the_answer_does_not_depend_on_the_window_or_on_what_was_asked_before(
    file: RosterFile, minute: int, length: int, around: int
) -> None:
    start = START + timedelta(minutes=minute)
    end = start + timedelta(minutes=length)
    narrow = pieces(book_of(file), start, end)
    book = book_of(file)
    book.on_duty("r", START)
    margin = timedelta(minutes=around)
    wide = pieces(book, start - margin, end + margin)
    assert narrow == cut(wide, start, end)
    middle = start + (end - start) / 2
    assert cut(narrow, start, middle) == pieces(book, start, middle)
    assert cut(narrow, middle, end) == pieces(book, middle, end)


@given(files(), MINUTES)
@tries(40)
def test_a_duty_holds_over_the_whole_interval_it_names_and_its_layer_alone_answers(
    file: RosterFile, minute: int
) -> None:
    book = book_of(file)
    at = START + timedelta(minutes=minute)
    duty = book.on_duty("r", at)
    assert duty.starts is None or duty.starts <= at
    assert duty.ends is None or at < duty.ends
    for instant in (duty.starts, duty.ends and duty.ends - TICK):
        if instant is not None:
            again = book_of(file).on_duty("r", instant)
            assert (again.people, again.layer, again.shadow) == (
                duty.people,
                duty.layer,
                duty.shadow,
            )
    verdicts = book.explain("r", at)
    assert [verdict.layer_id for verdict in verdicts] == [
        layer.id for layer in file.rosters[0].layers
    ]
    answering = [verdict.layer_id for verdict in verdicts if verdict.answers]
    assert answering == ([duty.layer] if duty.layer else [])


@given(files(), MINUTES)
@tries(80)
def test_a_restriction_holds_exactly_within_the_hours_of_a_date_that_it_admits(
    file: RosterFile, minute: int
) -> None:
    zone = ZoneInfo(file.timezone or "")
    at = START + timedelta(minutes=minute)
    book = build_book(file, zone.key)
    named = {one.id: one for one in file.calendars}
    for rules, layer in zip(file.rosters[0].layers, book._rosters["r"], strict=True):
        if not isinstance(rules.when, WhenSettings):
            continue
        assert isinstance(layer.condition, Restriction)
        holds, interval = layer.condition.at(at)
        for instant in (at, interval.starts, interval.ends and interval.ends - TICK):
            assert instant is None or holds == _by_hand(rules.when, rules.eve, book, named, instant)


def _by_hand(
    when: WhenSettings,
    eve: object,
    book: RosterBook,
    named: dict[str, CalendarSettings],
    instant: datetime,
) -> bool:
    """The rule read word by word, for each date whose hours may hold the instant."""
    today = instant.astimezone(book.zone).date()
    for day in (today + timedelta(days=ahead) for ahead in range(-3, 4)):
        holiday = _is_holiday(book, day)
        words = {WEEKDAYS[day.weekday()]}
        words |= {"holiday"} if holiday else set()
        words |= {"eve"} if _is_holiday(book, day + timedelta(days=1)) else set()
        if not words & set(when.days or ()) or words & set(when.not_days):
            continue
        if when.calendar and not _within(named[when.calendar], day):
            continue
        if when.not_calendar and _within(named[when.not_calendar], day):
            continue
        midnight = datetime.min.time()
        opens, closes = when.opens or midnight, when.closes or midnight
        last = day if closes > opens else day + timedelta(days=1)
        low = instant_of(day, opens, book.zone)
        if holiday and eve:
            low = instant_of(day - timedelta(days=1), eve, book.zone)  # type: ignore[arg-type]
        if low <= instant < instant_of(last, closes, book.zone):
            return True
    return False


def _is_holiday(book: RosterBook, day: date) -> bool:
    return book._calendar.holiday(day) is not None


def _within(calendar: CalendarSettings, day: date) -> bool:
    return any(one.first <= day <= one.last for one in calendar.ranges)
