"""Turns of hours, days, weeks and months: when they change hands, counted by hand."""

from __future__ import annotations

from datetime import UTC, date, datetime, time, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from effort import tries
from hypothesis import given
from hypothesis import strategies as st

from alertmanager.rosters.duty import Person
from alertmanager.rosters.grid import Grid, grid_of
from alertmanager.rosters.layer_settings import RotationSettings
from alertmanager.rosters.rotation import Crew, Rotation
from alertmanager.rosters.walltime import instant_of
from tests.unit.rosters.random_rosters import ZONES, rotations

PARIS = ZoneInfo("Europe/Paris")


def grid(every: Any, start: str, at: str = "07:00", zone: ZoneInfo = PARIS) -> Grid:
    rules = {"every": every, "handover": {"at": at}, "start": start, "people": ["a"]}
    return grid_of(RotationSettings.model_validate(rules), zone)


def local(instant: datetime, zone: ZoneInfo = PARIS) -> str:
    return f"{instant.astimezone(zone):%Y-%m-%d %H:%M}"


def test_hours_are_those_of_a_stopwatch() -> None:
    turns = grid({"hours": 12}, "2026-03-28", "19:00")
    assert [local(turns.starts(number)) for number in range(4)] == [
        "2026-03-28 19:00",
        "2026-03-29 08:00",  # clocks went forward in the night
        "2026-03-29 20:00",
        "2026-03-30 08:00",
    ]
    lengths = {turns.starts(n + 1) - turns.starts(n) for n in range(800)}
    assert lengths == {timedelta(hours=12)}


def test_days_are_dates_be_they_23_or_25_hours_long() -> None:
    turns = grid("day", "2026-03-28")
    assert {local(turns.starts(number))[11:] for number in range(400)} == {"07:00"}
    first = turns.starts(0)
    assert turns.starts(1) - first == timedelta(hours=23)
    autumn = (date(2026, 10, 24) - date(2026, 3, 28)).days
    assert turns.starts(autumn + 1) - turns.starts(autumn) == timedelta(hours=25)


def test_every_other_week_has_fourteen_dates() -> None:
    rules = {
        "every": {"weeks": 2},
        "handover": {"day": "friday", "at": "19:00"},
        "start": "2026-03-20",
        "people": ["a"],
    }
    turns = grid_of(RotationSettings.model_validate(rules), PARIS)
    assert [local(turns.starts(number)) for number in (0, 1, 2)] == [
        "2026-03-20 19:00",
        "2026-04-03 19:00",
        "2026-04-17 19:00",
    ]


def test_a_month_from_the_31st_changes_hands_on_the_last_day_of_shorter_months() -> None:
    turns = grid("month", "2027-10-31", "08:00")
    assert [local(turns.starts(number)) for number in range(8)] == [
        "2027-10-31 08:00",
        "2027-11-30 08:00",
        "2027-12-31 08:00",
        "2028-01-31 08:00",
        "2028-02-29 08:00",
        "2028-03-31 08:00",
        "2028-04-30 08:00",
        "2028-05-31 08:00",
    ]
    quarters = grid({"months": 3}, "2026-11-30")
    assert local(quarters.starts(1))[:10] == "2027-02-28"
    assert local(quarters.starts(2))[:10] == "2027-05-30"


def test_a_turn_that_has_begun_goes_on_when_clocks_show_the_day_before_again() -> None:
    # In St. John's, until 2011, clocks went back at 00:01 to 23:01 of the day before.
    zone = ZoneInfo("America/St_Johns")
    turns = grid("day", "2010-11-01", "00:00", zone)
    later = turns.starts(6) + timedelta(minutes=30)
    assert local(turns.starts(6), zone) == "2010-11-07 00:00"
    assert local(later, zone) == "2010-11-06 23:30"
    assert turns.number(later) == 6


@pytest.mark.parametrize("zone", ZONES)
def test_a_daily_hand_over_in_the_hour_of_the_change_keeps_its_rule_for_ten_years(zone) -> None:
    place = ZoneInfo(zone)
    turns = grid("day", "2026-01-01", "02:15", place)
    odd = []
    for number in range(3652):
        instant = turns.starts(number)
        shown = instant.astimezone(place)
        assert shown.fold == 0
        if shown.time().replace(fold=0) != time(2, 15):
            odd.append(instant)
            # It never was 02:15 that day: the clocks had just jumped over it.
            before = (instant - timedelta(seconds=1)).astimezone(place)
            assert before.time() < time(2, 15) < shown.time()
    assert 9 <= len(odd) <= 11  # once a year


@given(rotations(), st.sampled_from(ZONES), st.integers(0, 10 * 366 * 24 * 60))
@tries(150)
def test_at_any_minute_it_is_the_turn_of_the_last_hand_over_counted_one_by_one(
    rules, zone, minute
) -> None:
    parsed = RotationSettings.model_validate(rules)
    place = ZoneInfo(zone)
    at = datetime(2026, 7, 1, tzinfo=UTC) + timedelta(minutes=minute)
    crews = tuple(
        Crew(tuple(Person(name, name, "") for name in crew.people)) for crew in parsed.crews
    )
    turn = Rotation(grid_of(parsed, place), crews).at(at)
    number = _last(parsed, place, at)
    assert turn.crew == crews[number % len(crews)]
    assert turn.interval.starts == _start(parsed, place, number)
    assert turn.interval.ends == _start(parsed, place, number + 1)


def _start(rules: RotationSettings, zone: ZoneInfo, number: int) -> datetime:
    count = number * rules.period.count
    if rules.period.unit == "hours":
        return instant_of(rules.start, rules.handover.at, zone) + timedelta(hours=count)
    if rules.period.unit == "months":
        months = rules.start.month - 1 + count
        first = date(rules.start.year + months // 12, months % 12 + 1, 1)
        after = date(first.year + first.month // 12, first.month % 12 + 1, 1)
        day = min(first + timedelta(days=rules.start.day - 1), after - timedelta(days=1))
    else:
        days = count * (7 if rules.period.unit == "weeks" else 1)
        day = rules.start + timedelta(days=days)
    return instant_of(day, rules.handover.at, zone)


def _last(rules: RotationSettings, zone: ZoneInfo, at: datetime) -> int:
    """By halving: the last hand-over that is not after `at`."""
    low, high = 0, 200_000
    while high - low > 1:
        middle = (low + high) // 2
        try:
            late = _start(rules, zone, middle) > at
        except (OverflowError, ValueError):  # past the year 9999
            late = True
        low, high = (low, middle) if late else (middle, high)
    return low
