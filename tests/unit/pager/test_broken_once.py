"""What a reader who tried to break the pager found, each by a test that failed then."""

from __future__ import annotations

import threading
from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import select

from alertmanager.delivery import outbox, set_back
from alertmanager.delivery.channels import Channel, following
from alertmanager.delivery.dispatch import tell
from alertmanager.incidents.closing import Paged
from alertmanager.incidents.intake import receive
from alertmanager.incidents.maintenance_plan import announce, call_off
from alertmanager.incidents.urgency import LONGEST_KEY
from alertmanager.store import checkpoints as module
from alertmanager.store.checkpoints import Checkpoints
from alertmanager.store.database import Store, StoreRefused
from alertmanager.store.tables import Heartbeat, Maintenance, Message, Timer

LONG = "".join(chr(0x4E00 + (n * 7919) % 20000) for n in range(6000))  # does not compress


def take(world: Any, *alerts: Any) -> None:
    """As the intake does; whoever runs timers has not come yet."""
    with world.store.write() as session:
        receive(session, world.desk, "default", alerts, world.now)


def test_a_label_of_any_length_is_paged_and_is_one_incident(world: Any) -> None:
    world.post(world.alert("a", alertname=LONG))
    world.post(world.alert("b", alertname=LONG), world.alert("c", alertname=LONG + "x"))
    assert len(world.incidents()) == 2
    assert all(len(incident.group_key) <= LONGEST_KEY for incident in world.incidents())
    assert {incident.state for incident in world.incidents()} == {"paging"}


@pytest.mark.parametrize("store", ["postgresql"], indirect=True)
def test_what_the_database_cannot_hold_is_the_datas_fault(store: Store) -> None:
    with pytest.raises(StoreRefused), store.write() as session:
        session.add(Heartbeat(integration="x" * 65, last_at=None))


def test_an_end_and_a_new_start_in_one_batch_stay_one_incident(world: Any) -> None:
    world.post(world.alert("a"), world.alert("b"))
    world.post(world.alert("a", firing=False), world.alert("a"))
    (only,) = world.incidents()
    assert only.state == "paging"


def test_an_address_of_any_length_is_confirmed_to(world: Any) -> None:
    world.post(world.alert())
    who = Paged("x", "X", "https://hooks.test/" + "x" * 120, "sms")
    with world.store.write() as session:
        for _ in range(2):
            said = ("confirmation", f"all:1234:{who.address}:1", "pris")
            tell(session, [], [who], said, world.now, incident=world.incident().id)
    kinds = [message.kind for message in world.messages()]
    assert kinds.count("confirmation") == 1


def test_work_called_off_wakes_what_slept_for_other_work(world: Any) -> None:
    span = world.now - timedelta(minutes=1)
    with world.store.write() as session:
        for name, hours in (("a", 2), ("b", 4)):
            until = world.now + timedelta(hours=hours)
            announce(session, name, {"host": name}, (span, until), who="x", now=world.now)
    world.post(world.alert("1", host="a"), world.alert("2", host="b"))
    assert world.incident().state == "suppressed"
    with world.store.write() as session:
        second = session.scalars(select(Maintenance).where(Maintenance.title == "b")).one()
        call_off(session, world.desk, second, "x", world.now)
    assert world.incident().state == "paging"


def test_a_warning_that_the_work_does_not_cover_reaches_the_office(world: Any) -> None:
    world.now = world.now.replace(month=4, day=29, hour=10)  # a Wednesday at the office
    with world.store.write() as session:
        span = (world.now, world.now + timedelta(hours=9))
        announce(session, "a", {"host": "a"}, span, who="x", now=world.now)
    world.post(world.alert("1", host="a"))
    assert world.incident().state == "suppressed"
    world.post(world.alert("2", host="b", severity="warning"))
    assert world.incident().state == "paging"


def test_a_clock_set_back_while_an_incident_is_held_open_strands_nothing(world: Any) -> None:
    for _ in range(5):
        world.post(world.alert(firing=False))
        world.now += timedelta(seconds=10)
        world.post(world.alert())
    world.post(world.alert(firing=False))
    assert world.incident().state != "resolved"  # held open: it comes and goes
    world.now -= timedelta(hours=1)
    with world.store.write() as session:
        set_back.move_due_instants(session, -timedelta(hours=1), world.now)
    world.pass_time(minutes=30)
    assert world.incident().state in ("resolved", "closed")


def test_a_clock_set_back_is_moved_for_once(world: Any) -> None:
    world.post(world.alert())
    world.now -= timedelta(hours=1)
    with world.store.write() as session:
        set_back.move_due_instants(session, -timedelta(hours=1), world.now)
    with world.store.read() as session:
        assert set_back.last_known_instant(session) == world.now


@pytest.mark.parametrize("store", ["sqlite"], indirect=True)
def test_the_copying_of_the_log_outlives_anything(
    store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "_TICK", 0.01)
    tried = threading.Semaphore(0)

    def fails() -> None:
        tried.release()
        raise OSError

    monkeypatch.setattr(Checkpoints, "_size", lambda _: 1 << 30)
    monkeypatch.setattr(store, "checkpoint", fails)
    copying = Checkpoints(store)
    copying.start()
    assert all(tried.acquire(timeout=10) for _ in range(3))
    copying.stop()


def test_after_a_channel_that_is_gone_comes_the_first() -> None:
    channels = [Channel("sms", ("sms",)), Channel("mail", ("mail",), reaches="email")]
    both = {"phone": "+33639981003", "email": "x@y.test"}
    assert following(channels, "ancien", both) == channels[0]
    assert following(channels, "sms", both) == channels[1]
    assert following(channels, "mail", both) is None


def test_what_ends_before_its_page_does_not_take_it_from_whoever_has_it(world: Any) -> None:
    world.post(world.alert("a"))
    world.send_all()
    world.reply(world.first, "ok")
    sent = len(world.messages())
    world.now += timedelta(seconds=5)
    take(world, world.alert("b"))
    take(world, world.alert("b", firing=False))
    world.run_due()
    assert world.incident().state == "acknowledged"
    assert len(world.messages()) == sent


def test_keys_that_are_too_long_stay_apart(world: Any) -> None:
    with world.store.write() as session:
        for end in ("a", "b", "a"):
            outbox.enqueue(
                session,
                world.now,
                key="k" * 200 + end,
                kind="help",
                channel="sms",
                recipient="x",
                address="+33639981003",
                text="x",
                incident=None,
            )
    with world.store.read() as session:
        assert len(session.scalars(select(Message)).all()) == 2
        assert session.scalars(select(Timer)).all() == []
