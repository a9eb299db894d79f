"""The store: migrations, one writer, faults that say what is wrong."""

from __future__ import annotations

import sqlite3
from datetime import UTC, datetime
from pathlib import Path

import pytest
from alembic.autogenerate import compare_metadata
from alembic.runtime.migration import MigrationContext
from sqlalchemy import text
from sqlalchemy.exc import IntegrityError

from alertmanager.store import database
from alertmanager.store.database import Store, StoreTooNew, StoreUnavailable, sqlite_url
from alertmanager.store.migrate import migrate
from alertmanager.store.tables import Base, Heartbeat, Incident


def test_the_migrations_build_exactly_the_tables(store: Store) -> None:
    with store.engine.connect() as connection:
        context = MigrationContext.configure(connection)
        assert compare_metadata(context, Base.metadata) == []


def test_migrating_again_changes_nothing(store: Store) -> None:
    with store.write() as session:
        session.add(Heartbeat(integration="w", last_at=datetime(2026, 5, 1, tzinfo=UTC)))
    migrate(store)
    with store.read() as session:
        assert session.get_one(Heartbeat, "w").last_at == datetime(2026, 5, 1, tzinfo=UTC)


def test_a_database_of_a_later_version_is_refused(store: Store) -> None:
    with store.write() as session:
        session.execute(text("UPDATE alembic_version SET version_num = '9999'"))
    with pytest.raises(StoreTooNew, match="9999"):
        migrate(store)


@pytest.mark.parametrize("store", ["sqlite"], indirect=True)  # PostgreSQL: below
def test_commits_are_on_disk_before_they_are_answered(store: Store) -> None:
    with store.read() as session:
        assert session.execute(text("PRAGMA journal_mode")).scalar() == "wal"
        assert session.execute(text("PRAGMA synchronous")).scalar() == 2
        assert session.execute(text("PRAGMA foreign_keys")).scalar() == 1


@pytest.mark.parametrize("store", ["sqlite"], indirect=True)  # one file, one writer
def test_a_locked_store_is_unavailable_and_nothing_is_half_done(
    store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(database, "BUSY_TIMEOUT_SECONDS", 0.1)
    impatient = Store(store.url)
    holder = sqlite3.connect(str(store.url.database), isolation_level=None)
    holder.execute("BEGIN IMMEDIATE")
    with pytest.raises(StoreUnavailable, match="verrouillée"), impatient.write():
        raise AssertionError("began in spite of the lock")
    holder.execute("ROLLBACK")
    holder.close()
    impatient.check()
    impatient.close()


@pytest.mark.parametrize("store", ["postgresql"], indirect=True)  # its own settings
def test_a_server_is_asked_for_durable_commits_and_short_waits(store: Store) -> None:
    with store.read() as session:
        assert session.execute(text("SHOW synchronous_commit")).scalar() == "on"
        assert session.execute(text("SHOW lock_timeout")).scalar() == "5s"
        frozen = text("SHOW idle_in_transaction_session_timeout")
        assert session.execute(frozen).scalar() == "30s"


@pytest.mark.parametrize("store", ["postgresql"], indirect=True)  # SQLite: above
def test_a_second_decision_maker_waits_and_is_then_told_that_the_store_is_locked(
    store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(database, "BUSY_TIMEOUT_SECONDS", 0.1)
    impatient = Store(store.url)
    with store.write():
        with pytest.raises(StoreUnavailable, match="verrouillée"), impatient.write():
            raise AssertionError("began in spite of the lock")
        with impatient.claim() as session:  # whoever only claims does not wait
            session.execute(text("SELECT 1"))
    impatient.check()
    impatient.close()


@pytest.mark.parametrize("store", ["sqlite"], indirect=True)  # a limit of its own
def test_a_full_disk_is_unavailable_and_nothing_is_half_done(store: Store) -> None:
    def fill() -> None:
        with store.write() as session:
            session.execute(text("PRAGMA max_page_count = 80"))
            session.add(Heartbeat(integration="w", last_at=datetime(2026, 5, 1, tzinfo=UTC)))
            session.flush()
            for number in range(200):
                session.execute(
                    text(
                        "INSERT INTO journal (at, event, detail, hash)"
                        " VALUES (:at, :event, :detail, '')"
                    ),
                    {"at": "2026-05-01", "event": str(number), "detail": "x" * 4000},
                )

    with pytest.raises(StoreUnavailable, match="disque plein"):
        fill()
    with store.read() as session:
        assert session.get(Heartbeat, "w") is None


def test_a_folder_that_does_not_exist_is_said(tmp_path: Path) -> None:
    store = Store(sqlite_url(tmp_path / "absent" / "x.sqlite3"))
    with pytest.raises(StoreUnavailable, match="impossible à ouvrir"):
        migrate(store)
    store.close()


def test_naive_instants_and_unknown_states_are_refused(store: Store) -> None:
    with pytest.raises(Exception, match="naive instant"), store.write() as session:
        session.add(Heartbeat(integration="w", last_at=datetime(2026, 5, 1)))
    now = datetime(2026, 5, 1, tzinfo=UTC)
    incident = Incident(
        id="x",
        code="1234",
        group_key="",
        title="",
        service="",
        member="",
        scope="service",
        impact="none",
        severity="none",
        state="lost",
        policy={},
        started_at=now,
        opened_at=now,
    )
    with pytest.raises(IntegrityError), store.write() as session:
        session.add(incident)


def test_an_error_of_the_database_tells_no_value(store: Store) -> None:
    insert = "INSERT INTO heartbeats (integration, last_at) VALUES (:number, NULL)"
    with pytest.raises(IntegrityError) as caught, store.write() as session:
        session.execute(text(insert), {"number": "+33639981003"})
    assert "639981003" not in str(caught.value)


def test_a_base_that_lost_a_table_is_refused_at_the_start(store: Store) -> None:
    with store.write() as session:
        session.execute(text("DROP TABLE timers"))
    with pytest.raises(StoreUnavailable, match="il y manque timers"):
        migrate(store)


@pytest.mark.parametrize("store", ["sqlite"], indirect=True)  # a damaged file
@pytest.mark.parametrize(
    ("damage", "said"),
    [(b"ceci n'est pas une base" * 500, "pas une base SQLite"), (None, "base abîmée")],
)
def test_a_damaged_base_is_said_in_words(
    store: Store, tmp_path: Path, damage: bytes | None, said: str
) -> None:
    store.close()
    whole = Path(str(store.url.database)).read_bytes()
    path = tmp_path / "damaged.sqlite3"
    path.write_bytes(damage or whole[: len(whole) // 2])
    broken = Store(sqlite_url(path))
    with pytest.raises(StoreUnavailable, match=said):
        migrate(broken)
    broken.close()
