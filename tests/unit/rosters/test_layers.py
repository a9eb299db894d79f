"""Restrictions, shadows and explanations, on rosters that a reader can check with a calendar."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime

import pytest

from alertmanager.rosters import RosterBook
from alertmanager.rosters.changes import Change, Leave

TEXT = """
support_hours: {days: [monday, tuesday, wednesday, thursday, friday], from: "08:00", to: "18:00"}
calendars:
  - {id: ete, name: été, ranges: [{from: 2026-07-04, to: 2026-08-31}]}
people:
  - {id: ada, name: Ada, phone: "06 39 98 00 01"}
  - {id: bo, name: Bo, phone: "06 39 98 00 02"}
  - {id: cy, name: Cy, phone: "06 39 98 00 03"}
  - {id: di, name: Di, phone: "06 39 98 00 04"}
  - {id: eva, name: Éva, phone: "06 39 98 00 05"}
rosters:
  - id: r
    name: R
    layers:
      - {id: feries, name: jours fériés, when: {days: [holiday]}, eve: "18:00", people: [ada]}
      - id: nuits
        name: nuits du lundi au jeudi
        when: {days: [monday, tuesday, wednesday, thursday], from: "18:00", to: "08:00"}
        people: [bo]
        shadow: [eva]
      - {id: ete, name: été, when: {calendar: ete, not_days: [saturday, sunday]}, people: [cy]}
      - id: reste
        name: reste
        rotation:
          every: month
          handover: {at: "08:00"}
          start: 2026-01-31
          people: [[di, bo], {people: [ada], shadow: [eva, cy]}]
"""
Paris = Callable[..., datetime]


@pytest.fixture
def book(load: Callable[[str], RosterBook]) -> RosterBook:
    return load(TEXT)


@pytest.mark.parametrize(
    ("instant", "layer"),
    [
        ((2026, 4, 30, 17, 59), "reste"),  # Thursday, the eve of 1 May
        ((2026, 4, 30, 18, 0), "feries"),
        ((2026, 5, 1, 23, 59), "feries"),
        ((2026, 5, 2, 0, 0), "reste"),  # no night begins on a Friday
        ((2026, 5, 4, 18, 0), "nuits"),
        ((2026, 5, 5, 7, 59), "nuits"),
        ((2026, 5, 5, 8, 0), "reste"),
        ((2026, 7, 10, 12, 0), "ete"),
        ((2026, 7, 11, 12, 0), "reste"),  # a Saturday of summer
        ((2026, 7, 14, 12, 0), "feries"),
        ((2026, 8, 31, 23, 59), "nuits"),
        ((2026, 8, 31, 12, 0), "ete"),
        ((2026, 9, 1, 12, 0), "reste"),
    ],
)
def test_which_layer_answers(book: RosterBook, paris: Paris, instant, layer) -> None:
    assert book.on_duty("r", paris(*instant)).layer == layer


def test_a_night_is_bounded_by_its_hours_and_a_holiday_by_its_eve(
    book: RosterBook, paris: Paris
) -> None:
    night = book.on_duty("r", paris(2026, 5, 5, 2))
    assert (night.starts, night.ends) == (paris(2026, 5, 4, 18), paris(2026, 5, 5, 8))
    feast = book.on_duty("r", paris(2026, 5, 1, 12))
    assert (feast.starts, feast.ends) == (paris(2026, 4, 30, 18), paris(2026, 5, 2))


def test_those_who_only_watch_are_named_apart(book: RosterBook, paris: Paris) -> None:
    night = book.on_duty("r", paris(2026, 5, 5, 2))
    assert [person.id for person in night.people] == ["bo"]
    assert [person.id for person in night.shadow] == ["eva"]
    assert "Bo, en doublure : Éva" in night.why
    turn = book.on_duty("r", paris(2026, 3, 7, 12))
    assert [person.id for person in turn.people] == ["ada"]
    assert [person.id for person in turn.shadow] == ["eva", "cy"]
    several = book.on_duty("r", paris(2026, 2, 7, 12))
    assert [person.id for person in several.people] == ["di", "bo"]


def test_a_shadow_on_leave_does_not_watch_and_fills_no_hole(book: RosterBook, paris: Paris) -> None:
    at = paris(2026, 5, 5, 2)
    span = (paris(2026, 5, 4), paris(2026, 5, 6))
    away = book.with_changes([], [Leave("l", "eva", *span, "test")])
    assert away.on_duty("r", at).shadow == ()
    gone = book.with_changes([], [Leave("l", "bo", *span, "test")])
    assert gone.on_duty("r", at).layer == "reste"
    assert "eva" not in {person.id for person in gone.on_duty("r", at).people}


def test_each_layer_is_explained(book: RosterBook, paris: Paris) -> None:
    verdicts = book.explain("r", paris(2026, 5, 5, 2))
    assert [(one.layer_id, one.answers) for one in verdicts] == [
        ("feries", False),
        ("nuits", True),
        ("ete", False),
        ("reste", False),
    ]
    reasons = [one.why for one in verdicts]
    assert reasons[0] == (
        "ne répond pas : vaut jours fériés, dès 18:00 la veille des jours fériés,"
        " pas avant le jeudi 7 mai 2026 à 18 h 00"
    )
    assert reasons[1] == "répond : nuits du lundi au jeudi (Bo, en doublure : Éva)"
    assert reasons[2] == (
        "ne répond pas : vaut tous les jours, sauf samedi, dimanche, pendant « été »,"
        " pas avant le lundi 6 juillet 2026 à 0 h 00"
    )
    assert reasons[3] == (
        "répondrait, mais « nuits du lundi au jeudi » passe avant :"
        " reste (tour de Ada, en doublure : Éva et Cy jusqu'au dimanche 31 mai à 8 h 00)"
    )
    early = book.explain("r", paris(2026, 1, 17, 12))
    assert early[-1].why == (
        "ne répond pas : le premier tour commence le samedi 31 janvier 2026 à 8 h 00"
    )


def test_changes_and_leave_are_explained_too(book: RosterBook, paris: Paris) -> None:
    span = (paris(2026, 5, 4), paris(2026, 5, 6))

    def change(number: int, people: tuple[str, ...], instead: str | None) -> Change:
        made = paris(2026, 4, 1, 12, number)
        return Change(f"c{number}", "r", *span, people, "swap", instead, made)

    changes = [change(1, ("di",), "cy"), change(2, ("cy",), "bo"), change(3, ("eva",), "bo")]
    leaves = [Leave("l", "eva", *span, "test")]
    at = paris(2026, 5, 5, 2)
    verdicts = book.with_changes(changes[:2], leaves).explain("r", at)
    assert [(one.layer_id, one.answers) for one in verdicts[:2]] == [
        ("change:c2", True),
        ("change:c1", False),
    ]
    assert verdicts[0].why == "répond : échange (Cy au lieu de Bo)"
    assert verdicts[1].why.startswith("sans effet, la personne remplacée n'est pas d'astreinte")
    assert verdicts[3].why.startswith("répondrait, mais un changement passe avant")
    given_on = [changes[1], change(4, ("di",), "cy")]
    assert [one.why for one in book.with_changes(given_on, []).explain("r", at)[:2]] == [
        "répond : échange (Di au lieu de Cy)",
        "suivi d'un changement plus récent : échange (Cy au lieu de Bo)",
    ]
    away = book.with_changes([changes[2]], leaves).explain("r", at)
    assert away[0].why == "sans effet, Éva n'est pas là : échange (Éva au lieu de Bo)"
    absent = book.with_changes([], [Leave("l", "bo", *span, "test")]).explain("r", at)
    assert absent[1].why.startswith("ne répond pas, en congé : nuits")


def test_a_shift_is_not_cut_where_somebody_else_comes_or_goes(
    book: RosterBook, paris: Paris
) -> None:
    leave = Leave("l", "cy", paris(2026, 5, 5, 1), paris(2026, 5, 5, 3), "test")
    span = paris(2026, 5, 4, 12), paris(2026, 5, 5, 12)
    assert book.with_changes([], [leave]).shifts("r", *span) == book.shifts("r", *span)
