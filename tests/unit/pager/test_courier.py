"""The delivery loops: one row that cannot be dealt with must not stop the others."""

from __future__ import annotations

import sys
import threading
import time
from collections.abc import Callable, Iterator
from datetime import datetime, timedelta
from typing import Any

import pytest
from sqlalchemy import select, text
from sqlalchemy.orm import Session

from alertmanager.delivery import courier as module
from alertmanager.delivery.courier import Courier
from alertmanager.incidents.intake import receive
from alertmanager.incidents.paging import message_ended, run_timer
from alertmanager.notifiers.contract import Accepted, Outgoing
from alertmanager.store.tables import Message, Timer


class Gateway:
    """Takes every message, after doing what a test asks."""

    delivery_deadline = timedelta(seconds=90)
    callback_allow = ()

    def __init__(self) -> None:
        self.sent: list[Outgoing] = []
        self.first: Callable[[], object] | None = None

    def send(self, message: Outgoing) -> Accepted:
        first, self.first = self.first, None
        if first is not None:
            first()
        self.sent.append(message)
        return Accepted()


class Loops:
    """A courier over a world, stopped at the end; timers and ends may be poisoned."""

    def __init__(self, world: Any) -> None:
        self.world, self.gateway = world, Gateway()
        self.poison: set[str] = set()
        self.courier = Courier(
            world.store,
            lambda: world.now,
            {"sms": self.gateway},  # type: ignore[dict-item]  (what a courier uses of a notifier)
            world.desk.channels,
            owner="test",
            on_ended=self.ended,
            on_timer=self.timer,
        )

    def ended(self, session: Session, message: Message, now: Any) -> None:
        self.refuse(session, message.incident_id)
        message_ended(session, self.world.desk, message, now)

    def timer(self, session: Session, timer: Timer, now: Any) -> None:
        self.refuse(session, timer.incident_id)
        run_timer(session, self.world.desk, timer, now)

    def refuse(self, session: Session, incident: str | None) -> None:
        if incident in self.poison:
            session.execute(text("SELECT nothing FROM nowhere"))

    def until(self, done: Callable[[], bool], seconds: float = 5) -> None:
        end = time.monotonic() + seconds
        while not done():
            assert time.monotonic() < end, [(m.id, m.state) for m in self.world.messages()]
            time.sleep(0.02)


@pytest.fixture
def loops(world: Any) -> Iterator[Loops]:
    loops = Loops(world)
    yield loops
    loops.courier.stop()


def two_incidents(world: Any) -> list[str]:
    world.post(world.alert())
    world.post(world.alert("b", member="brecourt"))
    return [incident.id for incident in world.incidents()]


def paged(world: Any, incident: str) -> list[str]:
    return [m.address for m in world.messages() if m.incident_id == incident]


@pytest.mark.parametrize("poisoned", [0, 1])
def test_a_timer_that_cannot_run_does_not_keep_the_others_waiting(
    world: Any, loops: Loops, poisoned: int
) -> None:
    both = two_incidents(world)
    loops.poison = {both[poisoned]}
    world.now += timedelta(minutes=5, seconds=1)
    loops.courier.start()
    loops.until(lambda: paged(world, both[1 - poisoned]) == [world.first, world.second])
    assert loops.courier.alive()


@pytest.mark.parametrize("poisoned", [0, 1])
def test_a_late_proof_that_cannot_be_dealt_with_does_not_keep_the_others_waiting(
    world: Any, loops: Loops, poisoned: int
) -> None:
    both = two_incidents(world)
    world.send_all(report=None)
    loops.poison = {both[poisoned]}
    world.now += timedelta(seconds=91)
    loops.courier.start()
    loops.until(lambda: paged(world, both[1 - poisoned]) == [world.first, world.second])


def test_a_timer_that_cannot_run_is_tried_ever_more_rarely(
    world: Any, loops: Loops, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "_TICK", 0.01)
    world.post(world.alert())
    tries = []

    def broken(session: Session, timer: Timer, now: Any) -> None:
        del session, timer, now
        tries.append(time.monotonic())
        raise RuntimeError

    loops.courier._on_timer = broken
    world.now += timedelta(minutes=6)
    loops.courier.start()
    time.sleep(1.5)
    assert len(tries) <= 2


def test_a_notifier_that_exits_neither_ends_a_loop_nor_loses_the_message(
    world: Any, loops: Loops
) -> None:
    loops.gateway.first = sys.exit
    world.post(world.alert())
    loops.courier.start()
    loops.until(lambda: world.messages()[0].error is not None)
    world.now += timedelta(seconds=2)
    loops.until(lambda: world.messages()[0].state == "accepted")
    assert loops.courier.alive()
    assert "(rappel)" in loops.gateway.sent[0].text


def test_a_loop_that_hangs_is_not_alive(
    world: Any, loops: Loops, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "STUCK", 1.0)
    answered = threading.Event()
    loops.gateway.first = lambda: answered.wait(60)
    loops.courier.start()
    loops.until(loops.courier.alive)
    world.post(world.alert())
    loops.courier.wake()
    loops.until(lambda: not loops.courier.alive(), 30)
    answered.set()
    loops.until(loops.courier.alive, 30)


def test_an_answer_that_comes_after_the_lease_does_not_end_the_lease_of_another_sender(
    world: Any, loops: Loops
) -> None:
    def expire() -> None:
        world.now += timedelta(seconds=31)
        with world.store.write() as session:
            module.release_leases(session, world.now, all_of_them=False)
            assert module.outbox.claim(session, world.now, "test") is not None
        raise RuntimeError

    loops.gateway.first = expire
    world.post(world.alert())
    loops.courier._send_one()
    with world.store.read() as session:
        assert session.scalars(select(Message)).one().state == "leased"


@pytest.mark.parametrize("store", ["sqlite"], indirect=True)  # several processes: a clock each
def test_a_clock_set_back_holds_neither_a_retry_nor_an_escalation(world: Any, loops: Loops) -> None:
    loops.courier.start()
    loops.gateway.first = lambda: 1 / 0
    world.post(world.alert())
    loops.courier.wake()
    loops.until(lambda: world.messages()[0].error is not None)
    time.sleep(0.6)  # the timekeeper has seen the hour
    world.now -= timedelta(hours=1)
    time.sleep(0.6)
    world.now += timedelta(seconds=2)
    loops.until(lambda: world.messages()[0].state == "accepted")
    world.report(world.messages()[0].token, "delivered")
    world.now += timedelta(minutes=5)
    loops.until(lambda: [m.address for m in world.messages()] == [world.first, world.second])


@pytest.mark.parametrize("store", ["sqlite"], indirect=True)  # several processes: a clock each
def test_a_clock_set_back_while_the_process_was_stopped_holds_no_escalation(
    world: Any, loops: Loops
) -> None:
    world.post(world.alert())
    world.send_all()
    world.now -= timedelta(hours=3)
    loops.courier.start()
    time.sleep(0.6)
    world.now += timedelta(minutes=5, seconds=1)
    loops.until(lambda: [m.address for m in world.messages()] == [world.first, world.second])


def test_a_loop_that_only_fails_is_not_alive(
    world: Any, loops: Loops, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "STUCK", 1.5)
    with world.store.write() as session:
        session.execute(text("ALTER TABLE timers RENAME TO elsewhere"))
    loops.courier.start()
    assert loops.courier.alive()
    loops.until(lambda: not loops.courier.alive())


def test_what_nobody_was_paged_for_yet_goes_before_a_backlog_of_timers(
    world: Any, loops: Loops
) -> None:
    world.post(*(world.alert(f"a{n}", alertname=f"A{n}") for n in range(20)))
    world.now += timedelta(minutes=6)  # every escalation is due
    with world.store.write() as session:
        receive(session, world.desk, "default", [world.alert("new", alertname="New")], world.now)
    assert loops.courier._run_due()  # there is more to do

    def state() -> str:
        return next(one.state for one in world.incidents() if one.title == "New")

    assert state() == "paging"
    assert len(world.journal("page.escalated")) < 20
    while loops.courier._run_due():
        pass
    assert len(world.journal("page.escalated")) == 20


def test_a_timer_that_cannot_be_dealt_with_holds_up_none_of_those_that_run_with_it(
    world: Any, loops: Loops, monkeypatch: pytest.MonkeyPatch
) -> None:
    world.post(*(world.alert(f"a{n}", alertname=f"A{n}") for n in range(7)))
    world.now += timedelta(minutes=6)
    real, bad = loops.courier._on_timer, world.incidents()[2].id

    def on_timer(session: Any, timer: Timer, now: datetime) -> None:
        if timer.incident_id == bad:
            raise RuntimeError
        real(session, timer, now)

    monkeypatch.setattr(loops.courier, "_on_timer", on_timer)
    for _ in range(5):
        loops.courier._run_due()
    escalated = {line.incident_id for line in world.journal("page.escalated")}
    assert len(escalated) == 6
    assert bad not in escalated
