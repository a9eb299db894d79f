"""Alerts whose end Alertmanager does not tell."""

from __future__ import annotations

from typing import Any

from alertmanager.incidents.gone import GONE_AFTER, Absences, close_gone, firing_alerts
from alertmanager.incidents.malformed import note_malformed


def test_an_alert_is_gone_after_five_minutes_of_surveys_without_it() -> None:
    absences = Absences()
    assert absences.note(["a", "b"], {"b", "w"}, 0) == []
    assert absences.note(["a", "b"], {"b", "w"}, GONE_AFTER - 1) == []
    assert absences.note(["a", "b"], {"b", "w"}, GONE_AFTER) == ["a"]


def test_one_that_comes_back_starts_anew() -> None:
    absences = Absences()
    absences.note(["a"], {"w"}, 0)
    absences.note(["a"], {"a"}, 200)
    assert absences.note(["a"], {"w"}, 400) == []


def test_an_alertmanager_that_knows_nothing_proves_nothing() -> None:
    absences = Absences()
    absences.note(["a"], {"w"}, 0)
    assert absences.note(["a"], set(), 600) == []
    assert absences.note(["a"], {"w"}, 601) == []


def test_what_is_gone_is_over_and_told_and_our_own_alerts_are_not_asked_about(world: Any) -> None:
    world.post(world.alert("a"), world.alert("b", member="brecourt"))
    world.send_all()
    with world.store.write() as session:
        note_malformed(session, world.desk, "default", "illisible", world.now)
    world.run_due()
    with world.store.write() as session:
        assert sorted(firing_alerts(session, "default")) == ["a", "b"]
        assert firing_alerts(session, "autre") == []
        assert close_gone(session, world.desk, "default", ["a"], world.now) == 1
        assert close_gone(session, world.desk, "default", ["a"], world.now) == 0
    assert sorted(incident.state for incident in world.incidents()) == [
        "paging",
        "paging",
        "resolved",
    ]
    assert len(world.journal("alert.gone")) == 1
    assert [m.kind for m in world.messages() if m.kind == "resolution"] == ["resolution"]
