"""A scrape costs the same whatever the store holds."""

from __future__ import annotations

import time
from datetime import UTC, datetime, timedelta

import pytest
from sqlalchemy import insert, select, text

from alertmanager.store.tables import Message, Timer
from alertmanager.webhook.figures import MOST_COUNTED, families

NOW = datetime(2026, 5, 1, 5, 0, tzinfo=UTC)
_OWN = ("id", "key", "token")
STATES = ("delivered", "unconfirmed", "cancelled", "failed")


def message(number: int, created: datetime, state: str) -> dict:
    return {
        "key": f"k{number}", "token": f"t{number}", "kind": "page", "channel": "sms",
        "provider": "kannel", "recipient": "x", "address": "+33600000000", "text": "t",
        "state": state, "attempts": 1, "maybe_sent": False, "created_at": created,
        "next_attempt_at": created, "accepted_at": created,
        "delivered_at": created + timedelta(seconds=4) if state == "delivered" else None,
    }  # fmt: skip


def fill(store, first: int, last: int) -> None:
    """Old messages numbered from `first` to `last`, as many of each state."""
    columns = ", ".join(c.name for c in Message.__table__.columns if c.name not in _OWN)
    with store.write() as session:
        if first == 0:
            old = [message(-1 - n, NOW - timedelta(hours=2), s) for n, s in enumerate(STATES)]
            session.execute(insert(Message), old)
        session.execute(
            text(
                f"INSERT INTO messages (key, token, {columns})"
                " WITH RECURSIVE n(i) AS (SELECT :first UNION ALL SELECT i + 1 FROM n"
                " WHERE i + 1 < :last)"
                f" SELECT 'k' || i, 't' || i, {columns} FROM n JOIN messages"
                " ON messages.key = 'k' || (-1 - i % 4)"
            ),
            {"first": first, "last": last},
        )


def read(store) -> dict[str, float]:
    with store.read() as session:
        return {
            f"{sample.name}{sorted(sample.labels.items()) or ''}": sample.value
            for family in families(session, NOW, NOW, None)
            for sample in family.samples
        }


def cost(store) -> float:
    spans = []
    for _ in range(5):
        started = time.perf_counter()
        read(store)
        spans.append(time.perf_counter() - started)
    return min(spans)


@pytest.mark.parametrize("store", ["sqlite"], indirect=True)
def test_ten_times_the_rows_do_not_cost_ten_times_as_much(store):
    fill(store, 0, 10_000)
    few = cost(store)
    fill(store, 10_000, 100_000)
    assert cost(store) < 4 * few


def test_what_the_rows_of_the_last_hour_say(store):
    with store.write() as session:
        rows = [message(n, NOW - timedelta(minutes=n), "delivered") for n in range(3)]
        old = message(9, NOW - timedelta(hours=2), "failed")
        session.execute(insert(Message), [old, *reversed(rows)])
    figures = read(store)
    labels = "[('channel', 'sms'), ('kind', 'page'), ('state', 'delivered')]"
    assert figures[f"vigie_webhook_recent_messages{labels}"] == 3
    by = "[('channel', 'sms'), ('provider', 'kannel')]"
    assert figures[f"vigie_webhook_recent_delivery_median_seconds{by}"] == 4
    assert not [name for name in figures if "'failed'" in name and "recent" in name]
    assert figures["vigie_webhook_messages[('state', 'failed')]"] == 1


@pytest.mark.parametrize("store", ["sqlite"], indirect=True)
def test_many_are_counted_as_many(store):
    fill(store, 0, 4 * MOST_COUNTED)
    assert read(store)["vigie_webhook_messages[('state', 'delivered')]"] == MOST_COUNTED


def test_a_timer_that_nobody_runs_is_late(world):
    world.post(world.alert())
    name = "vigie_webhook_oldest_due_timer_age_seconds"
    with world.store.read() as session:
        due = session.scalars(select(Timer.due_at).where(Timer.done_at.is_(None))).one()

    def age(now: datetime) -> float:
        with world.store.read() as session:
            found = {f.name: f for f in families(session, now, now, None)}
        return found[name].samples[0].value

    assert age(due - timedelta(seconds=1)) == 0
    assert age(due + timedelta(seconds=90)) == 90
