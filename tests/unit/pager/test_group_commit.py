"""Posts that wait together: one commit, each with its own answer; when it fails, all are kept."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from prometheus_client import CollectorRegistry
from sqlalchemy import event, select

from alertmanager.incidents.received import ReceivedAlert
from alertmanager.store.database import StoreUnavailable
from alertmanager.store.tables import LateAlert, Receipt
from alertmanager.webhook.group_commit import GroupCommit
from alertmanager.webhook.payload import PayloadAlert
from alertmanager.webhook.posts import Post, read_post
from alertmanager.webhook.replay import Replay
from alertmanager.webhook.spool import Spool
from alertmanager.webhook.taking import Taker
from alertmanager.webhook.telemetry import Telemetry

BODY = (
    '{{"version": "4", "groupKey": "{0}", "alerts": [{{"status": "{1}", "labels":'
    ' {{"alertname": "A{0}", "severity": "critical"}}, "annotations": {{}},'
    ' "startsAt": "2026-05-01T05:11:00Z", "fingerprint": "f{0}"}}]}}'
)


def post(world: Any, name: str, status: str = "firing", **changes: Any) -> Post:
    body = BODY.format(name, status).encode()
    return replace(read_post("default", "", body, world.now), **changes)


@pytest.fixture
def taker(world: Any) -> Taker:
    telemetry = Telemetry(world.store, lambda: world.now)
    return Taker(
        world.store,
        lambda: world.now,
        world.desk,
        {},
        telemetry,
        asked=frozenset({"default"}),
        ask=lambda missing: None,
    )


def outcomes(world: Any) -> list[str]:
    with world.store.read() as session:
        return list(session.scalars(select(Receipt.outcome).order_by(Receipt.id)))


def test_posts_together_are_one_transaction_with_a_receipt_each(world: Any, taker: Taker) -> None:
    commits: list[object] = []
    event.listen(world.store.engine, "commit", commits.append)
    posts = [post(world, "1"), post(world, "2"), post(world, "1"), post(world, "1", "resolved")]
    assert taker.take(posts) == [None] * 4
    assert len(commits) == 1
    assert outcomes(world) == ["accepted", "accepted", "duplicate", "accepted"]
    world.run_due()
    assert sorted(incident.state for incident in world.incidents()) == ["paging", "resolved"]
    assert len(world.messages()) == 1  # what was over before the commit wakes nobody


def test_one_that_cannot_be_taken_spoils_none_of_the_others(
    world: Any, taker: Taker, monkeypatch: pytest.MonkeyPatch
) -> None:
    real = PayloadAlert.received

    def received(alert: PayloadAlert, now: datetime) -> ReceivedAlert:
        if alert.fingerprint == "fbad":
            raise RuntimeError("a bug")
        return real(alert, now)

    monkeypatch.setattr(PayloadAlert, "received", received)
    posts = [post(world, name) for name in ("1", "bad", "2")]
    first, second, third = taker.take(posts)
    assert first is third is None
    assert isinstance(second, RuntimeError)
    assert {incident.title for incident in world.incidents()} == {"A1", "A2"}
    assert outcomes(world) == ["accepted", "accepted"]


def test_a_spooled_body_that_is_old_is_asked_about_and_a_fresh_one_pages(
    world: Any, taker: Taker
) -> None:
    old = world.now - timedelta(minutes=1)
    taker.take(
        [post(world, "new", spooled=True), post(world, "old", spooled=True, received_at=old)]
    )
    assert [incident.title for incident in world.incidents()] == ["Anew"]
    with world.store.read() as session:
        assert session.scalars(select(LateAlert.fingerprint)).all() == ["fold"]
    # Its "resolved" has the last word.
    taker.take([post(world, "old", "resolved")])
    with world.store.read() as session:
        assert session.scalars(select(LateAlert.settled_at)).one() == world.now


def test_a_spooled_body_that_was_committed_before_the_crash_is_not_taken_twice(
    world: Any, taker: Taker
) -> None:
    spooled = post(world, "1", spooled=True)
    taker.take([spooled])
    taker.take([post(world, "1", "resolved")])
    taker.take([spooled])
    assert world.incident().state == "resolved"
    assert len(outcomes(world)) == 2


class Store:
    """What takes posts: it can be held, and can fail."""

    def __init__(self) -> None:
        self.fails = False
        self.free, self.called = threading.Event(), threading.Event()
        self.free.set()
        self.batches: list[list[str]] = []

    def take(self, posts: Sequence[Post]) -> list[Exception | None]:
        self.called.set()
        self.free.wait(10)
        if self.fails:
            raise StoreUnavailable("disque plein")
        self.batches.append([one.body.decode() for one in posts])
        return [ValueError() if one.body == b"bad" else None for one in posts]


@pytest.fixture
def commit(tmp_path: Path) -> Iterator[tuple[Store, Callable[[], GroupCommit]]]:
    started: list[GroupCommit] = []
    store = Store()

    def start() -> GroupCommit:
        spool = Spool(tmp_path / "spool", 10_000)
        made = GroupCommit(store.take, Replay(spool, CollectorRegistry(), ()))
        started.append(made)
        made.start()
        return made

    yield store, start
    for one in started:
        one.stop()


def simple(text: str) -> Post:
    return read_post("default", "", text.encode(), datetime(2026, 5, 1, tzinfo=UTC))


def test_what_comes_during_a_commit_shares_the_next_one(commit: Any) -> None:
    store, start = commit
    group = start()
    store.free.clear()
    futures = [group.submit(simple("first"))]
    assert store.called.wait(5)
    futures += [group.submit(simple(text)) for text in ("a", "bad", "b")]
    store.free.set()
    results = [future.exception(5) for future in futures]
    assert [type(error).__name__ for error in results] == [
        "NoneType",
        "NoneType",
        "ValueError",
        "NoneType",
    ]
    assert store.batches == [["first"], ["a", "bad", "b"]]


def test_when_the_store_fails_all_that_wait_are_told_kept_and_taken_in_order(
    commit: Any, tmp_path: Path
) -> None:
    store, start = commit
    group = start()
    store.free.clear()
    store.fails = True
    futures = [group.submit(simple("one"))]
    assert store.called.wait(5)
    futures += [group.submit(simple("two")), group.submit(simple("three"))]
    store.free.set()
    assert all(isinstance(future.exception(5), StoreUnavailable) for future in futures)
    assert len(list((tmp_path / "spool").iterdir())) == 3
    store.fails = False
    group.submit(simple("four")).result(5)
    assert [body for batch in store.batches for body in batch] == ["one", "two", "three", "four"]
    assert not list((tmp_path / "spool").iterdir())


def test_the_end_answers_what_waits(commit: Any) -> None:
    store, start = commit
    group = start()
    store.free.clear()
    futures = [group.submit(simple(f"{n}")) for n in range(5)]
    threading.Timer(0.1, store.free.set).start()
    group.stop()
    assert all(future.result(0) is None for future in futures)
    assert not group.alive()
