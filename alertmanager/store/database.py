"""The database: SQLite by default, one writer at a time; PostgreSQL by URL.

StoreError
├── StoreUnavailable    locked, full, unreachable: nothing was written, try again
│   └── StoreRefused    the database cannot hold what was to be written
└── StoreTooNew         written by a later Vigie than this one
"""

from __future__ import annotations

import sqlite3
from collections.abc import Callable, Iterator
from contextlib import contextmanager, nullcontext
from enum import Flag
from pathlib import Path
from typing import Any

import psycopg
from pydantic_core import to_json
from sqlalchemy import (
    URL,
    Connection,
    Engine,
    ExceptionContext,
    create_engine,
    event,
    make_url,
    text,
)
from sqlalchemy.exc import DataError, DBAPIError, IntegrityError
from sqlalchemy.exc import TimeoutError as PoolTimeout
from sqlalchemy.orm import Session

from alertmanager.store.journal import seal
from alertmanager.store.turns import Turns

BUSY_TIMEOUT_SECONDS = 5.0
_FROZEN_SECONDS = 30  # a process that stopped in a transaction holds the others up no longer
_DUE = "vigie_due"
_WRITER_LOCK = 0x76696769  # "vigi": the advisory lock that makes one writer at a time


class StoreError(Exception):
    """The store could not do what was asked."""


class StoreUnavailable(StoreError):
    """Nothing was written. The message (French) says why."""


class StoreRefused(StoreUnavailable):
    """What was to be written is at fault, not the store: the same again will not do better."""


class StoreTooNew(StoreError):
    """The database was written by a later version. The message (French) says so."""


class Due(Flag):
    """What a transaction leaves to be done at once."""

    NOTHING = 0
    MESSAGES = 1
    TIMERS = 2


def note_due(session: Session, what: Due) -> None:
    """Have those who wait for it look as soon as the transaction is committed."""
    session.info[_DUE] = session.info.get(_DUE, Due.NOTHING) | what


def _sqlite_settings(connection: Any, _record: Any) -> None:
    # We begin transactions ourselves: the driver's own begin is too late for IMMEDIATE.
    connection.isolation_level = None
    for pragma in (
        f"busy_timeout={int(BUSY_TIMEOUT_SECONDS * 1000)}",
        "journal_mode=WAL",
        "synchronous=FULL",
        "foreign_keys=ON",
        # In pages of 4 KiB: only when nobody copies the log beside us, see `checkpoints`.
        "wal_autocheckpoint=16384",
    ):
        connection.execute(f"PRAGMA {pragma}")


def _mode(connection: Connection) -> str:
    return str(connection.get_execution_options().get("vigie_mode", "write"))


def _begin_sqlite(connection: Connection) -> None:
    connection.exec_driver_sql("BEGIN" if _mode(connection) == "read" else "BEGIN IMMEDIATE")


def _begin_postgresql(connection: Connection) -> None:
    if _mode(connection) == "write":
        connection.execute(text("SELECT pg_advisory_xact_lock(:key)"), {"key": _WRITER_LOCK})


def _postgresql_arguments() -> dict[str, Any]:
    """A server that is gone, and a process that is frozen, are noticed within seconds."""
    busy = int(BUSY_TIMEOUT_SECONDS * 1000)
    options = {
        "lock_timeout": busy,
        "idle_in_transaction_session_timeout": _FROZEN_SECONDS * 1000,
        "synchronous_commit": "on",
    }
    return {
        "connect_timeout": max(2, int(BUSY_TIMEOUT_SECONDS)),  # libpq takes no less
        "tcp_user_timeout": 2 * busy,
        "options": " ".join(f"-c {name}={value}" for name, value in options.items()),
    }


def _without_values(context: ExceptionContext) -> None:
    """PostgreSQL's DETAIL quotes the row that it refused, phone numbers and all: drop it."""
    original = context.original_exception
    if isinstance(original, psycopg.Error):
        original.args = (original.diag.message_primary or str(original).partition("\n")[0],)
        if context.sqlalchemy_exception is not None:
            context.sqlalchemy_exception.args = (f"({type(original).__name__}) {original}",)


def _json(value: Any) -> str:
    return to_json(value).decode()


def sqlite_url(path: Path) -> URL:
    """The URL of a SQLite file."""
    return URL.create("sqlite", database=str(path))


class Store:
    """Sessions on one database. Writers take turns; readers see the last commit."""

    def __init__(self, url: URL | str) -> None:
        self.url = make_url(url)
        self.engine: Engine = create_engine(
            self.url,
            pool_timeout=BUSY_TIMEOUT_SECONDS,
            json_serializer=_json,  # ten times as fast as the standard one
            hide_parameters=True,  # an error must not carry a phone number into the log
            # After a restart of the server the first request gets a new connection, not a 503.
            pool_pre_ping=not self.is_sqlite,
            connect_args={} if self.is_sqlite else _postgresql_arguments(),
        )
        if self.is_sqlite:
            event.listen(self.engine, "connect", _sqlite_settings)
            event.listen(self.engine, "begin", _begin_sqlite)
        else:
            event.listen(self.engine, "begin", _begin_postgresql)
            event.listen(self.engine, "handle_error", _without_values)
        self._reader = self.engine.execution_options(vigie_mode="read")
        self._claimer = self.engine.execution_options(vigie_mode="claim")
        self._turns = Turns()
        self._on_due: list[Callable[[Due], None]] = []

    @property
    def is_sqlite(self) -> bool:
        """Whether this process is the only one that uses the database."""
        return self.url.get_backend_name() == "sqlite"

    def on_due(self, look: Callable[[Due], None]) -> None:
        """Call `look` after each commit of ours that leaves something to be done at once."""
        self._on_due.append(look)

    @contextmanager
    def write(self) -> Iterator[Session]:
        """One transaction: all of it on disk after the block, or none. Raise StoreUnavailable."""
        with (
            self._turn(),
            _translated(),
            Session(self.engine, expire_on_commit=False) as session,
            session.begin(),
        ):
            session.connection()
            yield session
            seal(session)
        due = session.info.pop(_DUE, Due.NOTHING)
        if due:
            for look in self._on_due:
                look(due)

    @contextmanager
    def claim(self) -> Iterator[Session]:
        """One transaction that claims rows and decides nothing. Raise StoreUnavailable.

        Several processes may do so at once on PostgreSQL: rows are locked one by one
        (``FOR UPDATE SKIP LOCKED``). It must write no line of the journal.
        """
        with (
            self._turn() if self.is_sqlite else nullcontext(),
            _translated(),
            Session(self._claimer, expire_on_commit=False) as session,
            session.begin(),
        ):
            session.connection()
            yield session

    @contextmanager
    def migrating(self) -> Iterator[Connection]:
        """One transaction that may rebuild tables. Raise StoreUnavailable.

        SQLite rebuilds a table by dropping it, which its foreign keys would forbid: they are
        switched off meanwhile, and checked before the commit.
        """
        with _translated(), self.engine.connect() as connection:
            raw: Any = connection.connection.dbapi_connection
            if self.is_sqlite:
                raw.execute("PRAGMA foreign_keys=OFF")
            try:
                with connection.begin():
                    yield connection
                    if self.is_sqlite and raw.execute("PRAGMA foreign_key_check").fetchone():
                        raise StoreUnavailable(
                            "base incohérente, à restaurer depuis une sauvegarde"
                        )
            finally:
                if self.is_sqlite:
                    raw.execute("PRAGMA foreign_keys=ON")

    @contextmanager
    def read(self) -> Iterator[Session]:
        """A consistent view. Raise StoreUnavailable."""
        with _translated(), Session(self._reader, expire_on_commit=False) as session:
            yield session

    @contextmanager
    def _turn(self) -> Iterator[None]:
        """The writers of this process take turns in the order in which they came."""
        if not self._turns.take(BUSY_TIMEOUT_SECONDS):
            raise StoreUnavailable("base verrouillée par un autre processus, ou trop occupée")
        try:
            yield
        finally:
            self._turns.give_back()

    def check(self) -> None:
        """Raise StoreUnavailable unless a writer could begin now."""
        with self.write() as session:
            session.execute(text("SELECT 1 FROM alembic_version"))

    def checkpoint(self) -> None:
        """Copy SQLite's log into its database; nobody waits for it. Raise StoreUnavailable."""
        with _translated(), self._reader.connect() as connection:
            raw: Any = connection.connection.dbapi_connection
            raw.execute("PRAGMA wal_checkpoint(PASSIVE)").fetchall()

    def close(self) -> None:
        """Close every connection."""
        self.engine.dispose()


@contextmanager
def _translated() -> Iterator[None]:
    try:
        yield
    except IntegrityError:
        raise
    except (DBAPIError, PoolTimeout) as error:
        if isinstance(error, DataError) or isinstance(
            getattr(error, "orig", None), psycopg.errors.ProgramLimitExceeded
        ):
            raise StoreRefused(f"donnée refusée par la base ({_name(error)})") from error
        raise StoreUnavailable(_reason(error)) from error
    except sqlite3.Error as error:  # of a statement that SQLAlchemy knows nothing of
        raise StoreUnavailable(f"erreur SQLite ({type(error).__name__})") from error


def _reason(error: Exception) -> str:
    original = getattr(error, "orig", None)
    if isinstance(original, sqlite3.Error):
        name = getattr(original, "sqlite_errorname", "")
        known = {
            "SQLITE_BUSY": "base verrouillée par un autre processus",
            "SQLITE_FULL": "disque plein",
            "SQLITE_READONLY": "base en lecture seule",
            "SQLITE_CANTOPEN": "base impossible à ouvrir",
            "SQLITE_IOERR": "erreur d'entrée-sortie du disque",
            "SQLITE_NOTADB": "le fichier n'est pas une base SQLite",
            "SQLITE_CORRUPT": "base abîmée, à restaurer depuis une sauvegarde",
        }
        for prefix, sentence in known.items():
            if name.startswith(prefix):
                return sentence
        return f"erreur SQLite ({name or type(original).__name__})"
    if isinstance(original, psycopg.errors.LockNotAvailable):
        return "base verrouillée par un autre processus"
    if isinstance(original, psycopg.errors.DiskFull):
        return "disque plein"
    return f"base de données injoignable ({_name(error)})"


def _name(error: Exception) -> str:
    return type(getattr(error, "orig", None) or error).__name__
