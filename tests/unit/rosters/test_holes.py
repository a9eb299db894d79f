"""Each kind of hole, at its bounds and just beside them."""

from __future__ import annotations

import time
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from alertmanager.rosters.changes import Leave
from alertmanager.rosters.holes import Hole, find_holes
from alertmanager.rosters.limits import Limits

HEAD = """
support_hours: {days: [monday, tuesday, wednesday, thursday, friday], from: "07:00", to: "19:00"}
people:
  - {id: a, name: Ada, phone: "06 39 98 00 01"}
  - {id: b, name: Bo, phone: "06 39 98 00 02"}
  - {id: c, name: Cy, phone: "06 39 98 00 03"}
rosters:
"""
WEEKS = """
  - id: {id}
    name: {name}
    layers:
      - id: semaine
        name: semaine
        rotation:
          every: week
          handover: {{day: friday, at: "19:00"}}
          start: 2026-01-02
          people: [{people}]
"""


def weeks(identifier: str, name: str, people: str) -> str:
    return WEEKS.format(id=identifier, name=name, people=people)


def kinds(holes: list[Hole]) -> list[str]:
    return [hole.kind for hole in holes]


def test_the_shipped_example_has_no_hole_for_400_days(book, paris) -> None:
    start = paris(2026, 1, 5)
    assert find_holes(book, start, start + timedelta(days=400)) == []


def test_before_anybodys_turn_there_is_a_gap(book, paris) -> None:
    holes = find_holes(book, paris(2026, 1, 1), paris(2026, 1, 5))
    assert [(hole.kind, hole.roster, hole.person) for hole in holes] == [
        ("gap", "astreinte", None),
        ("gap", "renfort", None),
    ]
    assert (holes[0].start, holes[0].end) == (paris(2026, 1, 1), paris(2026, 1, 2, 7))
    assert holes[0].why == "personne ne répond pour « Astreinte d'exploitation »"


@given(st.integers(0, 1_000), st.integers(1, 40 * 24))
@settings(deadline=None, max_examples=30)
def test_gaps_are_those_of_the_book(book, hour, length) -> None:
    start = datetime(2025, 12, 20, tzinfo=UTC) + timedelta(hours=hour)
    end = start + timedelta(hours=length)
    found = [h for h in find_holes(book, start, end) if h.kind == "gap"]
    assert {(h.roster, h.start, h.end) for h in found} == {
        (roster, gap.start, gap.end)
        for roster in book.roster_ids
        for gap in book.gaps(roster, start, end)
    }


def test_a_roster_that_is_empty_on_purpose_has_no_gap(load, paris) -> None:
    text = HEAD + (
        "  - {id: jour, name: Jour, layers: [{id: x, name: x, when: support_hours, people: [a]}]}\n"
    )
    week = paris(2026, 5, 4), paris(2026, 5, 11)
    assert kinds(find_holes(load(text), *week)) == ["gap"] * 5  # 8 May is a holiday
    assert find_holes(load(text + "limits: {part_time: [jour]}\n"), *week) == []


def test_who_is_on_leave_on_duty_is_a_hole_only_while_both_last(book, paris) -> None:
    # Nadia is on duty outside support hours from Friday 24 April, 19 h, to Friday 1 May, 19 h.
    leave = Leave("1", "nadia.benali", paris(2026, 4, 27, 12), paris(2026, 4, 28, 20), "manual")
    holes = find_holes(book, paris(2026, 4, 20), paris(2026, 5, 18), leaves=[leave])
    assert [(h.kind, h.roster, h.person, h.start, h.end) for h in holes] == [
        (
            *("on_leave", "astreinte", "nadia.benali"),
            *(paris(2026, 4, 27, 19), paris(2026, 4, 28, 7)),
        ),
        (
            *("on_leave", "astreinte", "nadia.benali"),
            *(paris(2026, 4, 28, 19), paris(2026, 4, 28, 20)),
        ),
    ]
    assert "Nadia Benali est en congé du lundi 27 avril 2026 à 12 h 00 au mardi" in holes[0].why


def test_leaves_that_overlap_are_one_hole_and_a_note_stays_private(book, paris) -> None:
    leaves = [
        Leave("1", "nadia.benali", paris(2026, 4, 30), paris(2026, 5, 1), "manual", "hôpital"),
        Leave("2", "nadia.benali", paris(2026, 4, 30, 12), paris(2026, 5, 2), "agenda", "hôpital"),
        Leave("3", "claire.fontaine", paris(2026, 5, 2), paris(2026, 5, 4), "manual"),
    ]
    start = paris(2026, 4, 30, 19)
    (hole,) = find_holes(book, start, paris(2026, 5, 4), leaves=leaves)
    assert (hole.start, hole.end) == (start, paris(2026, 5, 1, 19))
    assert "hôpital" not in hole.why


def test_nobody_is_known_to_be_reachable_until_it_is_asked(book, paris) -> None:
    night = paris(2026, 5, 1, 0), paris(2026, 5, 2, 0)
    assert find_holes(book, *night) == []
    known = {"luc.marchand", "ines.robert", "yann.legoff", "helene.vasseur"}
    (hole,) = find_holes(book, *night, verified=known)
    assert (hole.kind, hole.roster, hole.person) == ("no_contact", "astreinte", "nadia.benali")
    assert (hole.start, hole.end) == (paris(2026, 5, 1, 0), paris(2026, 5, 1, 19))
    assert "+33" not in hole.why


def test_one_person_in_two_rosters_at_once_is_a_hole_of_the_second(load, paris) -> None:
    text = HEAD + weeks("un", "Un", "a, b") + weeks("deux", "Deux", "b, c")
    span = paris(2026, 1, 2, 19), paris(2026, 1, 16, 19)
    assert find_holes(load(text), *span) == []  # b is the second, then the first: never both
    text = HEAD + weeks("un", "Un", "a, b") + weeks("deux", "Deux", "a, c")
    holes = find_holes(load(text), *span)
    assert [(h.kind, h.roster, h.person, h.start, h.end) for h in holes] == [
        ("two_places", "deux", "a", paris(2026, 1, 2, 19), paris(2026, 1, 9, 19)),
    ]
    assert holes[0].why == "Ada répond au même moment pour « Un »"
    shared = Limits(shared=(frozenset({"un", "deux"}),))
    assert find_holes(load(text), *span, limits=shared) == []
    other = Limits(shared=(frozenset({"un", "trois"}),))
    assert len(find_holes(load(text), *span, limits=other)) == 1


def test_the_same_answer_whatever_the_span_asked_for(load, paris) -> None:
    text = HEAD + weeks("un", "Un", "a, a, a, b") + weeks("deux", "Deux", "c, b, a, a")
    book = load(text)
    start, end = paris(2026, 1, 2, 19), paris(2027, 2, 5)
    whole = find_holes(book, start, end)
    assert {hole.kind for hole in whole} == {"rest", "two_places"}
    for days in (1, 10, 20, 23, 30, 200):
        low, high = start + timedelta(days=days), start + timedelta(days=days + 17)
        cut = {
            (h.kind, h.roster, h.person, max(h.start, low), min(h.end, high))
            for h in whole
            if h.start < high and low < h.end
        }
        part = {(h.kind, h.roster, h.person, h.start, h.end) for h in find_holes(book, low, high)}
        assert part == cut


def test_names_of_limits_are_those_of_rosters(load) -> None:
    for line in ("shared: [[un, x]]", "not_duty: [x]", "part_time: [x]"):
        with pytest.raises(Exception, match=r"« x » inconnu ; attendu : l'un de : un"):
            load(HEAD + weeks("un", "Un", "a") + f"limits: {{{line}}}\n")
    with pytest.raises(Exception, match="longest_duty_days"):
        load(HEAD + weeks("un", "Un", "a") + "limits: {longest_duty_days: 0}\n")


def test_a_year_ahead_costs_little_more_than_walking_it_twice(book, paris) -> None:
    start = paris(2026, 1, 5)
    end = start + timedelta(days=400)
    begun = time.process_time()
    for roster in book.roster_ids:
        book.shifts(roster, start, end)
    walked = time.process_time()
    find_holes(book, start, end)
    assert time.process_time() - walked < 6 * (walked - begun)
