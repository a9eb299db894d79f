"""The plan of a storm: bounded, nothing left out, news at once. Time is simulated."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from alertmanager.delivery.storm import (
    DEFAULT_LIMITS,
    UNCAPPED,
    Arrival,
    Kinds,
    Limits,
    Sent,
    Situation,
    Waiting,
    plan,
)

START = datetime(2026, 5, 1, 3, tzinfo=UTC)
SPANS = ((3, timedelta(minutes=5)), (6, timedelta(minutes=15)), (12, timedelta(hours=1)))


def at(seconds: float) -> datetime:
    return START + timedelta(seconds=seconds)


@dataclass
class Phone:
    """One person's telephone: what left for it, and what waits, as pages arrive."""

    limits: Limits = DEFAULT_LIMITS
    sent: list[Sent] = field(default_factory=list)
    texts: list[tuple[datetime, list[int]]] = field(default_factory=list)
    arrivals: list[datetime] = field(default_factory=list)
    others: list[int] = field(default_factory=list)
    waiting: list[int] = field(default_factory=list)
    kinds: Kinds = frozenset()
    due: datetime = START

    def leave(self, until: datetime) -> None:
        if self.waiting and self.due <= until:
            self.texts.append((self.due, self.waiting))
            self.sent.append(Sent(self.due, len(self.waiting) > 1, self.kinds))
            self.waiting, self.kinds = [], frozenset()

    def page(self, now: datetime, kind: str = "A", *, critical: bool = True) -> datetime:
        self.leave(now)
        number = len(self.arrivals)
        self.arrivals.append(now)
        arrival = Arrival(kind, f"i{number}", critical)
        waiting = Waiting(self.due, self.kinds) if self.waiting else None
        lately = sum(instant > now - timedelta(minutes=5) for instant in self.arrivals)
        decided = plan(self.limits, Situation(self.sent, waiting, lately), arrival, now)
        if decided.moved:
            self.others += self.waiting
        if decided.also:
            self.others.append(number)
        if decided.alone:
            self.texts.append((now, [number]))
            self.sent.append(Sent(now, critical=arrival.kinds))
        else:
            self.waiting.append(number)
            self.kinds |= arrival.kinds
            self.due = decided.at
        return decided.at


patterns = st.lists(
    st.tuples(
        st.floats(0, 400) | st.floats(0, 2),  # since the one before
        st.sampled_from("ABCDEFGH"),
        st.booleans(),
    ),
    min_size=1,
    max_size=120,
)


@settings(max_examples=60, deadline=None)
@given(patterns)
def test_whatever_comes_the_caps_hold_and_every_page_leaves_in_bounded_time(pattern: Any) -> None:
    phone, now = Phone(), START
    for gap, kind, critical in pattern:
        now += timedelta(seconds=gap)
        phone.page(now, kind, critical=critical)
        assert phone.due - now <= timedelta(hours=1)
    phone.leave(now + timedelta(hours=2))
    instants = [instant for instant, _ in phone.texts]
    for most, span in SPANS:
        for first, beyond in zip(instants, instants[most:], strict=False):
            assert beyond - first >= span, (most, span)
    told = [number for _, numbers in phone.texts for number in numbers]
    assert sorted(told) == list(range(len(pattern)))
    left = {number: instant for instant, numbers in phone.texts for number in numbers}
    for number, arrived in enumerate(phone.arrivals):
        late = left[number] - arrived
        assert late <= timedelta(hours=1)
        assert late <= timedelta(seconds=60) or number in phone.others


@settings(max_examples=60, deadline=None)
@given(patterns)
def test_a_new_critical_is_told_within_ten_seconds_or_by_another_way(pattern: Any) -> None:
    phone, now, kinds = Phone(), START, set[str]()
    for gap, kind, critical in pattern:
        now += timedelta(seconds=gap)
        due = phone.page(now, kind, critical=critical)
        if critical and kind not in kinds:
            kinds.add(kind)
            number = len(phone.arrivals) - 1
            assert due - now <= timedelta(seconds=10) or number in phone.others


@settings(max_examples=40, deadline=None)
@given(
    st.lists(st.tuples(st.floats(0, 60), st.sampled_from("ABC")), min_size=20, max_size=200),
    st.floats(8, 240),
)
def test_in_a_storm_that_has_begun_something_new_is_told_at_once(storm: Any, when: float) -> None:
    """The kinds of the storm show up at its start; what comes later is news."""
    phone = Phone()
    events = [(second / 60 * 50 + 1, kind) for second, kind in storm]
    events += [(0.0, "A"), (0.2, "B"), (0.4, "C"), (when, "N")]
    for second, kind in sorted(events):
        due = phone.page(at(second), kind)
        if kind == "N":
            assert due - at(second) <= timedelta(seconds=10)
    phone.leave(at(299.9))
    assert len(phone.texts) <= 3


def test_two_ordinary_incidents_are_a_minute_apart_at_most() -> None:
    phone = Phone()
    assert phone.page(at(0)) == at(0)
    assert phone.page(at(20)) == at(60)
    phone.leave(at(60))
    assert [instant for instant, _ in phone.texts] == [at(0), at(60)]


@pytest.mark.parametrize("gap", [61, 100, 299])
def test_far_enough_apart_they_leave_at_once(gap: float) -> None:
    phone = Phone()
    assert [phone.page(at(0)), phone.page(at(gap))] == [at(0), at(gap)]


def test_a_second_critical_of_another_kind_goes_at_once() -> None:
    phone = Phone()
    phone.page(at(0), "A")
    assert phone.page(at(20), "B") == at(23)
    phone.leave(at(30))
    # The reserved message is not held against the next ordinary one while it is calm.
    assert phone.page(at(40), "A") == at(83)


def test_a_critical_among_warnings_goes_at_once() -> None:
    phone = Phone()
    phone.page(at(0), "A", critical=False)
    assert phone.page(at(20), "A", critical=True) == at(23)


def test_what_a_growing_storm_puts_off_goes_another_way() -> None:
    phone = Phone()
    for second, kind in ((0, "A"), (20, "B"), (40, "A"), (45, "A")):
        phone.page(at(second), kind)
    assert phone.due == at(83)
    assert phone.page(at(50), "A") == at(300)
    assert phone.others == [2, 3, 4]
    assert phone.page(at(100), "N") == at(103)


def test_what_is_put_off_by_seconds_beyond_a_minute_goes_another_way_too() -> None:
    phone = Phone()
    for second, kind in ((0, "A"), (1, "B"), (200, "A"), (240, "A"), (245, "A")):
        phone.page(at(second), kind)
    phone.leave(at(400))
    left = {number: instant for instant, numbers in phone.texts for number in numbers}
    late = {n for n, came in enumerate(phone.arrivals) if left[n] - came > timedelta(seconds=60)}
    assert late <= set(phone.others)


def test_windows_grow_while_it_lasts_and_shrink_after_a_calm() -> None:
    phone = Phone()
    for second in range(3600):
        phone.page(at(second), "A")
    gaps = [b - a for (a, _), (b, _) in zip(phone.texts, phone.texts[1:], strict=False)]
    assert gaps[:2] == [timedelta(seconds=60), timedelta(minutes=5)]
    assert set(gaps[2:]) == {timedelta(minutes=10)}
    phone.leave(at(3600 + 600))
    assert phone.page(at(3600 + 600 + 1260), "A") == at(3600 + 600 + 1260)


def test_the_hard_cap_keeps_one_message_for_what_is_new() -> None:
    phone = Phone(Limits(per_5m=9, per_15m=4, windows=(timedelta(seconds=1),)))
    for minute in range(3):
        assert phone.page(at(60 * minute), "A") == at(60 * minute)
    assert phone.page(at(180), "A") == at(900)
    assert phone.others == [3]
    assert phone.page(at(181), "N") == at(184)
    phone.leave(at(190))
    assert phone.page(at(200), "M") == at(900)
    assert phone.others == [3, 5]


def test_where_messages_cost_no_sleep_one_a_minute_leaves_and_none_is_far_off() -> None:
    phone = Phone(UNCAPPED)
    for second in range(0, 1200, 7):
        due = phone.page(at(second), "A")
        assert due - at(second) <= timedelta(minutes=2)
