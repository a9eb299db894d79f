"""Snoozed, covered by announced work, coming and going: who is told, and when."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest

from alertmanager.incidents.machine import IllegalTransition
from alertmanager.incidents.maintenance_plan import announce, call_off
from alertmanager.incidents.snooze import snooze
from alertmanager.store.tables import Incident, Maintenance


def _pages(world: Any) -> list[str]:
    return [message.text for message in world.messages() if message.kind == "page"]


def _snooze(world: Any, minutes: int) -> None:
    with world.store.write() as session:
        incident = session.get_one(Incident, world.incident().id)
        until = world.now + timedelta(minutes=minutes)
        snooze(session, incident, until, "Nadia Benali", world.now)


def _announce(world: Any, minutes: int, *, after: int = 0, **labels: str) -> int:
    with world.store.write() as session:
        starts = world.now + timedelta(minutes=after)
        span = (starts, starts + timedelta(minutes=minutes))
        work = announce(session, "Onduleur", labels, span, who="Claire", now=world.now)
        return int(work.id)


def test_a_snoozed_incident_pages_again_at_the_end_if_it_still_fires(world: Any) -> None:
    world.post(world.alert())
    world.send_all()
    _snooze(world, 30)
    assert world.incident().state == "snoozed"
    world.pass_time(minutes=29)
    assert len(_pages(world)) == 1
    world.pass_time(minutes=1)
    assert "(fin de veille)" in _pages(world)[1]
    assert world.incident().snoozed_by is None


def test_the_end_while_snoozed_is_told_and_nothing_pages_later(world: Any) -> None:
    world.post(world.alert())
    world.send_all()
    _snooze(world, 30)
    world.post(world.alert(firing=False))
    world.pass_time(hours=2)
    assert [m.kind for m in world.messages()] == ["page", "resolution"]
    assert world.incident().state == "closed"


def test_something_worse_wakes_a_snoozed_warning_and_more_of_the_same_does_not(world: Any) -> None:
    world.now += timedelta(days=4)  # Tuesday, office hours
    world.post(world.alert(severity="warning"))
    world.send_all()
    _snooze(world, 60)
    world.post(world.alert("a2", severity="warning"))
    assert len(_pages(world)) == 1
    world.post(world.alert("a3"))
    assert len(_pages(world)) == 2
    _snooze(world, 60)
    world.post(world.alert("a4"))
    assert world.incident().state == "snoozed"


def test_a_snooze_that_has_ended_or_of_what_is_over_is_refused(world: Any) -> None:
    world.post(world.alert())
    with pytest.raises(ValueError, match="veille"):
        _snooze(world, 0)
    world.post(world.alert(firing=False))
    with pytest.raises(IllegalTransition):
        _snooze(world, 5)


def test_announced_work_keeps_what_it_covers_quiet_until_its_end(world: Any) -> None:
    _announce(world, 60, service="messagerie", member="valmont")
    world.post(world.alert())
    assert world.incident().state == "suppressed"
    assert _pages(world) == []
    world.post(world.alert("b1", member="brecourt"))
    assert len(_pages(world)) == 1  # another town's is no part of it
    world.pass_time(minutes=60)
    texts = [text for text in _pages(world) if "Valmont" in text]
    assert len(texts) == 1
    assert "(apr" in texts[0]


def test_work_that_ends_well_wakes_nobody(world: Any) -> None:
    _announce(world, 60, service="messagerie")
    world.post(world.alert())
    world.post(world.alert(firing=False))
    world.pass_time(hours=2)
    assert world.messages() == []


def test_work_announced_while_it_pages_stops_the_escalation(world: Any) -> None:
    world.post(world.alert())
    world.send_all()
    _announce(world, 60, service="messagerie")
    world.pass_time(minutes=59)
    assert len(_pages(world)) == 1


def test_work_that_starts_later_stops_the_next_step(world: Any) -> None:
    world.post(world.alert())
    world.send_all()
    _announce(world, 60, after=3, service="messagerie")
    world.pass_time(minutes=30)
    assert len(_pages(world)) == 1
    assert world.incident().state == "suppressed"


def test_an_alert_the_work_does_not_cover_pages_at_once(world: Any) -> None:
    world.with_desk(grouping=("service",))
    _announce(world, 60, service="messagerie", member="valmont")
    world.post(world.alert())
    world.post(world.alert("b1", member="brecourt"))
    assert world.incident().state == "paging"


def test_work_called_off_pages_for_what_still_fires(world: Any) -> None:
    number = _announce(world, 600, service="messagerie")
    world.post(world.alert())
    with world.store.write() as session:
        for _ in range(2):
            work = session.get_one(Maintenance, number)
            call_off(session, world.desk, work, "Claire", world.now)
    assert len(_pages(world)) == 1
    world.pass_time(hours=11)
    assert world.incident().state == "paging"


def test_work_on_nothing_or_in_the_past_is_refused(world: Any) -> None:
    with pytest.raises(ValueError, match="label"):
        _announce(world, 60)
    with pytest.raises(ValueError, match="fin"):
        _announce(world, 60, after=-90, service="messagerie")


def test_what_comes_and_goes_is_held_open_until_it_is_quiet(world: Any) -> None:
    for _ in range(4):
        world.post(world.alert())
        world.send_all()
        world.reply(world.first, "ok")
        world.post(world.alert(firing=False))
        world.send_all()
        world.pass_time(minutes=1)
    told = len(world.messages())
    assert world.incident().state == "acknowledged"  # the fourth end is not believed yet
    for _ in range(8):
        world.post(world.alert())
        world.pass_time(minutes=1)
        world.post(world.alert(firing=False))
        world.pass_time(minutes=1)
    assert len(world.messages()) == told
    world.pass_time(minutes=10)
    assert world.incident().state in ("resolved", "closed")
    assert [m.kind for m in world.messages()[told:]] == ["resolution"]
