"""What changes and leaves do to the book: the file stays what it is."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from itertools import pairwise
from typing import Any

from effort import tries
from hypothesis import given
from hypothesis import strategies as st

from alertmanager.rosters import RosterBook
from alertmanager.rosters.changes import Change, Leave

MADE = datetime(2026, 4, 20, 8, tzinfo=UTC)
NIGHT = datetime(2026, 5, 1, 5, 12, tzinfo=UTC)
"""1 May, 07:12: Nadia's week."""


def change(number: int = 1, **given: Any) -> Change:
    start = datetime(2026, 4, 30, 22, tzinfo=UTC)
    made = Change(
        id=f"c{number}",
        roster="astreinte",
        start=start,
        end=start + timedelta(days=1),
        people=("luc.marchand",),
        kind="override",
        instead_of=None,
        created_at=MADE + timedelta(minutes=number),
    )
    return replace(made, **given)


def leave(person: str, **given: Any) -> Leave:
    start = datetime(2026, 4, 30, 22, tzinfo=UTC)
    return replace(Leave("l1", person, start, start + timedelta(days=2), "manual"), **given)


def who(book: RosterBook, at: datetime = NIGHT, roster: str = "astreinte") -> list[str]:
    return [person.id for person in book.on_duty(roster, at).people]


def test_an_override_answers_over_its_span_and_says_so(book: RosterBook) -> None:
    assert who(book) == ["nadia.benali"]
    changed = book.with_changes([change(reason="formation")], [])
    duty = changed.on_duty("astreinte", NIGHT)
    assert [person.id for person in duty.people] == ["luc.marchand"]
    assert duty.layer == "change:c1"
    assert "remplacement (Luc Marchand : formation)" in duty.why
    assert (duty.starts, duty.ends) == (change().start, change().end)
    assert who(changed, change().end) == who(book, change().end)
    before = change().start - timedelta(seconds=1)
    assert who(changed, before) == who(book, before)
    assert who(book) == ["nadia.benali"]


def test_a_swap_replaces_that_person_and_nobody_else(book: RosterBook) -> None:
    swap = change(kind="swap", instead_of="nadia.benali", end=change().start + timedelta(days=30))
    changed = book.with_changes([swap], [])
    assert who(changed) == ["luc.marchand"]
    assert (
        "échange (Luc Marchand au lieu de Nadia Benali)" in changed.on_duty("astreinte", NIGHT).why
    )
    later = NIGHT + timedelta(days=7)
    assert who(changed, later) == who(book, later) != ["nadia.benali"]


def test_what_was_taken_over_may_be_given_on(book: RosterBook) -> None:
    first = change(1, kind="swap", instead_of="nadia.benali")
    second = change(2, kind="swap", instead_of="luc.marchand", people=("yann.legoff",))
    assert who(book.with_changes([second, first], [])) == ["yann.legoff"]


def test_of_two_overrides_the_one_made_last_wins(book: RosterBook) -> None:
    late = change(2, people=("yann.legoff",))
    assert who(book.with_changes([late, change(1)], [])) == ["yann.legoff"]


def test_somebody_on_leave_is_not_on_duty(book: RosterBook) -> None:
    changed = book.with_changes([], [leave("nadia.benali")])
    assert who(changed) == []
    gap = changed.gaps("astreinte", NIGHT, NIGHT + timedelta(hours=1))
    assert [(one.start, one.end) for one in gap] == [(NIGHT, NIGHT + timedelta(hours=1))]


def test_a_replacement_of_somebody_on_leave_holds(book: RosterBook) -> None:
    swap = change(kind="swap", instead_of="nadia.benali")
    assert who(book.with_changes([swap], [leave("nadia.benali")])) == ["luc.marchand"]


def test_a_stand_in_who_is_away_leaves_the_duty_to_the_file(book: RosterBook) -> None:
    assert who(book.with_changes([change()], [leave("luc.marchand")])) == ["nadia.benali"]
    swap = change(kind="swap", instead_of="nadia.benali")
    both = [leave("nadia.benali"), leave("luc.marchand", id="l2")]
    assert who(book.with_changes([swap], both)) == []


def test_a_change_whose_people_are_away_is_as_if_it_had_not_been_made(book: RosterBook) -> None:
    """What stood before holds: somebody answers, and the hole is known of ahead."""
    away = [leave("yann.legoff")]
    first, second = change(1), change(2, people=("yann.legoff",))
    assert who(book.with_changes([first, second], away)) == ["luc.marchand"]
    given = change(1, kind="swap", instead_of="nadia.benali")
    on = change(2, kind="swap", instead_of="luc.marchand", people=("yann.legoff",))
    assert who(book.with_changes([given, on], away)) == ["luc.marchand"]
    both = change(2, people=("yann.legoff", "ines.robert"))
    assert who(book.with_changes([both], away)) == ["ines.robert"]


def test_people_the_file_no_longer_knows_are_passed_over(book: RosterBook) -> None:
    assert who(book.with_changes([change(people=("parti",))], [])) == ["nadia.benali"]


_PEOPLE = ("malik.haddad", "nadia.benali", "luc.marchand", "yann.legoff", "ines.robert")
_HOURS = st.integers(0, 24 * 40)


@st.composite
def plans(draw: Any) -> tuple[list[Change], list[Leave]]:
    start = datetime(2026, 4, 15, tzinfo=UTC)
    changes, leaves = [], []
    for number in range(draw(st.integers(0, 6))):
        low = start + timedelta(hours=draw(_HOURS))
        span = {"start": low, "end": low + timedelta(hours=draw(st.integers(1, 300)))}
        instead = draw(st.sampled_from([None, *_PEOPLE]))
        made = MADE + timedelta(minutes=draw(st.integers(0, 9)))
        people = (draw(st.sampled_from(_PEOPLE)),)
        changes.append(change(number, instead_of=instead, people=people, created_at=made, **span))
    for number in range(draw(st.integers(0, 4))):
        low = start + timedelta(hours=draw(_HOURS))
        end = low + timedelta(hours=draw(st.integers(1, 300)))
        person = draw(st.sampled_from(_PEOPLE))
        leaves.append(Leave(f"l{number}", person, low, end, "manual"))
    return changes, leaves


@given(plan=plans(), minutes=st.integers(0, 60 * 24 * 60))
@tries(100)
def test_shifts_and_gaps_fill_any_span_and_agree_with_each_instant(
    book: RosterBook, plan: tuple[list[Change], list[Leave]], minutes: int
) -> None:
    changed = book.with_changes(*plan)
    start = datetime(2026, 4, 10, tzinfo=UTC)
    end = start + timedelta(days=60)
    pieces = [*changed.shifts("astreinte", start, end), *changed.gaps("astreinte", start, end)]
    spans = sorted((piece.start, piece.end) for piece in pieces)
    assert spans[0][0] == start
    assert spans[-1][1] == end
    assert all(left[1] == right[0] for left, right in pairwise(spans))
    at = start + timedelta(minutes=minutes)
    if at < end:
        here = [
            shift.people
            for shift in changed.shifts("astreinte", start, end)
            if shift.start <= at < shift.end
        ]
        assert (here[0] if here else ()) == changed.on_duty("astreinte", at).people
        absent = {one.person for one in plan[1] if one.start <= at < one.end}
        assert not absent & {person.id for person in changed.on_duty("astreinte", at).people}
