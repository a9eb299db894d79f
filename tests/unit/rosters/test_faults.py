"""A faulty rosters file: every fault at once, its line, and what would be right."""

from __future__ import annotations

import pytest

from inventory.config import ConfigurationError

FORM = """\
timezone: Europe/Pari
holidays:
  contry: FR
  extra:
    - {date: demain, name: pont}
support_hours:
  days: [lundi]
  from: 19:00
people:
  - {id: ada, name: Ada, phone: 33639980001}
  - {id: bo, name: Bo, phone: "06 12"}
  - {id: cy, name: Cy, phone: "01 99 00 12 34"}
  - {id: Dé, name: Dé, phone: pas un numéro}
rosters:
  - {id: r, name: R, layers: [{id: l, name: L, when: nuit, people: [ada]}]}
"""

SENSE = """\
support_hours: {days: [monday], from: "19:00", to: "07:00"}
people:
  - {id: ada, name: Ada, phone: "06 39 98 00 01"}
  - {id: ada, name: Bo, phone: "+33 6 39 98 00 01"}
rosters:
  - id: r
    name: R
    layers:
      - {id: jour, name: J, people: [zoe]}
      - id: jour
        name: K
        rotation:
          every: week
          handover: {day: friday, at: "19:00"}
          start: 2026-01-01
          people: [ada, yves]
      - {id: vide, name: V}
  - {id: r, name: S, layers: [{id: x, name: X, people: [ada]}]}
"""


def faults(load, text: str) -> list[str]:
    with pytest.raises(ConfigurationError) as raised:
        load(text)
    return [
        f"{fault.line} {fault.path}: {fault.problem} ; {fault.expected}"
        for fault in raised.value.faults
    ]


@pytest.mark.parametrize(
    "expected",
    [
        "1 timezone: « Europe/Pari » n'est pas un fuseau horaire ; un nom IANA, ex. Europe/Paris",
        "3 holidays.contry: clé inconnue ; l'une des clés : country, alsace_moselle,",
        "5 holidays.extra[0].date: « demain » n'est pas une date ; AAAA-MM-JJ, ex. 2026-01-02",
        "6 support_hours.to: clé obligatoire absente ;",
        "7 support_hours.days[0]: « lundi » n'est pas admis ; 'monday',",
        '8 support_hours.from: « 1140 » n\'est pas une heure ; entre guillemets, ex. "19:00"',
        "10 people[0].phone: « 33639980001 » n'est pas un texte ; un mobile entre guillemets",
        "11 people[1].phone: « 06 12 » n'a pas la longueur d'un numéro de téléphone ; un mobile",
        "12 people[2].phone: « 01 99 00 12 34 » est un numéro fixe, il ne reçoit pas de SMS ;",
        "13 people[3].id: « Dé » n'est pas un identifiant ; minuscules sans accent",
        "13 people[3].phone: « pas un numéro » n'est pas un numéro de téléphone ; un mobile",
        "15 rosters[0].layers[0].when: « nuit » n'est pas admis ; 'always',",
    ],
)
def test_each_fault_of_form_is_told_with_its_line(load, expected) -> None:
    assert [text for text in faults(load, FORM) if text.startswith(expected)], faults(load, FORM)


@pytest.mark.parametrize(
    "expected",
    [
        "1 support_hours.to: la fermeture (07:00) n'est pas après l'ouverture (19:00) ; une heure",
        "4 people[1].id: personne « ada » en double, déjà ligne 3 ; une seule fois",
        "4 people[1].phone: numéro « +33639980001 » en double, déjà ligne 3 ; une seule fois",
        "9 rosters[0].layers[0].people[0]: personne « zoe » inconnue ; une de : ada",
        "10 rosters[0].layers[1].id: couche « jour » en double, déjà ligne 9 ; une seule fois",
        "10 rosters[0].layers[1]: la couche « jour » ne sert jamais : « jour », au-dessus,",
        "16 rosters[0].layers[1].rotation.people[1]: personne « yves » inconnue ; une de : ada",
        "15 rosters[0].layers[1].rotation.start: le 2026-01-01 est un jeudi, la relève a lieu",
        "17 rosters[0].layers[2]: la couche « vide » doit dire qui répond, une fois ; people",
        "18 rosters[1].id: tour d'astreinte « r » en double, déjà ligne 6 ; une seule fois",
    ],
)
def test_each_fault_of_sense_is_told_with_its_line(load, expected) -> None:
    assert [text for text in faults(load, SENSE) if text.startswith(expected)], faults(load, SENSE)


@pytest.mark.parametrize("written", ["24:00", "7:00", "19h00", "19:60", ""])
def test_a_time_is_written_in_one_way(load, written) -> None:
    found = faults(load, SENSE.replace('to: "07:00"', f'to: "{written}"'))
    assert any("support_hours.to: « " in text and "n'est pas une heure" in text for text in found)


def test_an_empty_file_names_what_is_missing(load) -> None:
    found = faults(load, "{}")
    assert [text.split(":")[0] for text in found] == ["1 people", "1 rosters", "1 support_hours"]
