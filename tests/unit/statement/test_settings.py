"""statement.yml: every fault at once, with its line and what would be right."""

from __future__ import annotations

import shutil
from datetime import date
from pathlib import Path

import pytest

import alertmanager.rosters
import alertmanager.statement
import inventory
from alertmanager.rosters import load_rosters
from alertmanager.statement import load_statement_rules
from deploy.cli.__main__ import main
from inventory.config import ConfigurationError
from inventory.loader import load_inventory

HERE = Path(alertmanager.statement.__file__).parent
ROSTERS = Path(alertmanager.rosters.__file__).with_name("example.yml")

FORM = """\
titre: rien
duty_day: {from: "07:00", to: 19:00}
rosters:
  - {roster: astreinte, category: exploitations}
agents:
  - {person: ada, stream: technique}
members:
  - {id: valmont, name: Valmont, weight: -1}
"""
SENSE = """\
duty_day: {from: "19:00", to: "07:00"}
night_work: {from: "20:00", to: "06:00"}
hour_order: [holiday, sunday, night]
service: {days: [monday], from: "17:00", to: "08:30"}
rosters:
  - {roster: astreinte, category: exploitation}
  - {roster: astreinte, category: decision}
agents:
  - {person: ada, stream: non_technical, ihts: true}
  - {person: ada, stream: technical}
members:
  - {id: valmont, name: Valmont, weight: 0}
  - {id: valmont, name: Valmont, weight: 0}
"""


def faults(load, text):
    with pytest.raises(ConfigurationError) as raised:
        load(text)
    return [f"{f.line} {f.path}: {f.problem}" for f in raised.value.faults]


@pytest.mark.parametrize(
    "expected",
    [
        "1 titre: clé inconnue",
        "2 duty_day.to: « 1140 » n'est pas une heure",
        "8 members[0].weight: « -1 » n'est pas une clé de répartition",
    ],
)
def test_form(load, expected):
    found = faults(load, FORM)
    assert expected in found
    assert {int(one.split()[0]) for one in found} == {1, 2, 4, 6, 8}


@pytest.mark.parametrize(
    "expected",
    [
        "1 duty_day.to: le soir (07:00) n'est pas après le matin (19:00)",
        "2 night_work: 20:00-06:00 n'est pas une nuit au sens du décret n° 2000-815",
        "3 hour_order: chaque sorte d'heure doit avoir son rang, une fois",
        "4 service.to: la fin du service (08:30) n'est pas après son début (17:00)",
        "7 rosters[1].roster: tour d'astreinte « astreinte » en double, déjà ligne 6",
        "9 agents[0].ihts: hors filière technique, les interventions ont leur propre barème",
        "10 agents[1].person: agent « ada » en double, déjà ligne 9",
        "11 members: toutes les clés sont nulles",
        "13 members[1].id: commune « valmont » en double, déjà ligne 12",
    ],
)
def test_sense(load, expected):
    assert expected in faults(load, SENSE)


@pytest.mark.parametrize(
    ("begins", "ends", "lawful"),
    [
        ("22:00", "07:00", True),
        ("22:00", "05:00", True),
        ("23:00", "06:00", True),
        ("00:00", "07:00", True),
        ("22:30", "05:30", True),
        ("21:00", "04:00", False),
        ("23:00", "05:00", False),
        ("07:00", "22:00", False),
    ],
)
def test_a_night_is_22_h_7_h_or_seven_hours_of_it_decree_2000_815(load, begins, ends, lawful):
    text = f"""\
night_work: {{from: "{begins}", to: "{ends}"}}
rosters: [{{roster: astreinte, category: exploitation}}]
agents: [{{person: ada, stream: technical}}]
members: [{{id: valmont, name: Valmont}}]
"""
    if lawful:
        assert load(text).night_work.begins.isoformat("minutes") == begins
    else:
        assert len(faults(load, text)) == 1


def test_the_example_fits_the_example_rosters_and_inventory():
    towns = load_inventory(Path(inventory.__file__).with_name("example.yml"))
    rules, _ = load_statement_rules(HERE / "example.yml", load_rosters(ROSTERS), towns)
    assert [paid.roster for paid in rules.rosters] == ["astreinte", "renfort"]


def test_names_are_checked_against_rosters_and_inventory(tmp_path):
    text = (HERE / "example.yml").read_text(encoding="utf-8")
    path = tmp_path / "statement.yml"
    for was, now in (
        ("roster: renfort", "roster: renforts"),
        ("person: nadia.benali", "person: nadia"),
        ("id: brecourt", "id: brecour"),
    ):
        assert was in text
        text = text.replace(was, now, 1)
    path.write_text(text, encoding="utf-8")
    towns = load_inventory(Path(inventory.__file__).with_name("example.yml"))
    with pytest.raises(ConfigurationError) as raised:
        load_statement_rules(path, load_rosters(ROSTERS), towns)
    assert [fault.problem for fault in raised.value.faults] == [
        "tour d'astreinte « renforts » inconnu",
        "personne « nadia » inconnue",
        "commune « brecour » inconnue",
    ]


def test_a_table_of_the_sites_own_is_read_beside_the_file(tmp_path):
    table = (HERE / "data" / "technique-exploitation.yml").read_text(encoding="utf-8")
    table = table.replace("2015-04-17", "2027-01-01").replace("2026-01-14", "2027-01-01")
    (tmp_path / "2027.yml").write_text(table.replace('"159.20"', '"170.00"'), encoding="utf-8")
    path = tmp_path / "statement.yml"
    text = (HERE / "example.yml").read_text(encoding="utf-8")
    path.write_text(text + "rate_files: [2027.yml]\n", encoding="utf-8")
    _, rates = load_statement_rules(path)
    found = rates.duty("technical", "exploitation", date(2027, 2, 1))
    assert str(found.packages["week"].pay) == "170.00"


def test_vigie_check_knows_the_file_and_the_files_beside_it(tmp_path, capsys):
    for name, source in (("rosters", ROSTERS), ("statement", HERE / "example.yml")):
        shutil.copy(source, tmp_path / f"{name}.yml")
    path = tmp_path / "statement.yml"
    assert main(["check", str(path)]) == 0
    assert capsys.readouterr().out.endswith("statement.yml : correct (statement)\n")
    text = path.read_text(encoding="utf-8").replace("nadia.benali", "nadia")
    path.write_text(text, encoding="utf-8")
    assert main(["check", str(path)]) == 2
    line = text[: text.index("person: nadia,")].count("\n") + 1
    assert f"statement.yml:{line}: agents[1].person: personne « nadia » inconnue" in (
        capsys.readouterr().err
    )
