"""What the log collector remembers across restarts: one SQLite file, written in transactions.

StateError         the file cannot be used now (locked, not ours to read, disk full)
└── StateUnusable  what is in it cannot be used at all: broken, foreign, of another version
"""

from __future__ import annotations

import contextlib
import fcntl
import json
import sqlite3
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from typing import IO, Any, NamedTuple

from inventory.config.errors import EXPECTED

TABLES = ("messages", "accounts", "windows", "exim")
Row = tuple[str, str | None]
"""Key of a row, and its content as JSON text; None: it is gone."""
_APPLICATION = 0x56474D4C
_VERSION = 1
_WAIT_SECONDS = 5.0
_SPOILT = (
    sqlite3.SQLITE_ERROR,  # no such table
    sqlite3.SQLITE_CORRUPT,
    sqlite3.SQLITE_NOTADB,
    sqlite3.SQLITE_MISMATCH,
)


class StateError(Exception):
    """The state cannot be read or written; the message (French) says why."""


class StateUnusable(StateError):
    """It can, and makes no sense."""


class Saved(NamedTuple):
    """What an earlier process wrote, all of one instant."""

    core: Mapping[str, Any]
    connection: sqlite3.Connection

    def rows(self, table: str) -> Iterator[tuple[str, Any]]:
        """The rows of one of `TABLES`, in the order they were first written."""
        # `table` is one of our own constants: names cannot be parameters.
        found = self.connection.execute(f"SELECT key, value FROM {table} ORDER BY rowid")  # noqa: S608
        for key, value in found:
            yield key, json.loads(value)


class StateFile:
    """``maillog.sqlite`` in the collector's folder."""

    def __init__(self, folder: Path) -> None:
        self.path = folder / "maillog.sqlite"
        self._connection: sqlite3.Connection | None = None
        self._claim: IO[bytes] | None = None

    def claim(self) -> None:
        """Keep it from other processes until `release`, or until this one ends.

        Two that write in turn would mix what each counted. Raise StateError when another has it.
        """
        lock = self.path.with_suffix(".lock")
        try:
            self._claim = lock.open("ab")
            fcntl.lockf(self._claim, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except (BlockingIOError, PermissionError):
            if self._claim is not None:
                self.release()
                raise StateError(
                    f"{lock} tenu par un autre processus{EXPECTED}un state_directory à chacun"
                ) from None
        except OSError:
            self.release()  # what cannot be written to needs no keeping

    def release(self) -> None:
        """Leave it to others."""
        if self._claim is not None:
            self._claim.close()
            self._claim = None

    @contextlib.contextmanager
    def read(self) -> Iterator[Saved | None]:
        """What is saved; None if nothing is. Raise StateError, also out of the block."""
        if not self.path.exists():
            yield None
            return
        with _said(self.path), contextlib.closing(_open(self.path, "ro")) as connection:
            if _is_blank(connection):
                yield None
                return
            _check(connection)
            core = dict(connection.execute("SELECT key, value FROM core"))
            if not core:  # made, and never written to
                yield None
                return
            yield Saved({key: json.loads(value) for key, value in core.items()}, connection)

    def write(
        self, core: Mapping[str, str], rows: Mapping[str, Iterable[Row]], *, whole: bool
    ) -> None:
        """One transaction: `core` replaced, `rows` put; `whole`: no other row stays.

        Raise StateError; then nothing of it was written.
        """
        with _said(self.path):
            connection = self._connection = self._connection or self._create()
            with connection:
                connection.execute("BEGIN IMMEDIATE")
                connection.execute("DELETE FROM core")
                connection.executemany("INSERT INTO core VALUES (?, ?)", core.items())
                for table in TABLES:
                    if whole:
                        connection.execute(f"DELETE FROM {table}")  # noqa: S608
                    _put(connection, table, rows[table])

    def set_aside(self) -> Path:
        """Rename a state that is of no use; the one set aside before is lost. Raise OSError."""
        self.close()
        kept = self.path.with_name(self.path.name + ".unusable")
        for suffix in ("-wal", "-shm", ""):
            # What belongs to this file would be taken for the next one's.
            kept.with_name(kept.name + suffix).unlink(missing_ok=True)
            with contextlib.suppress(FileNotFoundError):
                self.path.with_name(self.path.name + suffix).replace(
                    kept.with_name(kept.name + suffix)
                )
        return kept

    def close(self) -> None:
        """Close it; the next write opens it again."""
        if self._connection is not None:
            self._connection.close()
            self._connection = None

    def _create(self) -> sqlite3.Connection:
        connection = _open(self.path, "rwc")
        try:
            # A commit survives kill -9; a power cut may take back the last ones, whole.
            connection.execute("PRAGMA journal_mode = WAL")
            connection.execute("PRAGMA synchronous = NORMAL")
            if _is_blank(connection):
                with connection:
                    connection.execute("BEGIN IMMEDIATE")
                    for table in ("core", *TABLES):
                        connection.execute(f"CREATE TABLE {table} (key TEXT UNIQUE, value TEXT)")
                    connection.execute(f"PRAGMA application_id = {_APPLICATION}")
                    connection.execute(f"PRAGMA user_version = {_VERSION}")
            _check(connection)
        except BaseException:
            connection.close()
            raise
        return connection


def _open(path: Path, mode: str) -> sqlite3.Connection:
    # Opened in the thread that writes, closed in the one that ends the process.
    return sqlite3.connect(
        f"{path.absolute().as_uri()}?mode={mode}",
        uri=True,
        timeout=_WAIT_SECONDS,
        isolation_level=None,
        check_same_thread=False,
    )


def _is_blank(connection: sqlite3.Connection) -> bool:
    """Whether nothing was ever made of it: an earlier process was killed just before."""
    return not connection.execute("SELECT count(*) FROM sqlite_master").fetchone()[0]


def _check(connection: sqlite3.Connection) -> None:
    application = connection.execute("PRAGMA application_id").fetchone()[0]
    version = connection.execute("PRAGMA user_version").fetchone()[0]
    if application != _APPLICATION:
        raise StateUnusable("ce fichier n'est pas un état de maillog")
    if version != _VERSION:
        raise StateUnusable(f"état de version {version} ; attendu : {_VERSION}")


def _put(connection: sqlite3.Connection, table: str, rows: Iterable[Row]) -> None:
    kept, gone = [], []
    for key, value in rows:
        if value is None:
            gone.append((key,))
        else:
            kept.append((key, value))
    connection.executemany(f"DELETE FROM {table} WHERE key = ?", gone)  # noqa: S608
    connection.executemany(
        f"INSERT INTO {table} VALUES (?, ?)"  # noqa: S608
        " ON CONFLICT (key) DO UPDATE SET value = excluded.value",
        kept,
    )


@contextlib.contextmanager
def _said(path: Path) -> Iterator[None]:
    """What SQLite raises, as a StateError."""
    try:
        yield
    except sqlite3.Error as error:
        spoilt = getattr(error, "sqlite_errorcode", 0) & 0xFF in _SPOILT
        raise (StateUnusable if spoilt else StateError)(f"{path} : {error}") from None
    except (json.JSONDecodeError, UnicodeDecodeError) as error:
        raise StateUnusable(f"{path} : contenu incompréhensible ({error})") from None
