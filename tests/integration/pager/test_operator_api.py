"""What operators do and read over HTTP, against the real process."""

from __future__ import annotations

import json
import sqlite3
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
import requests

VIGIE = str(Path(sys.executable).with_name("vigie"))


@pytest.fixture
def web(estate: Any) -> Any:
    """The process alone, with one incident that pages."""
    estate.start()
    assert estate.post(estate.alert()).status_code == 200
    return estate


def ask(web: Any, path: str, key: str | None = None, **order: Any) -> requests.Response:
    headers = {"Authorization": f"Bearer {web.settings.secret('operator.token')}"}
    if key is not None:
        headers["Idempotency-Key"] = key
    return requests.post(web.url(path), headers=headers, json=order, timeout=10)


def test_an_incident_is_taken_put_off_noted_escalated_and_ended(web: Any) -> None:
    root = f"incidents/{web.incident()['id']}"
    taken = ask(web, f"{root}/acknowledge", person="claire.fontaine")
    assert (taken.status_code, taken.json()["acknowledged_by"]) == (200, "Claire Fontaine")
    asleep = ask(web, f"{root}/snooze", person="nadia.benali", minutes=30).json()
    assert (asleep["state"], asleep["snoozed_by"]) == ("snoozed", "Nadia Benali")
    assert ask(web, f"{root}/note", person="nadia.benali", text="vu, disque").status_code == 200
    assert ask(web, f"{root}/escalate", person="nadia.benali", reason="seule").json()["state"] == (
        "paging"
    )
    over = ask(web, f"{root}/resolve", person="nadia.benali", reason="réparé").json()
    assert (over["state"], over["resolved_at"] is not None) == ("resolved", True)
    events = web.events()
    for event in ("incident.acknowledged", "incident.snoozed", "incident.note", "page.created"):
        assert event in events
    assert "incident.ended_by_hand" in events
    assert ask(web, f"{root}/snooze", person="nadia.benali", minutes=30).status_code == 422
    assert web.post(web.alert(status="resolved")).status_code == 200
    assert web.incident()["state"] == "resolved"
    assert "Traceback" not in web.child.log.read_text()


def test_what_makes_no_sense_is_refused_with_its_reason(web: Any) -> None:
    root = f"incidents/{web.incident()['id']}"
    refused = {
        f"{root}/acknowledge": {"person": "personne"},
        f"{root}/snooze": {"person": "nadia.benali"},
        f"{root}/note": {"person": "nadia.benali", "text": "a\u202eb"},
        f"{root}/resolve": {"person": "nadia.benali", "reason": ""},
        "maintenances": {"person": "nadia.benali", "title": "x"},
    }
    for path, order in refused.items():
        answer = ask(web, path, **order)
        assert (answer.status_code, answer.json()["status"]) == (422, 422), path
    assert ask(web, "incidents/abc/note", person="nadia.benali", text="x").status_code == 404
    assert requests.post(web.url(f"{root}/note"), json={}, timeout=10).status_code == 401
    assert web.incident()["state"] == "paging"


def test_a_repeat_with_the_same_key_acts_once_and_gets_the_same_answer(web: Any) -> None:
    root = f"incidents/{web.incident()['id']}"
    first = ask(web, f"{root}/note", "clé-1".replace("é", "e"), person="nadia.benali", text="vu")
    again = ask(web, f"{root}/note", "cle-1", person="nadia.benali", text="vu")
    other = ask(web, f"{root}/note", "cle-1", person="nadia.benali", text="autre")
    assert (first.status_code, first.json()) == (200, again.json())
    assert (other.status_code, "Idempotency-Key" in other.json()["detail"]) == (422, True)
    assert web.events().count("incident.note") == 1


def test_work_is_announced_listed_and_called_off(web: Any) -> None:
    order = {
        "person": "nadia.benali",
        "title": "Changement du commutateur",
        "labels": {"service": "messagerie"},
        "starts_at": "2026-05-01T05:00:00Z",
        "ends_at": "2026-05-01T08:00:00Z",
    }
    made = ask(web, "maintenances", "m-1", **order).json()
    assert made == ask(web, "maintenances", "m-1", **order).json()
    assert web.incident()["state"] == "suppressed"
    assert [work["id"] for work in web.get("maintenances")["maintenances"]] == [made["id"]]
    cancelled = ask(web, f"maintenances/{made['id']}/cancel", person="nadia.benali").json()
    assert cancelled["cancelled_at"] is not None
    assert web.incident()["state"] == "paging"


def test_lists_come_by_page(web: Any) -> None:
    web.post(*(web.alert(f"p{i}", labels={"alertname": f"P{i}"}) for i in range(4)))
    seen, after = [], ""
    while True:
        part = web.get(f"incidents?limit=2{after}")
        seen += [incident["id"] for incident in part["incidents"]]
        if part["next"] is None:
            break
        after = f"&after={part['next']}"
    assert len(seen) == len(set(seen)) == 5
    lines = web.get("journal?limit=3")
    assert [line["id"] for line in lines["lines"]] == [1, 2, 3]
    assert web.get(f"journal?after={lines['next']}")["lines"][0]["id"] == 4
    identifier = seen[-1]
    messages = web.get(f"messages?incident={identifier}")["messages"]
    assert {message["incident_id"] for message in messages} == {identifier}


def vigie(web: Any, *arguments: str) -> subprocess.CompletedProcess[str]:
    config = str(web.settings.path("webhook.yml"))
    return subprocess.run(
        [VIGIE, "journal", *arguments, "--config", config],
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )


def test_the_journal_says_who_was_told_and_when_somebody_changed_it(web: Any) -> None:
    incident = web.incident()
    ask(web, f"incidents/{incident['id']}/acknowledge", person="nadia.benali")
    told = web.get(f"incidents/{incident['id']}/told")["told"]
    page = told[0]
    assert (page["person"], page["name"], page["kind"]) == ("nadia.benali", "Nadia Benali", "page")
    assert page["answered_at"] is not None
    assert "VIGIE" in page["text"]
    shown = vigie(web, "told", incident["code"])
    assert shown.returncode == 0, shown.stderr
    assert "Nadia Benali, alerte par" in shown.stdout
    as_json = json.loads(vigie(web, "told", incident["code"], "--format", "json").stdout)
    assert as_json["told"][0]["text"] == page["text"]
    assert web.first not in shown.stdout
    assert vigie(web, "told", "0000").returncode == 1
    sound = vigie(web, "verify")
    assert (sound.returncode, "Journal intact" in sound.stdout) == (0, True)
    with sqlite3.connect(web.database) as database:
        database.execute("DROP TRIGGER journal_no_update")
        database.execute("UPDATE journal SET detail = '{}' WHERE id = 2")
    broken = vigie(web, "verify")
    assert (broken.returncode, "ALTÉRÉ à la ligne 2" in broken.stdout) == (1, True)
