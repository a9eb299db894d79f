"""SQLite's log is folded into its database while others write."""

from __future__ import annotations

import time
from datetime import UTC, datetime
from pathlib import Path

import pytest

from alertmanager.store import checkpoints as module
from alertmanager.store.checkpoints import Checkpoints
from alertmanager.store.database import Store, StoreUnavailable
from alertmanager.store.tables import Receipt


def write(store: Store, size: int) -> None:
    with store.write() as session:
        session.add(
            Receipt(
                received_at=datetime.now(UTC),
                integration="default",
                source="",
                sha256="",
                size=size,
                body=b"x" * size,
                outcome="accepted",
            )
        )


@pytest.mark.parametrize("store", ["sqlite"], indirect=True)
def test_the_log_is_copied_beside_the_writers(
    store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "_TICK", 0.01)
    database = Path(str(store.url.database))
    write(store, 5_000_000)
    before = database.stat().st_size
    assert before < 5_000_000  # no writer copied it
    copying = Checkpoints(store)
    copying.start()
    try:
        deadline = time.monotonic() + 20
        while database.stat().st_size < 5_000_000:
            assert time.monotonic() < deadline
            time.sleep(0.01)
    finally:
        copying.stop()


@pytest.mark.parametrize("store", ["sqlite"], indirect=True)
def test_a_store_in_trouble_does_not_end_the_copying(
    store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "_TICK", 0.01)
    calls: list[None] = []

    def fails() -> None:
        calls.append(None)
        raise StoreUnavailable("disque plein")

    monkeypatch.setattr(store, "checkpoint", fails)
    write(store, 5_000_000)
    copying = Checkpoints(store)
    copying.start()
    deadline = time.monotonic() + 20
    while len(calls) < 3 and time.monotonic() < deadline:
        time.sleep(0.01)
    copying.stop()
    assert len(calls) >= 3


@pytest.mark.parametrize("store", ["postgresql"], indirect=True)
def test_postgresql_needs_none(store: Store) -> None:
    copying = Checkpoints(store)
    copying.start()
    assert not copying._thread.is_alive()
    copying.stop()
