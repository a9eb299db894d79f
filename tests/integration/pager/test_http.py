"""The HTTP interface of the real process, and how it starts, refuses to and stops."""

from __future__ import annotations

import socket
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
import requests

from deploy.estate.child import wait_until

PROGRAM = str(Path(sys.executable).with_name("vigie-webhook"))


@pytest.fixture
def web(estate: Any) -> Any:
    """The process alone: the gateway is not needed here."""
    estate.start()
    return estate


def test_a_wrong_token_is_refused_and_nothing_is_kept(web: Any) -> None:
    for token in ("", "wrong", web.settings.secret("operator.token")):
        answer = web.post_raw({"alerts": []}, token=token)
        assert answer.status_code == 401
        assert answer.headers["content-type"] == "application/problem+json"
        assert answer.json()["detail"] == "jeton absent ou refusé"
    assert web.post_raw({"alerts": []}, "inconnue", token="wrong").status_code == 401
    assert web.incidents() == []


def test_a_body_nobody_can_read_gets_400_is_kept_and_pages(web: Any) -> None:
    bodies: list[Any] = [
        b"{",
        b"",
        b"\xff\xfe",
        b"[" * 100_000,
        {"version": "3", "alerts": []},
        {"alerts": [{"status": "perdu"}]},
        [],
    ]
    for body in bodies:
        answer = web.post_raw(body)
        assert answer.status_code == 400, body
        assert "signalé à l'astreinte" in answer.json()["detail"]
        assert "Traceback" not in answer.text
    incident = web.incident()
    assert (incident["service"], incident["state"], incident["impact"]) == (
        "supervision",
        "paging",
        "none",
    )
    text = incident["messages"][0]["text"]
    assert 'alerte illisible recue de "default"' in text
    assert web.get("status/incidents", "status.token")["incidents"] == []


def test_one_alert_nobody_can_read_does_not_hide_the_others_and_pages(web: Any) -> None:
    bad = web.alert("bad", labels={"n": 5})
    answer = web.post(bad, web.alert("good"), {**web.alert("lost"), "startsAt": "hier"})
    assert answer.status_code == 200
    by_title = {incident["title"]: incident for incident in web.incidents()}
    assert set(by_title) == {"MailAccountCompromised", "WebhookUnreadable (default)"}
    assert [a["fingerprint"] for a in by_title["MailAccountCompromised"]["alerts"]] == ["good"]
    unreadable = by_title["WebhookUnreadable (default)"]
    assert len(unreadable["pages"]) == 1
    assert "2 alertes sur 3" in unreadable["alerts"][0]["annotations"]["summary"]
    assert web.post(web.alert("good", "resolved"), bad).status_code == 200
    states = {incident["title"]: incident["state"] for incident in web.incidents()}
    assert states["MailAccountCompromised"] == "resolved"


def test_a_sender_that_hangs_up_in_the_middle_is_no_bug(web: Any) -> None:
    token = web.settings.secret("alertmanager.token")
    with socket.create_connection(("127.0.0.1", web.ports["webhook"])) as sender:
        sender.sendall(
            b"POST /api/v1/alertmanager/default HTTP/1.1\r\nHost: x\r\n"
            b"Content-Length: 1000\r\nAuthorization: Bearer " + token.encode() + b"\r\n\r\n{"
        )
    wait_until(lambda: "sender_hung_up" in web.child.log.read_text(), "l'abandon", 5)
    assert "Traceback" not in web.child.log.read_text()
    assert web.incidents() == []


def test_a_body_that_is_too_large_is_refused_and_pages(web: Any) -> None:
    try:
        status = web.post_raw(b"x" * (8 * 1024 * 1024 + 1)).status_code
    except requests.ConnectionError:
        status = 413  # the server closed while we were still sending
    assert status == 413
    assert web.incident()["state"] == "paging"


def test_an_undeclared_integration_with_a_known_token_is_taken_and_said(web: Any) -> None:
    assert web.post(web.alert(), integration="nouvelle").status_code == 200
    assert web.incident()["alerts"][0]["integration"] == "nouvelle"
    assert 'integration="autre",outcome="accepted"' in metrics(web)


def test_unknown_keys_are_ignored_and_truncation_is_counted(web: Any) -> None:
    body = {
        "version": "4",
        "truncatedAlerts": 900,
        "notification_reason": "new",
        "routeLabels": {},
        "alerts": [{**web.alert(), "new_key": [1]}],
    }
    assert web.post_raw(body).status_code == 200
    assert "vigie_webhook_truncated_alerts_total 900.0" in metrics(web)
    assert web.post_raw(body).status_code == 200
    assert 'outcome="duplicate"} 1.0' in metrics(web)


def test_a_heartbeat_only_leaves_its_beat(web: Any) -> None:
    assert web.post(web.alert(), integration="watchdog").status_code == 200
    assert web.incidents() == []
    assert 'heartbeat_timestamp_seconds{integration="watchdog"} 1.77761' in metrics(web)


def metrics(web: Any) -> str:
    answer = requests.get(f"{web.ports.url('webhook')}/metrics", timeout=10)
    assert answer.status_code == 200
    return str(answer.text)


def test_promtool_has_nothing_to_say_about_the_metrics(web: Any) -> None:
    web.post(web.alert())
    checked = subprocess.run(
        ["promtool", "check", "metrics"],
        input=metrics(web),
        text=True,
        capture_output=True,
        check=False,
    )
    assert (checked.returncode, checked.stdout, checked.stderr) == (0, "", "")


def test_the_public_state_names_no_person_account_or_town_it_must_not(web: Any) -> None:
    web.post(web.alert(), web.alert("b", labels={"scope": "member", "member": "brecourt"}))
    state = web.get("status/incidents", "status.token")
    assert {(i["service"], i["scope"], i["member"], i["impact"]) for i in state["incidents"]} == {
        ("messagerie", "service", None, "degraded"),
        ("messagerie", "member", "brecourt", "degraded"),
    }
    assert set(state["incidents"][0]) == {
        "id",
        "service",
        "scope",
        "member",
        "impact",
        "started_at",
        "acknowledged_at",
        "resolved_at",
    }
    assert state["generated_at"].startswith("2026-05-01T05:1")
    assert state["generated_at"].endswith("Z")
    for secret in ("valmont", "martin", "nadia", "Flooding"):
        assert secret not in str(state)


def test_reading_needs_the_right_token(web: Any) -> None:
    readers = {
        "status/incidents": "operator.token",
        "incidents": "status.token",
        "incidents/x": "status.token",
        "duty": "alertmanager.token",
    }
    for path, wrong in readers.items():
        for headers in ({}, {"Authorization": f"Bearer {web.settings.secret(wrong)}"}):
            answer = requests.get(web.url(path), headers=headers, timeout=10)
            assert answer.status_code == 401, path
            assert answer.headers["www-authenticate"].startswith("Bearer")


def test_who_is_on_duty_and_why(web: Any) -> None:
    duty = web.get("duty")
    first = duty["rosters"][0]
    assert (first["roster"], first["people"]) == (
        "astreinte",
        [{"id": "nadia.benali", "name": "Nadia Benali"}],
    )
    assert "férié" in first["why"]
    assert duty["support_hours_open"] is False


def test_problems_are_documents_and_the_interface_is_described(web: Any) -> None:
    token = {"Authorization": f"Bearer {web.settings.secret('operator.token')}"}
    for path, status in {"incidents/absent": 404, "rien": 404, "incidents?limit=0": 422}.items():
        answer = requests.get(web.url(path), headers=token, timeout=10)
        assert (answer.status_code, answer.json()["status"]) == (status, status)
        assert answer.headers["content-type"] == "application/problem+json"
    described = requests.get(web.url("openapi.json"), timeout=10).json()
    assert "/api/v1/alertmanager/{integration}" in described["paths"]
    assert "/api/v1/kannel/reply" in described["paths"]


def test_sigterm_answers_what_has_begun_and_exits_0(web: Any) -> None:
    web.post(web.alert())
    web.child.process.terminate()
    assert web.child.process.wait(15) == 0
    assert "event=stopped" in web.child.tail()


def test_a_wrong_configuration_exits_2_before_listening(estate: Any) -> None:
    estate.write(escalation={"steps": [{"roster": "personne"}]}, grouping=[])
    done = run(estate)
    assert done.returncode == 2
    assert "Configuration refusée : 2 fautes" in done.stderr
    assert "grouping" in done.stderr
    assert "tour d'astreinte « personne » inconnu" in done.stderr
    assert "Traceback" not in done.stderr


def run(estate: Any, *options: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [PROGRAM, "--config", estate.settings.path("webhook.yml"), *options],
        capture_output=True,
        text=True,
        timeout=30,
        check=False,
    )


def test_a_port_that_is_taken_is_said_and_exits_1(estate: Any) -> None:
    with socket.socket() as other:
        other.bind(("127.0.0.1", estate.ports["webhook"]))
        other.listen()
        done = run(estate)
    assert done.returncode == 1
    assert f"Impossible d'écouter sur 127.0.0.1:{estate.ports['webhook']}" in done.stderr
    assert "Traceback" not in done.stderr


def test_a_store_that_cannot_be_opened_is_said_and_exits_1(estate: Any) -> None:
    estate.write(store={"path": "/proc/absent/webhook.sqlite3"})
    done = run(estate)
    assert done.returncode == 1
    assert "base impossible à ouvrir" in done.stderr
    assert "Traceback" not in done.stderr


def test_check_only_validates(estate: Any) -> None:
    done = run(estate, "--config.check")
    assert (done.returncode, done.stderr) == (0, "")
    assert done.stdout.endswith("configuration valide.\n")
    assert not estate.database.exists()


def test_no_secret_and_no_number_reaches_the_log(estate: Any) -> None:
    estate.start_sms()
    estate.start()
    estate.post(estate.alert())
    estate.wait_sms(1)
    estate.handset.reply(estate.first, "OK")
    estate.wait_sms(2)
    wait_until(lambda: "reply_received" in estate.child.log.read_text(), "la réponse")
    log = estate.child.log.read_text()
    secrets = [estate.settings.secret("alertmanager.token"), estate.first, "639981003"]
    secrets.append(estate.gateway.password_file.read_text().strip())
    assert not [secret for secret in secrets if secret in log]
