"""Shifts, gaps and layers of a whole book."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from itertools import pairwise

from effort import tries
from hypothesis import given
from hypothesis import strategies as st

from alertmanager.rosters import load_rosters
from inventory import load_inventory

START = datetime(2026, 1, 5, tzinfo=UTC)
HOLES = """
support_hours: {days: [monday], from: "07:00", to: "19:00"}
people:
  - {id: a, name: Ada, phone: "06 39 98 00 01"}
  - {id: b, name: Bo, phone: "06 39 98 00 02"}
  - {id: c, name: Cy, phone: "06 39 98 00 03"}
rosters:
  - id: trous
    name: Trous
    layers:
      - {id: bureau, name: bureau, when: support_hours, people: [a, b, c]}
  - id: jamais
    name: Jamais
    layers:
      - id: plus-tard
        name: plus tard
        rotation:
          {every: week, handover: {day: friday, at: "19:00"}, start: 2030-01-04, people: [a]}
"""


@given(
    st.integers(0, 5 * 365 * 24 * 60),
    st.integers(1, 14 * 24 * 60),
    st.sampled_from(["astreinte", "renfort", "dernier-recours"]),
)
@tries(100)
def test_the_shifts_of_any_span_cover_it_without_gap_or_overlap(book, minute, length, roster):
    start = START + timedelta(minutes=minute)
    end = start + timedelta(minutes=length)
    shifts = book.shifts(roster, start, end)
    assert shifts[0].start == start
    assert shifts[-1].end == end
    assert all(before.end == after.start for before, after in pairwise(shifts))
    assert all(shift.start < shift.end for shift in shifts)
    assert book.gaps(roster, start, end) == []


@given(st.integers(0, 5 * 365 * 24 * 60), st.sampled_from(["astreinte", "renfort"]))
@tries(100)
def test_the_duty_of_any_minute_is_that_of_its_bounds_and_of_the_shift_that_holds_it(
    book, minute, roster
):
    at = START + timedelta(minutes=minute)
    duty = book.on_duty(roster, at)
    assert len(duty.people) == 1
    assert duty.starts <= at < duty.ends
    assert book.on_duty(roster, duty.starts).people == duty.people
    assert book.on_duty(roster, duty.ends - timedelta(microseconds=1)).people == duty.people
    after = book.on_duty(roster, duty.ends)
    assert (after.people, after.layer) != (duty.people, duty.layer)
    (shift,) = book.shifts(roster, at, at + timedelta(microseconds=1))
    assert (shift.people, shift.layer) == (duty.people, duty.layer)


@given(st.integers(0, 3 * 365 * 24 * 60))
@tries(100)
def test_nobody_is_first_and_second_at_once(book, minute):
    at = START + timedelta(minutes=minute)
    first = book.on_duty("astreinte", at).people
    assert not set(first) & set(book.on_duty("renfort", at).people)


def test_five_people_take_each_a_fifth_of_five_weeks(book, paris) -> None:
    start, end = paris(2026, 9, 4, 19, 0), paris(2026, 10, 9, 19, 0)
    totals: dict[str, timedelta] = {}
    for shift in book.shifts("astreinte", start, end):
        (person,) = shift.people
        totals[person.id] = totals.get(person.id, timedelta()) + shift.end - shift.start
    office = totals.pop("claire.fontaine")
    assert office == timedelta(hours=12 * 25)
    assert set(totals.values()) == {timedelta(hours=168 - 60)}
    assert len(totals) == 5


def test_gaps_are_joined_and_everyone_of_a_layer_answers_together(load, paris) -> None:
    book = load(HOLES)
    start, end = paris(2026, 4, 27), paris(2026, 5, 5)
    gaps = book.gaps("trous", start, end)
    assert [(gap.start, gap.end) for gap in gaps] == [
        (paris(2026, 4, 27, 0, 0), paris(2026, 4, 27, 7, 0)),
        (paris(2026, 4, 27, 19, 0), paris(2026, 5, 4, 7, 0)),
        (paris(2026, 5, 4, 19, 0), paris(2026, 5, 5, 0, 0)),
    ]
    duty = book.on_duty("trous", paris(2026, 5, 4, 12, 0))
    assert duty.why == "lundi 4 mai 2026 : heures ouvrées ; bureau (Ada, Bo et Cy)"


def test_nobody_on_duty_is_an_answer_with_its_reason(load, paris) -> None:
    duty = load(HOLES).on_duty("jamais", paris(2026, 5, 4, 12, 0))
    assert duty.people == ()
    assert duty.layer is None
    assert duty.ends == paris(2030, 1, 4, 19, 0)
    assert duty.why == "lundi 4 mai 2026 : heures ouvrées ; personne d'astreinte dans « Jamais »"


def test_the_zone_of_the_inventory_serves_when_the_file_names_none(tmp_path, load) -> None:
    assert load(HOLES).zone.key == "Europe/Paris"
    inventory = tmp_path / "inventory.yml"
    inventory.write_text(
        "syndicate: {id: s, name: S, timezone: Indian/Reunion}\n"
        "services: [{id: m, name: M}]\n"
        "members: [{id: t, name: T, services: [m]}]\n",
        encoding="utf-8",
    )
    book = load_rosters(tmp_path / "rosters.yml", load_inventory(inventory))
    assert book.zone.key == "Indian/Reunion"
