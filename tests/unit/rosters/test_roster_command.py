"""`vigie roster` as a person and as a script see it."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest

from deploy.cli.__main__ import main
from deploy.cli.roster import _ACTIONS


@pytest.fixture
def vigie(example: Path, capsys: pytest.CaptureFixture[str]):
    def call(action: str, *arguments: str, config: Path = example) -> tuple[int, str, str]:
        status = main(["roster", action, "--config", str(config), *arguments])
        return status, *capsys.readouterr()

    return call


def test_now_says_who_and_why_in_french(vigie) -> None:
    status, out, _ = vigie("now", "--at", "2026-05-01T07:12:00+02:00")
    assert status == 0
    assert "Vendredi 1er mai 2026 à 7 h 12 (Europe/Paris)" in out
    assert "Nadia Benali, +33639981003" in out
    assert "jour férié (Fête du Travail)" in out
    assert "Prochain changement : vendredi 1er mai à 19 h 00" in out


def test_now_in_json_is_for_scripts(vigie) -> None:
    status, out, _ = vigie("now", "--at", "2026-05-01T07:12", "--format", "json")
    answer = json.loads(out)
    assert status == 0
    assert answer["at"] == "2026-05-01T05:12:00Z"
    assert [row["roster"] for row in answer["rosters"]] == [
        "astreinte",
        "renfort",
        "dernier-recours",
    ]
    first = answer["rosters"][0]
    assert first["people"] == [
        {"id": "nadia.benali", "name": "Nadia Benali", "phone": "+33639981003"}
    ]
    assert first["ends"] == "2026-05-01T17:00:00Z"


def test_shifts_take_local_dates(vigie) -> None:
    arguments = ("--roster", "astreinte", "--from", "2026-05-01", "--to", "2026-05-02")
    status, out, _ = vigie("shifts", *arguments, "--format", "json")
    answer = json.loads(out)
    assert status == 0
    assert (answer["from"], answer["to"]) == ("2026-04-30T22:00:00Z", "2026-05-01T22:00:00Z")
    assert [row["people"][0]["id"] for row in answer["shifts"]] == ["nadia.benali", "luc.marchand"]
    _, text, _ = vigie("shifts", *arguments)
    assert "du vendredi 1er mai 2026 à 19 h 00 au samedi 2 mai 2026 à 0 h 00" in text


def test_gaps_are_exit_status_one(vigie) -> None:
    status, out, _ = vigie("gaps", "--from", "2026-01-05", "--to", "2027-01-05")
    assert (status, out.count("aucun trou")) == (0, 3)
    status, out, _ = vigie("gaps", "--from", "2026-01-01", "--to", "2026-01-05")
    assert status == 1
    assert "Astreinte d'exploitation (astreinte) : 1 trou\n" in out
    status, out, _ = vigie("gaps", "--from", "2026-01-01", "--to", "2026-01-05", "--format", "json")
    assert status == 1
    assert {row["roster"] for row in json.loads(out)["gaps"]} == {"astreinte", "renfort"}


def test_gaps_tell_every_kind_and_what_repeats_itself_once(vigie, example, tmp_path) -> None:
    text = example.read_text(encoding="utf-8")
    text = text.replace("not_duty: [dernier-recours]", "not_duty: [dernier-recours, renfort]")
    text = text.replace("start: 2026-01-02", "start: 2025-12-19", 1)  # in step with renfort
    path = tmp_path / "rosters.yml"
    path.write_text(text, encoding="utf-8")
    span = ("--from", "2026-02-02", "--to", "2027-03-09")
    status, out, _ = vigie("gaps", *span, config=path)
    assert status == 1
    assert "Astreinte d'exploitation (astreinte) : aucun trou\n" in out
    told = "Yann Le Goff répond au même moment pour « Astreinte d'exploitation »"
    assert out.count(told) == 1
    assert " fois encore, la dernière jusqu'au " in out
    _, answer, _ = vigie("gaps", *span, "--format", "json", config=path)
    holes = json.loads(answer)["holes"]
    assert json.loads(answer)["gaps"] == []
    assert {(hole["roster"], hole["kind"]) for hole in holes} == {("renfort", "two_places")}
    assert f"Renfort (renfort) : {len(holes)} trous\n" in out


def test_gaps_look_400_days_ahead(vigie, capsys) -> None:
    _, out, _ = vigie("gaps", "--from", "2026-05-01T00:00Z", "--format", "json")
    assert json.loads(out)["to"] == "2027-06-05T00:00:00Z"


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (("now", "--roster", "nuit"), "attendu : astreinte, renfort, dernier-recours"),
        (("now", "--at", "hier"), "« hier » n'est pas un instant ; attendu : 2026-05-01"),
        (("gaps", "--from", "2026-05-02", "--to", "2026-05-01"), "attendu : --to après --from"),
        (("now", "--at", "0001-01-01"), "année hors limites"),
        (("shifts", "--from", "9999-12-01", "--to", "9999-12-31"), "année hors limites"),
        (("shifts", "--to"), "attend une valeur"),
    ],
)
def test_an_argument_that_makes_no_sense_is_exit_status_two(
    vigie, capsys, arguments, words
) -> None:
    try:
        status, out, err = vigie(*arguments)
    except SystemExit as stopped:
        (out, err), status = capsys.readouterr(), stopped.code
    assert (status, out) == (2, "")
    assert words in err


def test_a_faulty_file_is_exit_status_two(vigie, tmp_path, capsys) -> None:
    path = tmp_path / "rosters.yml"
    path.write_text("people: []\n", encoding="utf-8")
    with pytest.raises(SystemExit) as stopped:
        vigie("now", config=path)
    assert stopped.value.code == 2
    assert f"{path}:1: people: liste trop courte" in capsys.readouterr().err


def test_who_is_on_duty_waits_for_no_other_actions_libraries(example) -> None:
    asked = ["roster", "now", "--config", str(example)]
    program = (
        "import sys; from deploy.cli.__main__ import main;"
        f"main({asked!r}); sys.exit('sqlalchemy' in sys.modules or 'icalendar' in sys.modules)"
    )
    done = subprocess.run(
        [sys.executable, "-c", program], check=False, capture_output=True, text=True
    )
    assert (done.returncode, done.stderr) == (0, "")
    assert "Pourquoi" in done.stdout


def test_every_action_is_a_module_and_has_its_help(capsys) -> None:
    for action in _ACTIONS:
        with pytest.raises(SystemExit) as stopped:
            main(["roster", action, "--help"])
        assert stopped.value.code == 0
        assert f"vigie roster {action}" in capsys.readouterr().out
