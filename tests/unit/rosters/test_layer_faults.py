"""Faults of layers: every one at once, on its line, in French, with what would be right."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from alertmanager.rosters import RosterBook
from inventory.config import ConfigurationError

HEAD = """\
support_hours: {days: [monday, tuesday], from: "08:00", to: "18:00"}
calendars:
  - {id: ete, name: été, ranges: [{from: 2026-08-31, to: 2026-07-04}]}
  - {id: ete, name: été, ranges: [{from: 2026-07-04, to: 2026-08-31}]}
people: [{id: a, name: A, phone: "06 39 98 00 01"}, {id: b, name: B, phone: "06 39 98 00 02"}]
rosters:
  - id: r
    name: R
    layers:
"""
FORM = """\
      - {id: l1, name: L, when: {days: [lundi], calender: ete}, people: [a]}
      - {id: l2, name: L, when: 12, people: [a]}
      - id: l3
        name: L
        rotation:
          {every: {weeks: 2, days: 1}, handover: {at: "08:00"}, start: 2026-01-02, people: [a]}
      - id: l4
        name: L
        rotation:
          {every: [week], handover: {at: "08:00"}, start: 2026-01-02, order: au sort, people: []}
      - id: l5
        name: L
        rotation:
          {every: {days: 0}, handover: {at: "08:00"}, start: 2026-01-02, people: [{shadow: [a]}]}
"""
SENSE = """\
      - {id: l1, name: L, when: {}, people: [a]}
      - {id: l2, name: L, when: {days: [monday], calendar: hiver}, eve: "19:00", people: [a]}
      - {id: l3, name: L, when: {days: [holiday], from: "08:00"}, eve: "19:00", people: [a]}
      - id: l4
        name: L
        shadow: [zoe]
        rotation:
          every: {hours: 2}
          handover: {at: "08:00"}
          start: 2026-01-02
          order: fair
          people: [a, a]
      - id: l5
        name: L
        rotation:
          every: week
          handover: {at: "08:00"}
          start: 2026-01-02
          people: [[a, x], {people: [a], shadow: [a]}]
      - id: l6
        name: L
        rotation:
          {every: day, handover: {day: friday, at: "08:00"}, start: 2026-01-02, people: [a]}
"""


def faults(load: Callable[[str], RosterBook], layers: str) -> list[str]:
    with pytest.raises(ConfigurationError) as raised:
        load(HEAD + layers)
    return [
        f"{fault.line} {fault.path}: {fault.problem} ; {fault.expected}"
        for fault in raised.value.faults
    ]


def check(found: list[str], expected: list[str]) -> None:
    assert len(found) == len(expected), "\n".join(found)
    for text, start in zip(found, expected, strict=True):
        assert text.startswith(start), text


def test_each_fault_of_form_is_told_once(load: Callable[[str], RosterBook]) -> None:
    base = "rosters[0].layers"
    check(
        faults(load, FORM),
        [
            f"10 {base}[0].when.calender: clé inconnue ; l'une des clés : days, not_days, from",
            f"10 {base}[0].when.days[0]: « lundi » n'est pas admis ; 'monday', 'tuesday',",
            f"11 {base}[1].when: ce n'est pas un bloc de clés ; un bloc",
            f"15 {base}[2].rotation.every: la durée d'un tour se dit en une unité ; une clé parmi",
            f"19 {base}[3].rotation.every: ce n'est pas un bloc de clés ; un bloc",
            f"19 {base}[3].rotation.order: « au sort » n'est pas admis ; 'in_turn' ou 'fair'",
            f"19 {base}[3].rotation.people: liste trop courte ; au moins 1",
            f"23 {base}[4].rotation.every.days: « 0 » est trop petit ; au moins 1",
            f"23 {base}[4].rotation.people[0].people: clé obligatoire absente ; par exemple people",
        ],
    )


def test_each_fault_of_sense_is_told_once(load: Callable[[str], RosterBook]) -> None:
    base = "rosters[0].layers"
    check(
        faults(load, SENSE),
        [
            "3 calendars[0].ranges[0].to: la fin (2026-07-04) précède le début (2026-08-31) ; la",
            "4 calendars[1].id: calendrier « ete » en double, déjà ligne 3 ; une seule fois",
            f"10 {base}[0].when: aucune condition ; days, from, to, calendar ; ou always",
            f"11 {base}[1].eve: la couche ne vaut pas les jours fériés ; when: {{days: [holiday]}}",
            f"11 {base}[1].when.calendar: calendrier « hiver » inconnu ; un de : ete",
            f"12 {base}[2].eve: le jour férié a deux heures de début, from et eve ; eve (la",
            f"15 {base}[3].shadow[0]: personne « zoe » inconnue ; une de : a, b",
            f"20 {base}[3].rotation.order: des tours de 2 h ne se répartissent pas par nuits",
            f"21 {base}[3].rotation.people[1]: « a » deux fois : order: fair donne la même part",
            f"26 {base}[4].rotation.handover: le jour de la relève manque ; day: le jour de",
            f"28 {base}[4].rotation.people[0][1]: personne « x » inconnue ; une de : a, b",
            f"28 {base}[4].rotation.people[1].shadow[0]: « a » répond et se double soi-même ;",
            f"32 {base}[5].rotation.handover.day: un jour de relève ne vaut que pour des tours",
        ],
    )


def test_a_date_that_no_calendar_has_is_told(load: Callable[[str], RosterBook]) -> None:
    with pytest.raises(ConfigurationError) as raised:
        load((HEAD + FORM).replace("2026-08-31, to: 2026-07-04", "2026-06-31, to: 2026-07-04"))
    fault = raised.value.faults[0]
    assert (fault.line, fault.path) == (3, "calendars[0].ranges[0].from")
    assert fault.expected.startswith("une date qui existe")
