"""Whatever happens in whatever order: a firing alert that should wake somebody has what will."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import delete, select

from alertmanager.incidents.machine import OVER, IllegalTransition, State
from alertmanager.incidents.maintenance_plan import announce, call_off
from alertmanager.incidents.snooze import snooze
from alertmanager.incidents.urgency import Urgency, urgency
from alertmanager.store.tables import (
    Alert,
    Inbound,
    Incident,
    Link,
    Maintenance,
    Message,
    MessagePage,
    Page,
    Timer,
)

NAMES = st.sampled_from(["a1", "a2", "b1"])
MEMBERS = {"a1": "valmont", "a2": "valmont", "b1": "brecourt"}
STEPS = st.one_of(
    st.tuples(st.just("fire"), NAMES, st.sampled_from(["critical", "warning", "none", "odd"])),
    st.tuples(st.just("end"), NAMES, st.just("")),
    st.tuples(st.just("send"), st.sampled_from(["delivered", "failed", ""]), st.just("")),
    st.tuples(st.just("reply"), st.sampled_from(["first", "second", "last"]), st.just("")),
    st.tuples(st.just("snooze"), st.integers(1, 90), st.just("")),
    st.tuples(st.just("announce"), st.integers(1, 90), st.sampled_from(["valmont", "brecourt"])),
    st.tuples(st.just("call_off"), st.just(0), st.just("")),
    st.tuples(st.just("wait"), st.sampled_from([1, 4, 10, 61, 700]), st.just("")),
)


def _fire(world: Any, name: str, severity: str) -> None:
    world.post(world.alert(name, severity=severity, member=MEMBERS[name]))


def _end(world: Any, name: str, _: str) -> None:
    world.post(world.alert(name, firing=False, member=MEMBERS[name]))


def _send(world: Any, report: str, _: str) -> None:
    world.send_all(report=report or None)


def _reply(world: Any, who: str, _: str) -> None:
    world.reply(getattr(world, who), "ok")


def _wait(world: Any, minutes: int, _: str) -> None:
    world.pass_time(minutes=minutes)


def _snooze(world: Any, minutes: int, _: str) -> None:
    with world.store.write() as session:
        for incident in session.scalars(select(Incident).where(Incident.state.not_in(OVER))):
            until = world.now + timedelta(minutes=minutes)
            snooze(session, incident, until, "Nadia", world.now)
            return


def _announce(world: Any, minutes: int, member: str) -> None:
    with world.store.write() as session:
        span = (world.now, world.now + timedelta(minutes=minutes))
        announce(session, "Essai", {"member": member}, span, who="Claire", now=world.now)


def _call_off(world: Any, _: int, __: str) -> None:
    with world.store.write() as session:
        for work in session.scalars(select(Maintenance).order_by(Maintenance.id)):
            call_off(session, world.desk, work, "Claire", world.now)


ACTIONS: dict[str, Callable[..., None]] = {
    "fire": _fire, "end": _end, "send": _send, "reply": _reply, "snooze": _snooze,
    "announce": _announce, "call_off": _call_off, "wait": _wait,
}  # fmt: skip


def check(world: Any) -> None:
    """Every incident whose alerts should reach somebody waits for an instant that will do so."""
    with world.store.read() as session:
        for incident in session.scalars(select(Incident)):
            rows = session.scalars(
                select(Alert).where(Alert.incident_id == incident.id, Alert.status == "firing")
            ).all()
            worst = max((urgency(row.labels) for row in rows), default=Urgency.NEVER)
            timers = session.scalars(
                select(Timer.kind).where(
                    Timer.incident_id == incident.id,
                    Timer.done_at.is_(None),
                    Timer.generation == incident.generation,
                )
            ).all()
            if incident.state in OVER:
                assert not rows
            elif worst > Urgency.NEVER:
                assert timers, (incident.state, worst)
            if incident.state == State.OPEN and worst == Urgency.NOW:
                raise AssertionError("critical, and nobody is being paged")
            if incident.state == State.ACKNOWLEDGED:
                assert incident.acknowledged_by
                assert incident.acknowledged_until
            if incident.state == State.SUPPRESSED:
                assert incident.maintenance_id is not None


@pytest.fixture
def emptied(world: Any) -> Callable[[], Any]:
    """The same world, with nothing in it but its journal."""
    start = world.now

    def empty() -> Any:
        with world.store.write() as session:
            for table in (Link, MessagePage, Message, Page, Timer, Inbound, Alert):
                session.execute(delete(table))
        # Incidents stay for the journal's sake: over, and of another group.
        with world.store.write() as session:
            for incident in session.scalars(select(Incident)):
                incident.state, incident.group_key = "closed", incident.id
                incident.maintenance_id = None
            session.flush()
            session.execute(delete(Maintenance))
        world.now = max(world.now, start) + timedelta(days=1)
        return world

    return empty


@given(steps=st.lists(STEPS, min_size=3, max_size=14))
@settings(
    max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
def test_no_incident_is_stranded(emptied: Any, steps: list[tuple[str, Any, str]]) -> None:
    world = emptied()
    for name, *arguments in steps:
        try:
            ACTIONS[name](world, *arguments)
        except IllegalTransition as error:
            raise AssertionError(f"{name} {arguments}") from error
        check(world)
