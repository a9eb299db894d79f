from __future__ import annotations

import json

from hypothesis import given
from hypothesis import strategies as st

from exporters.mailqueue.log.windows import PLACES_LIMIT, Window

NOW = 1_000_000
happenings = st.lists(
    st.tuples(
        st.integers(0, 600),  # seconds after NOW
        st.sampled_from("abc"),
        st.sampled_from(["1.1.1.1", "2.2.2.2", "3.3.3.3"]),
        st.integers(0, 50),
    ),
    max_size=60,
)


@given(happenings, st.integers(0, 900))
def test_a_window_holds_the_last_seconds_exactly_to_a_step(what, later):
    window = Window(120)  # steps of 2 s
    for offset, account, place, recipients in sorted(what):
        window.add(NOW + offset, NOW + offset, account, place=place, messages=1)
        window.add(NOW + offset, NOW + offset, account, recipients=recipients)
    end = NOW + 600 + later
    totals = window.totals(end)
    first = (end - 120) // 2 * 2
    inside = [event for event in what if NOW + event[0] >= first]
    for account in "abc":
        mine = [event for event in inside if event[1] == account]
        if not mine:
            assert account not in totals
            continue
        assert totals[account].messages == len(mine)
        assert totals[account].recipients == sum(event[3] for event in mine)
        assert set(totals[account].places) == {event[2] for event in mine}


@given(happenings)
def test_a_saved_window_is_restored_as_it_was(what):
    window, other = Window(3600), Window(3600)
    for offset, account, place, recipients in what:
        window.add(NOW + offset, NOW + 600, account, place=place, messages=1)
        window.add(NOW + offset, NOW + 600, account, recipients=recipients)
    for time, entries in window.changes():
        other.restore(time, json.loads(json.dumps(entries)))
    assert list(other.changes()) == []
    assert other.totals(NOW + 600) == window.totals(NOW + 600)
    assert other.totals(NOW + 9000) == window.totals(NOW + 9000) == {}


@given(happenings, happenings)
def test_what_is_saved_as_changes_one_time_after_the_other_is_the_window(first, second):
    window, rows = Window(120), {}
    for what in (first, second, []):
        for offset, account, place, _ in what:
            window.add(NOW + offset, NOW + 600, account, place=place, messages=1)
        window.totals(NOW + 600)
        for time, entries in window.changes():
            rows[time] = entries
            if entries is None:
                del rows[time]
        kept = dict(rows)
        window.change_all()
        assert kept == dict(window.changes())


def test_a_line_of_the_future_counts_as_now_and_an_old_one_not_at_all():
    window = Window(120)
    window.add(NOW + 86400, NOW, "a", place="1.1.1.1", messages=1)
    window.add(NOW - 500, NOW, "a", place="1.1.1.1", messages=1)
    assert window.totals(NOW)["a"].messages == 1
    assert window.totals(NOW + 130) == {}


def test_a_botnet_of_any_size_takes_bounded_memory():
    window = Window(3600)
    for number in range(PLACES_LIMIT + 500):
        window.add(NOW, NOW, "a", place=f"10.0.{number // 256}.{number % 256}", messages=1)
    totals = window.totals(NOW)["a"]
    assert totals.messages == PLACES_LIMIT + 500
    assert len(totals.places) == PLACES_LIMIT
    assert sum(len(entries) for _, entries in window.changes()) <= PLACES_LIMIT + 1
