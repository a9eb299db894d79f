"""Hand-overs and spans across the changes of clocks."""

from __future__ import annotations

from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

import pytest
from effort import tries
from hypothesis import given
from hypothesis import strategies as st

from alertmanager.rosters.duty import Person
from alertmanager.rosters.grid import grid_of
from alertmanager.rosters.layer_settings import RotationSettings
from alertmanager.rosters.rotation import Crew, Rotation, Turn
from alertmanager.rosters.settings import WEEKDAYS
from alertmanager.rosters.walltime import instant_of

PARIS = ZoneInfo("Europe/Paris")
PEOPLE = tuple(Person(name, name, f"+3363998000{n}") for n, name in enumerate("abc"))


def rotation(start: date, at: str, zone: ZoneInfo = PARIS) -> Rotation:
    handover = {"day": WEEKDAYS[start.weekday()], "at": at}
    rules = {"every": "week", "handover": handover, "start": start, "people": ["a", "b", "c"]}
    crews = tuple(Crew((person,)) for person in PEOPLE)
    return Rotation(grid_of(RotationSettings.model_validate(rules), zone), crews)


def who(turn: Turn) -> Person | None:
    """The one person of that turn."""
    return next(iter(turn.crew.people), None)


def test_a_hand_over_in_the_spring_gap_happens_at_the_first_instant_after_it(paris) -> None:
    # On Sunday 29 March 2026, 02:30 never comes in Paris: 02:00 is 03:00.
    turns = rotation(date(2026, 3, 22), "02:30")
    change = datetime(2026, 3, 29, 1, 0, tzinfo=UTC)
    assert change == paris(2026, 3, 29, 3, 0)
    assert who(turns.at(change - timedelta(seconds=1))).id == "a"
    assert who(turns.at(change)).id == "b"
    assert turns.at(change).interval.starts == change


def test_a_hand_over_in_the_autumn_fold_happens_at_the_first_of_the_two(paris) -> None:
    # On Sunday 25 October 2026, 02:30 comes twice in Paris.
    turns = rotation(date(2026, 10, 18), "02:30")
    first = paris(2026, 10, 25, 2, 30).astimezone(UTC)
    second = paris(2026, 10, 25, 2, 30, fold=1).astimezone(UTC)
    assert second - first == timedelta(hours=1)
    assert who(turns.at(first - timedelta(seconds=1))).id == "a"
    assert who(turns.at(first)).id == "b"
    assert who(turns.at(second)).id == "b"
    assert turns.at(first).interval.starts == first


@pytest.mark.parametrize(
    ("start", "hours"),
    [(date(2026, 3, 20), 168), (date(2026, 3, 27), 167), (date(2026, 10, 23), 169)],
)
def test_a_week_is_seven_dates_however_long(start, hours) -> None:
    turns = rotation(start, "19:00")
    interval = turns.at(instant_of(start, time(19), PARIS)).interval
    assert interval.ends - interval.starts == timedelta(hours=hours)
    local = interval.ends.astimezone(PARIS)
    assert (local.date(), local.hour) == (start + timedelta(days=7), 19)


def test_a_gap_of_half_an_hour_or_of_a_whole_day_has_its_first_instant_too() -> None:
    lord_howe = ZoneInfo("Australia/Lord_Howe")  # 02:00 becomes 02:30
    assert instant_of(date(2026, 10, 4), time(2, 15), lord_howe) == datetime(
        2026, 10, 3, 15, 30, tzinfo=UTC
    )
    apia = ZoneInfo("Pacific/Apia")  # 30 December 2011 never was
    assert instant_of(date(2011, 12, 30), time(12, 0), apia) == datetime(
        2011, 12, 30, 10, 0, tzinfo=UTC
    )


def test_nobody_is_on_duty_before_the_rotation_starts(paris) -> None:
    turns = rotation(date(2026, 1, 2), "19:00")
    before = turns.at(paris(2026, 1, 2, 18, 59))
    assert who(before) is None
    assert before.interval.ends == paris(2026, 1, 2, 19, 0)
    assert who(turns.at(paris(2026, 1, 2, 19, 0))).id == "a"


MINUTES = st.integers(0, 10 * 366 * 24 * 60)
ZONES = st.sampled_from(
    ["Europe/Paris", "America/St_Johns", "Australia/Lord_Howe", "America/Santiago", "Asia/Beirut"]
)
HOURS = st.times(min_value=time(0), max_value=time(23, 59)).map(lambda t: f"{t:%H:%M}")


@given(MINUTES, ZONES, HOURS, st.integers(0, 6))
@tries(100)
def test_at_any_minute_of_ten_years_one_turn_holds_and_the_next_begins_where_it_ends(
    minute, zone, at, weekday
) -> None:
    start = date(2026, 1, 5) + timedelta(days=weekday)
    turns = rotation(start, at, ZoneInfo(zone))
    instant = datetime(2026, 1, 14, tzinfo=UTC) + timedelta(minutes=minute)
    turn = turns.at(instant)
    assert turn.interval.starts <= instant < turn.interval.ends
    following = turns.at(turn.interval.ends)
    assert following.interval.starts == turn.interval.ends
    assert PEOPLE.index(who(following)) == (PEOPLE.index(who(turn)) + 1) % 3
    last = turns.at(turn.interval.ends - timedelta(microseconds=1))
    assert last == turn


@given(MINUTES, ZONES)
@tries(100)
def test_a_wall_clock_time_that_exists_is_shown_at_its_instant(minute, zone) -> None:
    place = ZoneInfo(zone)
    instant = datetime(2026, 1, 1, tzinfo=UTC) + timedelta(minutes=minute)
    local = instant.astimezone(place)
    found = instant_of(local.date(), local.time().replace(fold=0), place)
    assert found.astimezone(place).replace(tzinfo=None, fold=0) == local.replace(
        tzinfo=None, fold=0
    )
    assert found <= instant
