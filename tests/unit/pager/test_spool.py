"""The emergency spool: in order, complete, bounded, and nothing that is damaged is lost."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from prometheus_client import CollectorRegistry

from alertmanager.store.database import StoreUnavailable
from alertmanager.webhook.posts import Post, read_post
from alertmanager.webhook.replay import Replay
from alertmanager.webhook.spool import Spool, SpoolDamaged, SpoolError, SpoolFull

NOW = datetime(2026, 5, 1, 5, 12, tzinfo=UTC)


def post(text: str, *, group: str = "g", integration: str = "default", after: float = 0) -> Post:
    body = b'{"version": "4", "alerts": [], "groupKey": "%s", "n": "%s"}' % (
        group.encode(),
        text.encode(),
    )
    return read_post(integration, "127.0.0.1", body, NOW + timedelta(seconds=after))


@pytest.fixture
def spool(tmp_path: Path) -> Spool:
    return Spool(tmp_path / "spool", 10_000)


def replay_of(spool: Spool) -> tuple[Replay, CollectorRegistry]:
    registry = CollectorRegistry()
    return Replay(spool, registry, ["watchdog"]), registry


def outcome(registry: CollectorRegistry, name: str) -> float:
    return registry.get_sample_value("vigie_webhook_spooled_total", {"outcome": name}) or 0


def test_bodies_come_back_whole_and_in_order_after_a_restart(tmp_path: Path) -> None:
    spool = Spool(tmp_path / "spool", 10_000)
    posts = [post(f"{n}") for n in range(5)]
    for one in posts:
        spool.add(one)
    spool.sync()
    spool.close()
    again = Spool(tmp_path / "spool", 10_000)
    found = [again.read(path) for path in again.waiting]
    assert [one.body for one in found] == [one.body for one in posts]
    assert all(one.spooled and one.received_at == NOW for one in found)
    assert {path.stat().st_mode & 0o777 for path in again.waiting} == {0o600}
    assert (tmp_path / "spool").stat().st_mode & 0o777 == 0o700


def test_a_clock_set_back_keeps_the_order(spool: Spool, monkeypatch: pytest.MonkeyPatch) -> None:
    instants = iter((2_000, 1_000))
    monkeypatch.setattr("alertmanager.webhook.spool.time.time_ns", lambda: next(instants))
    spool.add(post("first"))
    spool.add(post("second"))
    assert [b"first" in spool.read(path).body for path in spool.waiting] == [True, False]


def test_it_is_bounded_and_says_so(tmp_path: Path) -> None:
    spool = Spool(tmp_path / "spool", 600)
    while spool.bytes < 400:
        spool.add(post("x"))
    with pytest.raises(SpoolFull):
        spool.add(post("x" * 200))
    assert 0 < spool.bytes <= 600
    replay, registry = replay_of(spool)
    replay.keep([post("x" * 200)])
    assert outcome(registry, "full") == 1
    assert registry.get_sample_value("vigie_webhook_spool_bodies") == len(spool)


def test_two_processes_do_not_share_a_folder(spool: Spool) -> None:
    with pytest.raises(SpoolError, match="autre processus"):
        Spool(spool.directory, 1000)


def test_a_damaged_body_is_set_aside_and_the_others_are_taken(spool: Spool) -> None:
    for n in range(3):
        spool.add(post(f"{n}"))
    first, second, _ = spool.waiting
    first.write_bytes(first.read_bytes()[:-1])
    second.write_bytes(b"not a header\n" + second.read_bytes())
    with pytest.raises(SpoolDamaged):
        spool.read(first)
    replay, registry = replay_of(spool)
    taken: list[Post] = []

    def take(posts: object) -> list[Exception | None]:
        taken.extend(posts)  # type: ignore[call-overload]
        return [None] * len(taken)

    replay.run(take)
    assert len(taken) == 1
    assert len(list(spool.directory.glob("*.damaged"))) == 2
    assert (outcome(registry, "aside"), outcome(registry, "replayed")) == (2, 1)
    assert len(spool) == 0


def test_what_the_store_refuses_alone_is_set_aside(spool: Spool) -> None:
    spool.add(post("good"))
    spool.add(post("bad"))
    replay, registry = replay_of(spool)
    replay.run(lambda posts: [ValueError() if b"bad" in one.body else None for one in posts])
    (aside,) = spool.directory.glob("*.damaged")
    assert b"bad" in aside.read_bytes()
    assert outcome(registry, "replayed") == 1


def test_a_store_that_fails_again_keeps_everything(spool: Spool) -> None:
    spool.add(post("a"))
    replay, _ = replay_of(spool)

    def fail(_: object) -> list[Exception | None]:
        raise StoreUnavailable("disque plein")

    with pytest.raises(StoreUnavailable):
        replay.run(fail)
    assert len(spool) == 1


def test_tries_of_the_same_body_take_no_room_but_a_later_word_does(spool: Spool) -> None:
    replay, registry = replay_of(spool)
    for text in ("firing", "firing", "resolved", "firing"):
        replay.keep([post(text), post(text, group="other")])
    replay.keep([post("beat", integration="watchdog")])
    assert len(spool) == outcome(registry, "kept") == 6
