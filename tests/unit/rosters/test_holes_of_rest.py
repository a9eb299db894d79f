"""Rest, as far as a plan can tell: each limit met exactly is no hole, a minute beyond it is."""

from __future__ import annotations

from datetime import timedelta

import pytest

from alertmanager.rosters.holes import find_holes

PEOPLE = """
people:
  - {id: a, name: Ada, phone: "06 39 98 00 01"}
  - {id: b, name: Bo, phone: "06 39 98 00 02"}
  - {id: c, name: Cy, phone: "06 39 98 00 03"}
"""
FIVE_DAYS = 'support_hours: {days: [monday, tuesday, wednesday, thursday, friday], from: "07:00", '


def rota(people: str, hours: str = 'to: "19:00"}', limits: str = "") -> str:
    return f"""
{FIVE_DAYS}{hours}
{PEOPLE}
rosters:
  - id: un
    name: Un
    layers:
      - id: semaine
        name: semaine
        rotation:
          every: week
          handover: {{day: friday, at: "19:00"}}
          start: 2026-01-02
          people: [{people}]
{limits}
"""


def desk(hours: str, days: str = "monday, tuesday, wednesday, thursday, friday") -> str:
    return f"""
support_hours: {{days: [{days}], {hours}}}
{PEOPLE}
rosters:
  - id: jour
    name: Jour
    layers: [{{id: bureau, name: bureau, when: support_hours, people: [a]}}]
limits: {{part_time: [jour]}}
"""


def test_fourteen_days_in_a_row_are_admitted_and_three_weeks_are_not(load, paris) -> None:
    span = paris(2026, 1, 2, 19), paris(2026, 3, 27, 19)
    assert find_holes(load(rota("a, a, b, b")), *span) == []
    holes = find_holes(load(rota("a, a, a, b")), *span)
    assert [(h.kind, h.person, h.start, h.end) for h in holes] == [
        ("rest", "a", paris(2026, 1, 16, 19), paris(2026, 1, 23, 19)),
        ("rest", "a", paris(2026, 2, 13, 19), paris(2026, 2, 20, 19)),
        ("rest", "a", paris(2026, 3, 13, 19), paris(2026, 3, 20, 19)),
    ]
    assert holes[0].why == "Ada : plus de 14 jours d'astreinte sans 35 h de répit"


def test_the_site_sets_how_long_and_which_rosters_count(load, paris) -> None:
    span = paris(2026, 1, 2, 19), paris(2026, 3, 27, 19)
    assert (
        find_holes(load(rota("a, a, a, b", limits="limits: {longest_duty_days: 21}")), *span) == []
    )
    assert find_holes(load(rota("a, a, a, b", limits="limits: {not_duty: [un]}")), *span) == []
    week = find_holes(load(rota("a, b", limits="limits: {longest_duty_days: 6}")), *span)
    assert {h.end - h.start for h in week} == {timedelta(days=1)}


def test_a_pause_shorter_than_35_hours_does_not_interrupt(load, paris) -> None:
    """Nights of one week, with the office's day between them, then the next week's."""
    text = rota("a, a, a, b").replace(
        "name: semaine\n", "name: semaine\n        when: outside_support_hours\n"
    )
    book = load(text)
    holes = [
        h
        for h in find_holes(book, paris(2026, 1, 2, 19), paris(2026, 1, 30, 19))
        if h.kind == "rest"
    ]
    assert len(holes) == 5
    assert (holes[0].start, holes[-1].end) == (paris(2026, 1, 16, 19), paris(2026, 1, 23, 7))


def test_duty_across_two_rosters_adds_up(load, paris) -> None:
    second = """
  - id: deux
    name: Deux
    layers:
      - id: semaine
        name: semaine
        rotation:
          every: week
          handover: {day: friday, at: "19:00"}
          start: 2026-01-02
          people: [c, b, a, c]
"""
    text = rota("a, a, b, b") + second
    book = load(text)
    rest = [
        h
        for h in find_holes(book, paris(2026, 1, 2, 19), paris(2026, 1, 30, 19))
        if h.kind == "rest"
    ]
    assert [(h.roster, h.person, h.start, h.end) for h in rest] == [
        ("deux", "a", paris(2026, 1, 16, 19), paris(2026, 1, 23, 19)),
        ("un", "b", paris(2026, 1, 23, 19), paris(2026, 1, 30, 19)),
    ]


@pytest.mark.parametrize(("closes", "holes"), [("20:00", 0), ("20:01", 4)])
def test_eleven_hours_between_two_days_of_work(load, paris, closes, holes) -> None:
    book = load(desk(f'from: "07:00", to: "{closes}"'))
    found = find_holes(book, paris(2026, 6, 1), paris(2026, 6, 8))
    assert [h.kind for h in found] == ["rest"] * holes
    for hole in found:
        assert hole.why == "Ada : moins de 11 h entre deux journées de permanence"
        assert hole.end - hole.start == timedelta(minutes=1)


@pytest.mark.parametrize(
    ("hours", "holes"), [('from: "07:00", to: "19:00"', 0), ('from: "07:00", to: "20:01"', 6)]
)
def test_six_days_of_work_leave_35_hours_or_not(load, paris, hours, holes) -> None:
    book = load(desk(hours, "monday, tuesday, wednesday, thursday, friday, saturday"))
    found = find_holes(book, paris(2026, 6, 1), paris(2026, 6, 8))
    weekly = [h for h in found if "sept jours" in h.why]
    assert len(weekly) == holes


def test_seven_days_a_week_never_hold_a_rest(load, paris) -> None:
    days = "monday, tuesday, wednesday, thursday, friday, saturday, sunday"
    book = load(desk('from: "09:00", to: "17:00"', days))
    # Whit Monday (25 May) gave 35 h; from 1 June on, the seven days before held none.
    holes = find_holes(book, paris(2026, 5, 26), paris(2026, 6, 8))
    assert [(h.start, h.end) for h in holes] == [
        (paris(2026, 6, day, 9), paris(2026, 6, day, 17)) for day in range(1, 8)
    ]
    assert {(h.kind, h.person) for h in holes} == {("rest", "a")}


def test_nights_on_duty_without_an_intervention_are_rest(load, paris) -> None:
    text = rota("a, b, c").replace(
        "name: semaine\n", "name: semaine\n        when: outside_support_hours\n"
    )
    span = paris(2026, 1, 2, 19), paris(2026, 3, 27, 19)
    assert [h for h in find_holes(load(text), *span) if h.kind == "rest"] == []
