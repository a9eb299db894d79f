"""The night test: when it is due, once a night in every process, and what it says at a scrape."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

import pytest
from prometheus_client import generate_latest
from sqlalchemy import select

from alertmanager.delivery.canary import TEXT, CanaryPlan, latest_due, send_due
from alertmanager.delivery.channels import Channel
from alertmanager.delivery.gsm7 import is_gsm7, segments
from alertmanager.delivery.outbox import enqueue
from alertmanager.store.tables import Message
from alertmanager.webhook.telemetry import Telemetry

PARIS = ZoneInfo("Europe/Paris")


def plan(at: str = "03:00", weekday: int | None = None, providers=("kannel",)) -> CanaryPlan:
    return CanaryPlan(
        time.fromisoformat(at), weekday, PARIS, "helene.vasseur", "+33639981007", "sms",
        providers, timedelta(seconds=60),
    )  # fmt: skip


def utc(text: str) -> datetime:
    return datetime.fromisoformat(text).astimezone(UTC)


@pytest.mark.parametrize(
    ("now", "at", "expected"),
    [
        ("2026-05-01T03:00:00+02:00", "03:00", "2026-05-01T03:00:00+02:00"),
        ("2026-05-01T02:59:59+02:00", "03:00", "2026-04-30T03:00:00+02:00"),
        ("2026-03-29T12:00:00+02:00", "02:30", "2026-03-29T03:00:00+02:00"),  # never 02:30
        ("2026-10-25T12:00:00+01:00", "02:30", "2026-10-25T02:30:00+02:00"),  # twice 02:30
        ("2026-10-25T02:30:00+01:00", "02:30", "2026-10-25T02:30:00+02:00"),
    ],
)
def test_the_hour_is_the_sites_through_both_changes_of_it(now, at, expected):
    assert latest_due(plan(at), utc(now))[1] == utc(expected)


def test_once_a_week_is_on_that_day():
    assert latest_due(plan(weekday=0), utc("2026-05-01T12:00+02:00"))[0] == date(2026, 4, 27)


def test_the_text_is_one_sms():
    assert is_gsm7(TEXT)
    assert segments(TEXT) == 1


def rows(store) -> list[Message]:
    with store.read() as session:
        return list(session.scalars(select(Message)))


def send(store, now: str, of: CanaryPlan) -> int:
    with store.write() as session:
        return send_due(session, of, utc(now))


def test_it_is_sent_once_a_night_through_each_provider(store):
    both = plan(providers=("kannel", "kannel.secours"))
    assert send(store, "2026-05-01T03:00:02+02:00", both) == 2
    assert send(store, "2026-05-01T03:30:00+02:00", both) == 0
    assert send(store, "2026-05-02T03:00:00+02:00", both) == 2
    assert {m.channel for m in rows(store)} == {"canary.kannel", "canary.kannel.secours"}
    assert {m.incident_id for m in rows(store)} == {None}


def test_an_hour_late_is_too_late(store):
    assert send(store, "2026-05-01T04:00:00+02:00", plan()) == 0
    assert send(store, "2026-05-01T03:59:59+02:00", plan()) == 1


def test_its_channels_reach_what_their_provider_reaches_and_no_storm_holds_them_back():
    of = plan(providers=("email",))
    (channel,) = of.channels([Channel("mail", ("email",), "email")])
    assert (channel.providers, channel.reaches, channel.capped) == (("email",), "email", False)


def exposed(store, now: str, of: CanaryPlan | None, started: str | None = None) -> dict[str, float]:
    instants = iter([utc(started or now)])
    telemetry = Telemetry(store, lambda: next(instants, utc(now)), of)
    lines = generate_latest(telemetry.registry).decode().splitlines()
    return {
        line.rpartition(" ")[0]: float(line.rpartition(" ")[2])
        for line in lines
        if not line.startswith("#")
    }


def test_what_a_scrape_says_of_it(store):
    sent, arrived = "2026-05-01T03:00:02+02:00", utc("2026-05-01T03:01:32+02:00")
    send(store, sent, plan())
    before = exposed(store, "2026-05-01T03:01:00+02:00", plan())
    name = 'vigie_webhook_canary_delivered_timestamp_seconds{provider="kannel"}'
    assert before[name] == 0
    with store.write() as session:
        message = session.scalars(select(Message)).one()
        message.state, message.delivered_at = "delivered", arrived
    after = exposed(store, "2026-05-01T12:00:00+02:00", plan())
    assert after[name] == arrived.timestamp()
    assert after['vigie_webhook_canary_delivery_seconds{provider="kannel"}'] == 90
    assert after["vigie_webhook_canary_slow_after_seconds"] == 60
    due = "vigie_webhook_canary_due_timestamp_seconds"
    assert after[due] == utc("2026-05-01T03:00+02:00").timestamp()


def test_a_test_that_was_due_before_the_first_start_is_not_missing(store):
    due = "vigie_webhook_canary_due_timestamp_seconds"
    assert due not in exposed(store, "2026-05-01T12:00:00+02:00", plan())
    started = "2026-05-01T02:00:00+02:00"
    assert due in exposed(store, "2026-05-01T12:00:00+02:00", plan(), started)


def pending(store, kind: str, attempts: int, created: datetime, next_at: datetime) -> None:
    with store.write() as session:
        message = enqueue(
            session, created, key=f"{kind}{attempts}", kind=kind, channel="sms", recipient="x",
            address="+33600000000", text="t", incident=None, not_before=next_at,
        )  # fmt: skip
        message.attempts = attempts


@pytest.mark.parametrize(
    ("kind", "attempts", "next_after", "expected"),
    [
        ("page", 0, 0, 600),
        ("page", 3, 599, 600),
        ("digest", 0, 700, 0),  # held back on purpose
        ("digest", 0, 590, 10),
        ("digest", 3, 600, 7),  # tried again after 1, 2 and 4 s
    ],
)
def test_the_oldest_pending_message_counts_from_when_it_was_to_leave(
    store, kind, attempts, next_after, expected
):
    created = utc("2026-05-01T03:00+02:00")
    pending(store, kind, attempts, created, created + timedelta(seconds=next_after))
    figures = exposed(store, "2026-05-01T03:10:00+02:00", None)
    assert figures["vigie_webhook_oldest_pending_message_age_seconds"] == expected


def test_several_processes_at_the_same_instant_send_one(store):
    with ThreadPoolExecutor(4) as pool:
        counts = list(pool.map(lambda _: send(store, "2026-05-01T03:00+02:00", plan()), range(4)))
    assert sorted(counts) == [0, 0, 0, 1]
    assert len(rows(store)) == 1


def test_one_that_fails_wakes_nobody_by_itself(world):
    with world.store.write() as session:
        send_due(session, plan(), utc("2026-05-01T03:00+02:00"))
    world.now = utc("2026-05-01T03:00:01+02:00")
    world.refuse_next()
    assert [message.state for message in world.messages()] == ["failed"]
    assert world.incidents() == []
