"""`vigie roster diff` as a person and as a script see it."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from pathlib import Path

import pytest

from alertmanager.rosters import load_rosters
from alertmanager.rosters.diff_report import roster_diff
from deploy.cli.__main__ import main
from deploy.cli.roster.diff_told import lines

NOW = datetime(2026, 4, 27, 8, 0, tzinfo=UTC)
"""A Monday at ten in the morning; Luc's week starts on Friday 1 May at 19:00."""


@pytest.fixture
def edited(example: Path, tmp_path: Path):
    def file_of(old: str, new: str, name: str = "new.yml") -> Path:
        text = example.read_text(encoding="utf-8")
        assert old in text
        path = tmp_path / name
        path.write_text(text.replace(old, new), encoding="utf-8")
        return path

    return file_of


@pytest.fixture
def told(example: Path):
    """What is said of a file at NOW."""

    def text_of(path: Path) -> str:
        return "\n".join(lines(roster_diff(load_rosters(example), load_rosters(path), NOW)))

    return text_of


def test_turns_people_and_late_notice_are_said_in_french(edited, told) -> None:
    text = told(edited("benali, luc.marchand, yann.legoff", "benali, yann.legoff, luc.marchand"))
    assert text.startswith("Du lundi 27 avril 2026 à 10 h 00 au mardi 1er juin 2027 à 10 h 00")
    week = "du vendredi 1er mai 2026 à 19 h 00 au vendredi 8 mai 2026 à 19 h 00"
    assert f"  {week} : Yann Le Goff au lieu de Luc Marchand\n" in text
    assert "Renfort" not in text
    assert "Yann Le Goff : 12 tours de plus (" in text
    assert f"  Yann Le Goff, Astreinte d'exploitation, {week} : 3 jours, 120 h" in text
    assert "majorée de 50 %" in text
    assert "autres, jusqu'au" in text


def test_nobody_instead_of_somebody_is_loud(edited, told) -> None:
    text = told(edited("- id: renfort\n", "- id: secours\n"))
    assert ": PERSONNE au lieu de Malik Haddad" in text
    assert "Malik Haddad là où il n'y a personne" in text


def test_what_is_not_about_turns(edited, told) -> None:
    text = told(edited('"+33 6 39 98 10 03"', '"+33 6 39 98 10 33"'))
    assert "Personne ne change d'heures d'astreinte." in text
    assert "  Nadia Benali change de numéro" in text
    assert "39 98" not in text
    assert "  les heures ouvrées changent à partir du lundi 27 avril 2026 à 18 h 00" in told(
        edited('to: "19:00"', 'to: "18:00"')
    )


def test_nothing_changes(edited, told, example, capsys) -> None:
    same = edited("# First person paged.", "#")
    assert "Rien ne change" in told(same)
    assert main(["roster", "diff", "--config", str(same), "--against", str(example)]) == 0
    assert "Rien ne change" in capsys.readouterr().out


def test_exit_status_is_one_when_it_is_soon_and_json_has_everything(
    edited, example, capsys
) -> None:
    # Somebody is on duty at any time, so whatever the day it is run on, tonight changes.
    other = edited("people: [helene.vasseur]", "people: [claire.fontaine]")
    command = ["roster", "diff", "--config", str(other), "--against", str(example)]
    assert main([*command, "--format", "json"]) == 1
    diff = json.loads(capsys.readouterr().out)
    (change,) = diff["changes"]
    assert (change["roster"]["id"], change["hours"]) == ("dernier-recours", 400 * 24)
    assert (change["before"][0]["id"], change["after"][0]["id"]) == (
        "helene.vasseur",
        "claire.fontaine",
    )
    assert [(p["id"], p["late"]) for p in diff["people"]] == [
        ("claire.fontaine", 1),
        ("helene.vasseur", 0),
    ]


def test_faults_of_either_file_and_odd_arguments_are_exit_status_two(
    edited, example, tmp_path, capsys
) -> None:
    faulty = edited("when: support_hours", "when: sometimes", "faulty.yml")
    for new, old in ((faulty, example), (example, faulty)):
        with pytest.raises(SystemExit) as stopped:
            main(["roster", "diff", "--config", str(new), "--against", str(old)])
        assert stopped.value.code == 2
        assert f"{faulty}:" in capsys.readouterr().err
    config = ["roster", "diff", "--config", str(example)]
    assert main([*config, "--running", "http://127.0.0.1:9"]) == 2
    assert "attendu : --token-file" in capsys.readouterr().err
    token = tmp_path / "token"
    token.touch(mode=0o600)
    token.write_text("x\n", encoding="ascii")
    running = ["--running", "http://127.0.0.1:9", "--token-file", str(token)]
    assert main([*config, *running]) == 2
    assert "ne répond pas à http://127.0.0.1:9/api/v1/rosters/diff" in capsys.readouterr().err
    with pytest.raises(SystemExit) as stopped:
        main(config)
    assert stopped.value.code == 2
