"""Alerts become incidents: identity, episodes, urgency, grouping."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from sqlalchemy import event


def test_a_critical_alert_pages_the_person_on_duty_at_once(world: Any) -> None:
    world.post(world.alert())
    (page,) = world.messages()
    assert (page.kind, page.address, page.state) == ("page", world.first, "pending")
    assert world.incident().state == "paging"
    (resolved,) = world.journal("roster.resolved")
    assert resolved.detail["name"] == "Nadia Benali"
    assert "férié" in resolved.detail["why"]


def test_the_same_alert_again_changes_nothing(world: Any) -> None:
    assert world.post(world.alert()) == 1
    lines = len(world.journal())
    assert world.post(world.alert()) == 0
    assert world.post(world.alert(), world.alert()) == 0
    assert len(world.messages()) == 1
    assert len(world.journal()) == lines


def test_the_same_fingerprint_of_another_integration_is_another_alert(world: Any) -> None:
    world.post(world.alert())
    assert world.post(world.alert(), integration="autre") == 1
    assert len(world.journal("alert.received")) == 2
    assert len(world.incidents()) == 1


def test_an_alert_missing_from_a_payload_stays_open(world: Any) -> None:
    world.post(world.alert("a1"), world.alert("a2"))
    world.post(world.alert("a2", firing=False))
    world.post(world.alert("a3"))
    world.post(world.alert("a3", firing=False))
    assert world.incident().state == "paging"
    world.post(world.alert("a1", firing=False))
    assert world.incident().state == "resolved"


def test_a_resolution_of_what_was_never_seen_opens_nothing(world: Any) -> None:
    assert world.post(world.alert(firing=False)) == 0
    assert world.incidents() == []


def test_firing_after_resolved_is_a_new_episode_and_soon_enough_the_same_incident(
    world: Any,
) -> None:
    world.post(world.alert())
    world.send_all()
    world.post(world.alert(firing=False))
    world.pass_time(minutes=9)
    world.post(world.alert())
    incident = world.incident()
    assert (incident.state, incident.reopened, incident.resolved_at) == ("paging", 1, None)
    assert [line.detail["episode"] for line in world.journal("alert.received")] == [1, 1, 2]
    assert [m.kind for m in world.messages()] == ["page", "resolution", "page"]


def test_firing_long_after_the_end_is_a_new_incident_with_a_code_of_its_own(world: Any) -> None:
    world.post(world.alert())
    world.post(world.alert(firing=False))
    world.pass_time(minutes=11)
    world.post(world.alert())
    first, second = world.incidents()
    assert first.state == "closed"
    assert second.state == "paging"
    assert first.code != second.code


def test_a_flap_tells_the_end_each_time_it_is_over(world: Any) -> None:
    for _ in range(2):
        world.post(world.alert())
        world.send_all()
        world.post(world.alert(firing=False))
        world.send_all()
        world.pass_time(minutes=1)
    assert [m.kind for m in world.messages()] == ["page", "resolution"] * 2


def test_a_new_critical_alert_joining_an_acknowledged_incident_pages_again(world: Any) -> None:
    world.post(world.alert())
    world.send_all()
    world.reply(world.first, "OK")
    world.post(world.alert())
    assert world.incident().state == "acknowledged"
    world.post(world.alert("a2"))
    incident = world.incident()
    assert (incident.state, incident.acknowledged_at) == ("paging", None)
    page = world.messages()[-1]
    assert (page.kind, page.address) == ("page", world.first)
    assert "(+1 autre)" in page.text


def test_a_warning_joining_an_acknowledged_incident_does_not_page(world: Any) -> None:
    world.post(world.alert())
    world.send_all()
    world.reply(world.first, "OK")
    world.post(world.alert("a2", severity="warning"))
    assert world.incident().state == "acknowledged"


def test_a_warning_waits_for_the_office_to_open_across_the_holiday_weekend(world: Any) -> None:
    world.post(world.alert(severity="warning"))
    assert world.messages() == []
    assert world.incident().state == "open"
    world.pass_time(days=2, hours=23)
    assert world.messages() == []
    world.pass_time(minutes=50)  # Monday 4 May, 07:02
    (page,) = world.messages()
    assert "AVERTISSEMENT" in page.text
    assert "01/05 07:11" in page.text


def test_a_warning_that_ends_before_the_office_opens_wakes_nobody(world: Any) -> None:
    world.post(world.alert(severity="warning"))
    world.pass_time(hours=1)
    world.post(world.alert(severity="warning", firing=False))
    world.pass_time(days=4)
    assert world.messages() == []


def test_a_critical_alert_joining_a_waiting_warning_pages_at_once_and_only_once(
    world: Any,
) -> None:
    world.post(world.alert(severity="warning"))
    world.post(world.alert("a2"))
    assert [m.kind for m in world.messages()] == ["page"]
    world.send_all()
    world.reply(world.first, "ok")
    world.pass_time(minutes=59)
    assert [m.kind for m in world.messages()] == ["page", "confirmation"]


def test_a_critical_alert_joining_a_warning_that_is_being_paged_pages_at_once(world: Any) -> None:
    world.now += timedelta(days=4)  # Tuesday, office hours
    world.post(world.alert(severity="warning"))
    world.send_all()
    world.post(world.alert("a2"))
    world.post(world.alert("a3"))
    texts = [m.text.split()[2] for m in world.messages()]
    assert texts == ["AVERTISSEMENT", "CRITIQUE"]


def test_severity_none_never_pages_and_an_unknown_one_does(world: Any) -> None:
    world.post(world.alert(severity="none", alertname="Watchdog"))
    world.post(world.alert("i", severity="info", alertname="Info"))
    world.pass_time(days=5)
    assert world.messages() == []
    world.post(world.alert("x", severity="grave", alertname="Inconnue"))
    assert len(world.messages()) == 1


def test_towns_and_services_are_incidents_apart(world: Any) -> None:
    world.post(
        world.alert("a"),
        world.alert("b", member="brecourt"),
        world.alert("c", service="sauvegarde"),
        world.alert("d"),
    )
    assert len(world.incidents()) == 3
    assert len({incident.code for incident in world.incidents()}) == 3


def test_a_thousand_alerts_of_one_group_are_one_page(world: Any) -> None:
    assert world.post(*(world.alert(f"a{n}") for n in range(1000))) == 1000
    (page,) = world.messages()
    assert "(+999 autres)" in page.text


def test_labels_cannot_format_the_text(world: Any) -> None:
    alert = world.alert(alertname="{summary:>50000000}", service="%s%n", member="{0.__class__}")
    alert.annotations["summary"] = "{code} %(code)s ${code} {alertname:>50000000}"
    world.post(alert)
    (page,) = world.messages()
    assert "{code} %(code)s ${code} {alertname:>50000000}" in page.text


def test_many_alerts_of_one_group_ask_the_store_no_question_each(world: Any) -> None:
    statements: list[str] = []
    event.listen(
        world.store.engine, "before_cursor_execute", lambda *told: statements.append(told[2])
    )
    world.post(*(world.alert(f"a{n}") for n in range(500)))
    assert len([said for said in statements if said.startswith("SELECT")]) < 25


def test_opening_an_incident_does_not_read_every_other_one(world: Any) -> None:
    world.post(*(world.alert(f"a{n}", alertname=f"A{n}", severity="none") for n in range(300)))
    statements: list[str] = []
    event.listen(
        world.store.engine, "before_cursor_execute", lambda *told: statements.append(told[2])
    )
    world.post(world.alert("new", alertname="New"))
    of_incidents = [
        said for said in statements if said.startswith("SELECT") and "FROM incidents" in said
    ]
    assert of_incidents
    bounds = ("LIMIT", "WHERE incidents.id =", "WHERE incidents.group_key IN")
    assert all(any(bound in said for bound in bounds) for said in of_incidents)
