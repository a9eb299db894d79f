"""Spans of dates, read as one line of time."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

from effort import tries
from hypothesis import given
from hypothesis import strategies as st

from alertmanager.rosters.daily import DailySpans
from alertmanager.rosters.spans import Span, joined

FIRST = date(2026, 3, 20)
HOUR = timedelta(hours=1)


def midnight(day: date) -> datetime:
    return datetime(day.year, day.month, day.day, tzinfo=UTC)


def line(spans: dict[date, Span]) -> DailySpans:
    return DailySpans(ZoneInfo("UTC"), spans.get)


def test_spans_that_meet_are_one_even_across_a_date_that_has_none() -> None:
    week = [FIRST + timedelta(days=number) for number in range(7)]
    between = midnight(week[-1]) + 24 * HOUR  # nothing begins on that date, an eve does
    after = week[-1] + timedelta(days=2)
    spans = {day: (midnight(day), midnight(day) + 24 * HOUR) for day in week}
    spans[after] = (between, midnight(after) + 24 * HOUR)
    whole = (midnight(FIRST), midnight(after) + 24 * HOUR)
    for instant in (midnight(FIRST), between - HOUR, between, whole[1] - HOUR):
        inside, interval = line(spans).at(instant)
        assert inside
        assert (interval.starts, interval.ends) == whole


def test_a_long_run_is_one_interval_and_a_long_pause_too() -> None:
    days = [FIRST + timedelta(days=number) for number in range(300)]
    run = line({day: (midnight(day), midnight(day) + 24 * HOUR) for day in days})
    inside, interval = run.at(midnight(days[150]))
    assert inside
    assert (interval.starts, interval.ends) == (midnight(FIRST), midnight(days[-1]) + 24 * HOUR)
    far = days[-1] + timedelta(days=90)
    pause = line({FIRST: (midnight(FIRST), midnight(FIRST) + HOUR), far: (midnight(far),) * 2})
    inside, interval = pause.at(midnight(days[150]))
    assert not inside
    assert (interval.starts, interval.ends) == (midnight(FIRST) + HOUR, midnight(far))


def test_where_nothing_is_found_it_says_so_for_as_far_as_it_looked() -> None:
    at = midnight(FIRST)
    far = FIRST + timedelta(days=1000)
    spans = line({far: (midnight(far), midnight(far) + HOUR)})
    assert spans.next_start(at) is None
    seen = []
    while not spans.at(at)[0]:
        interval = spans.at(at)[1]
        assert interval.ends is not None
        assert at < interval.ends <= midnight(far)
        at = interval.ends
        seen.append(at)
    assert at == midnight(far)
    assert len(seen) == 3  # a walk is a few steps, not a day each


@st.composite
def spans_of_dates(draw: st.DrawFn) -> dict[date, Span]:
    """Spans that begin the day before at the earliest and end the day after at the latest."""
    spans = {}
    for number in range(draw(st.integers(1, 20))):
        day = FIRST + timedelta(days=number)
        start = midnight(day) + draw(st.integers(-24, 23)) * HOUR
        longest = int((midnight(day) + 48 * HOUR - start) / HOUR)
        if draw(st.booleans()):
            spans[day] = (start, start + draw(st.integers(1, longest)) * HOUR)
    return spans


@given(spans_of_dates(), st.lists(st.integers(-48, 22 * 24), min_size=1, max_size=10))
@tries(100)
def test_any_spans_give_what_joining_them_gives_whatever_was_asked_before(
    spans: dict[date, Span], hours: list[int]
) -> None:
    found = line(spans)
    runs = joined(spans.values())
    for hour in hours:
        at = midnight(FIRST) + hour * HOUR
        inside, interval = found.at(at)
        holding = [run for run in runs if run[0] <= at < run[1]]
        assert inside == bool(holding)
        if holding:
            assert (interval.starts, interval.ends) == holding[0]
            continue
        ends = [end for _, end in runs if end <= at]
        starts = [start for start, _ in runs if start > at]
        assert not ends or interval.starts == ends[-1]
        assert not starts or interval.ends == starts[0]
