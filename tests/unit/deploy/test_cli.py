import json
import socket
import subprocess
import sys
from importlib.resources import files
from pathlib import Path

import pytest

from deploy.cli.__main__ import main
from deploy.cli.check import kind_of
from deploy.estate.ports import free_base

VIGIE = Path(sys.executable).with_name("vigie")


def test_help_lists_every_command_in_french(capsys):
    with pytest.raises(SystemExit) as caught:
        main(["--help"])
    assert caught.value.code == 0
    shown = capsys.readouterr().out
    for command in ("check", "demo", "drill", "roster", "status"):
        assert f"\n    {command}" in shown
    assert "indisponible" not in shown


def test_check_says_yes_to_the_example(tmp_path, capsys):
    path = tmp_path / "inventory.yml"
    path.write_text((files("inventory") / "example.yml").read_text(encoding="utf-8"))
    assert main(["check", str(path)]) == 0
    assert "correct (inventory)" in capsys.readouterr().out


def test_check_shows_every_fault_of_every_file_and_exits_2(tmp_path, capsys):
    good = (files("inventory") / "example.yml").read_text(encoding="utf-8")
    one, two = tmp_path / "un.yml", tmp_path / "deux.yml"
    one.write_text(good.replace("mail_users: 1450", "mail_users: beaucoup"))
    two.write_text("lampe: 3\n")
    assert main(["check", str(one), str(two)]) == 2
    faults = capsys.readouterr().err
    assert "members[0].mail_users: ce n'est pas un nombre entier" in faults
    assert "deux.yml:1: (document): ce n'est pas un fichier de Vigie" in faults


def test_rosters_are_checked_alone_and_with_the_inventory_that_lies_beside_them(tmp_path, capsys):
    example = (files("alertmanager.rosters") / "example.yml").read_text(encoding="utf-8")
    path = tmp_path / "rosters.yml"
    path.write_text(example)
    assert main(["check", str(path)]) == 0
    assert capsys.readouterr().out == f"{path} : correct (rosters)\n"
    path.with_name("inventory.yml").write_text("members: [un, deux]\n")
    assert main(["check", str(path)]) == 2
    assert f"{tmp_path}/inventory.yml:1: " in capsys.readouterr().err


def test_interventions_are_checked_with_the_rosters_and_the_rules_beside_them(tmp_path, capsys):
    path = tmp_path / "2026-05.yml"
    entry = {"confirmed": False, "person": "luc.marchant", "incident": "0711"}
    path.write_text(json.dumps({"month": "2026-05", "interventions": [entry]}))
    assert main(["check", str(path)]) == 2
    assert "rosters.yml et statement.yml : introuvable à côté" in capsys.readouterr().err
    for name, package in (("rosters", "rosters"), ("statement", "statement")):
        example = (files("alertmanager") / package / "example.yml").read_text(encoding="utf-8")
        path.with_name(f"{name}.yml").write_text(example, encoding="utf-8")
    assert main(["check", str(path)]) == 2
    assert "personne « luc.marchant » inconnue" in capsys.readouterr().err
    entry["person"] = "luc.marchand"
    path.write_text(json.dumps({"month": "2026-05", "interventions": [entry]}))
    assert main(["check", str(path)]) == 0
    assert capsys.readouterr().out == f"{path} : correct (interventions)\n"


@pytest.mark.parametrize(
    ("text", "kind"),
    [
        ("syndicate: {}", "inventory"),
        ("collectors: {}", "exporter"),
        ("integrations: []", "webhook"),
        ("people: []", "rosters"),
        ("member_link_key_file: k", "status"),
    ],
)
def test_a_file_is_known_by_its_keys_whatever_its_name(tmp_path, text, kind):
    path = tmp_path / "fichier.yml"
    path.write_text(text)
    assert kind_of(path) == kind


def test_a_demo_on_a_taken_port_is_a_message_not_a_traceback(open_folder):
    base = free_base()
    with socket.socket() as other:
        other.bind(("127.0.0.1", base + 90))
        other.listen()
        done = subprocess.run(
            [VIGIE, "demo", "--folder", open_folder / "d", "--port-base", str(base)],
            check=False,
            capture_output=True,
            text=True,
            timeout=60,
        )
    assert done.returncode == 1
    assert f"port déjà pris sur 127.0.0.1 : {base + 90} (prometheus)" in done.stderr
    assert "Traceback" not in done.stderr


def test_a_report_that_cannot_be_written_is_said_before_the_drill(open_folder, capsys):
    report = open_folder / "absent" / "rapport.json"
    arguments = ["drill", "premier-mai", "--report", str(report), "--folder", str(open_folder)]
    assert main(arguments) == 1
    assert f"rapport {report} impossible à écrire (introuvable)" in capsys.readouterr().err
