"""The fair order: what falls on whom, over any year."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from itertools import pairwise

import pytest

from alertmanager.rosters import RosterBook, Shift
from alertmanager.rosters.load import Load, Meter

START = datetime(2026, 1, 3, tzinfo=UTC)
YEAR = timedelta(days=365)
HOUR = 60


def text(every: str, count: int, when: str, order: str = "fair") -> str:
    people = [f"p{number}" for number in range(count)]
    listed = ", ".join(
        f'{{id: {name}, name: {name}, phone: "06 39 98 00 0{name[1]}"}}' for name in people
    )
    day = "day: friday, " if every == "week" else ""
    return f"""
support_hours: {{days: [monday, tuesday, wednesday, thursday, friday], from: "08:00", to: "18:00"}}
people: [{listed}]
rosters:
  - id: r
    name: R
    layers:
      - id: l
        name: L
        when: {when}
        rotation:
          every: {every}
          handover: {{{day}at: "19:00"}}
          start: 2026-01-02
          order: {order}
          people: [{", ".join(people)}]
"""


def spreads(book: RosterBook, shifts: list[Shift]) -> list[int]:
    """Hours between who has most and who has least in a year, at worst over ten years.

    Of holidays, week-ends, nights and all.
    """
    meter = Meter(book._calendar)
    weighed = [(one.start, one.people[0].id, meter.load([(one.start, one.end)])) for one in shifts]
    worst = [0] * 4
    for month in range(108):
        low = START + month * timedelta(days=30)
        totals = {person.id: [0] * 4 for person in book.persons}
        for start, person, load in weighed:
            if low <= start < low + YEAR:
                totals[person] = [a + b for a, b in zip(totals[person], load, strict=True)]
        for kind in range(4):
            column = [total[kind] for total in totals.values()]
            worst[kind] = max(worst[kind], (max(column) - min(column)) // HOUR)
    return worst


CASES = [
    ("week", 5, "outside_support_hours"),
    ("week", 6, "always"),
    ("day", 7, "outside_support_hours"),
    ("{hours: 12}", 6, "always"),
]


@pytest.mark.parametrize(("every", "count", "when"), CASES)
def test_holidays_week_ends_and_nights_fall_on_all_alike(
    load: Callable[[str], RosterBook], every: str, count: int, when: str
) -> None:
    book = load(text(every, count, when))
    fair = book.shifts("r", START, START + 10 * YEAR)
    holidays, weekends, nights, _ = spreads(book, fair)
    plain = load(text(every, count, when, "in_turn"))
    by_turn = spreads(plain, plain.shifts("r", START, START + 10 * YEAR))
    # Three public holidays of 24 h at most between any two people, in whatever year.
    assert holidays <= 72 < by_turn[0] or holidays < by_turn[0] * 2 / 3
    # Two turns at most, whatever they weigh; in turn, one person may have every week-end.
    week = every == "week"
    assert weekends <= (2 * 49 if week else 200)
    assert nights <= (2 * 64 if week else 60)
    if not week:
        assert max(weekends, nights) < max(by_turn[1], by_turn[2]) / 4


@pytest.mark.parametrize(("every", "count", "when"), CASES)
def test_in_every_round_each_has_one_turn_and_nobody_two_in_a_row(
    load: Callable[[str], RosterBook], every: str, count: int, when: str
) -> None:
    book = load(text(every, count, when))
    shifts = book.shifts("r", datetime(2026, 1, 2, 18, tzinfo=UTC), START + 3 * YEAR)
    turns = [one.people[0].id for one, after in pairwise(shifts) if one.why != after.why]
    for place in range(0, len(turns) - count, count):
        assert Counter(turns[place : place + count]) == Counter(p.id for p in book.persons)
    assert all(one != after for one, after in pairwise(turns))


def test_turns_in_which_nobody_is_called_upon_count_for_nothing(
    load: Callable[[str], RosterBook],
) -> None:
    book = load(text("day", 3, "{days: [saturday, sunday]}"))
    days = Counter(one.people[0].id for one in book.shifts("r", START, START + 3 * YEAR))
    assert max(days.values()) - min(days.values()) <= 3


def test_a_holiday_added_next_year_leaves_this_year_as_it_is(
    load: Callable[[str], RosterBook],
) -> None:
    before = text("week", 5, "outside_support_hours")
    extra = "holidays: {extra: [{date: 2027-03-04, name: fête}]}"
    one, other = load(before), load(before + extra)
    assert one.shifts("r", START, START + YEAR) == other.shifts("r", START, START + YEAR)


def test_a_question_about_a_far_year_costs_nothing_and_has_an_answer(
    load: Callable[[str], RosterBook],
) -> None:
    book = load(text("day", 5, "always"))
    assert book.on_duty("r", datetime(9000, 1, 1, tzinfo=UTC)).people
    assert not book._rosters["r"][0]._rotation._order._places  # type: ignore


def test_a_minute_may_be_of_a_night_a_week_end_and_a_holiday(
    load: Callable[[str], RosterBook], paris: Callable[..., datetime]
) -> None:
    meter = Meter(load(text("day", 2, "always"))._calendar)
    span = (paris(2026, 11, 1, 21), paris(2026, 11, 2, 8))  # All Saints' is a Sunday
    hours = Load(*(part // HOUR for part in meter.load([span])))
    assert hours == Load(holidays=3, weekends=3, nights=9, all=11)
    change = (paris(2026, 3, 28, 22), paris(2026, 3, 29, 7))
    assert meter.load([change]).nights == 8 * HOUR
