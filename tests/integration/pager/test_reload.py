"""SIGHUP on the real process: the rosters' file is read again, or refused and said so."""

from __future__ import annotations

import signal
from collections.abc import Iterator
from typing import Any

import pytest
import requests

from deploy.cli.__main__ import main
from deploy.estate.child import wait_until

NADIA, LUC = "nadia.benali", "luc.marchand"
ORDER = "people: [malik.haddad, nadia.benali, luc.marchand, yann.legoff, ines.robert]"
OTHER = "people: [malik.haddad, luc.marchand, nadia.benali, yann.legoff, ines.robert]"


@pytest.fixture
def web(estate: Any) -> Iterator[Any]:
    estate.start()
    return estate


def replace(web: Any, old: str, new: str) -> int:
    """Edit rosters.yml; return the line of the first place."""
    path = web.settings.path("rosters.yml")
    text = path.read_text(encoding="utf-8")
    assert old in text
    path.write_text(text.replace(old, new), encoding="utf-8")
    return text[: text.index(old)].count("\n") + 1


def reload(web: Any, event: str) -> list[str]:
    """Send SIGHUP; return the lines of the log from there on, once one says `event`."""
    log = web.folder / "webhook.log"
    before = len(log.read_text(encoding="utf-8"))
    web.child.process.send_signal(signal.SIGHUP)
    wait_until(lambda: f"event={event}" in log.read_text(encoding="utf-8")[before:], event)
    return log.read_text(encoding="utf-8")[before:].splitlines()


def faulty(web: Any) -> float:
    metrics = requests.get(f"{web.ports.url('webhook')}/metrics", timeout=10).text
    (line,) = [one for one in metrics.splitlines() if one.startswith("vigie_roster_file_faulty ")]
    return float(line.split()[1])


def on_duty(web: Any) -> list[str]:
    (roster, *_) = web.get("duty")["rosters"]
    return [person["id"] for person in roster["people"]]


def replaced_lines(web: Any) -> list[dict[str, Any]]:
    lines = web.get("journal?limit=500")["lines"]
    return [line for line in lines if line["event"] == "roster.file_replaced"]


def compare(web: Any, text: str, token: str = "operator.token") -> requests.Response:
    """Ask the process what that file would change."""
    headers = {"Authorization": f"Bearer {web.settings.secret(token)}"}
    body = {"text": text, "name": "nouveau.yml"}
    return requests.post(web.url("rosters/diff"), json=body, headers=headers, timeout=20)


def test_the_file_as_edited_is_compared_then_pages_others_at_once(
    web: Any, capsys: pytest.CaptureFixture[str]
) -> None:
    assert (on_duty(web), faulty(web)) == ([NADIA], 0)
    replace(web, ORDER, OTHER)
    arguments = ["roster", "diff", "--config", str(web.settings.path("rosters.yml"))]
    assert main([*arguments, "--running", str(web.settings.path("webhook.yml"))]) == 1
    assert ": Luc Marchand au lieu de Nadia Benali\n" in capsys.readouterr().out
    assert on_duty(web) == [NADIA]
    log = reload(web, "rosters_replaced")
    assert (on_duty(web), faulty(web)) == ([LUC], 0)
    assert any("event=roster_turn_changed roster=astreinte" in line for line in log)
    (line,) = replaced_lines(web)
    first = line["detail"]["turns"][0]
    assert (first["roster"], first["before"], first["after"]) == ("astreinte", [NADIA], [LUC])
    assert line["detail"]["late"] == {LUC: 1, NADIA: 1}
    web.post(web.alert())
    wait_until(lambda: web.incident()["pages"], "une page")
    assert [page["person"] for page in web.incident()["pages"]] == [LUC]


def test_a_faulty_file_changes_nothing_and_is_said_with_its_lines(web: Any) -> None:
    path = web.settings.path("rosters.yml")

    def refused(old: str, new: str) -> tuple[int, str]:
        """(line of what is wrong, the log) after it was put in, then taken out again."""
        line = replace(web, old, new)
        log = "\n".join(reload(web, "rosters_fault"))
        assert (on_duty(web), faulty(web), replaced_lines(web)) == ([NADIA], 1, [])
        replace(web, new, old)
        return line, log

    line, log = refused(ORDER, OTHER.replace("luc.marchand", "luc.marchan"))
    assert f"{path}:{line}: rosters[0].layers[1].rotation.people[1]: personne" in log
    line, log = refused('"+33 6 39 98 10 03"', '"+33 6 39 98 10"')
    assert f"{path}:{line}: people[2].phone" in log
    assert "39 98 10" not in log
    # The escalation in use still names that one: the fault is where it does so.
    _, log = refused("- id: renfort\n", "- id: secours\n")
    assert "webhook.yml:" in log
    assert "escalation.steps[1].roster: tour d'astreinte « renfort » inconnu" in log

    text = path.read_text(encoding="utf-8")
    assert compare(web, text).json()["changes"] == []
    answer = compare(web, text.replace("- id: renfort\n", "- id: secours\n"))
    assert (answer.status_code, "escalation.steps[1]" in answer.json()["detail"]) == (422, True)
    assert "nouveau.yml:1: people: " in compare(web, "people: []\n").json()["detail"]
    assert compare(web, text, "status.token").status_code == 401

    log = "\n".join(reload(web, "rosters_replaced"))
    assert "changed_turns=0" in log
    assert (replaced_lines(web), faulty(web)) == ([], 0)
    web.child.process.send_signal(signal.SIGTERM)
    assert web.child.process.wait(20) == 0
