"""The catalogue as Bacula keeps it in SQLite, only read, for a bounded while."""

from __future__ import annotations

import sqlite3
from datetime import datetime
from pathlib import Path
from time import monotonic

from exporters.backup.bacula.jobs import COLUMNS, JobRow
from exporters.backup.contents import Glance
from exporters.backup.errors import Reason, Unreadable
from inventory.config import reason

_QUERY = (
    f"SELECT {COLUMNS} FROM Job LEFT JOIN Client ON Client.ClientId = Job.ClientId"  # noqa: S608
    " WHERE JobTDate > ? AND Type IN ('B', 'R') ORDER BY JobId"
)
_INSTRUCTIONS = 20_000  # of SQLite's machine, between two looks at the clock
_WORDS: tuple[tuple[str, Reason], ...] = (
    ("locked", "locked"),
    ("interrupted", "timeout"),
    ("no such table", "missing"),
    ("no such column", "parse"),
    ("unable to open", "unreachable"),
    ("permission", "unreachable"),
)


def glance(path: Path) -> Glance:
    """Size and time of its file, which change with every job. Raise Unreadable."""
    try:
        known = path.stat()
    except FileNotFoundError:
        raise Unreadable("missing", f"aucun catalogue {path}") from None
    except OSError as error:
        raise Unreadable("unreachable", f"{path} : {reason(error)}") from None
    return Glance((known.st_size, known.st_mtime_ns, known.st_ino))


def rows(path: Path, since: datetime, seconds: float) -> list[JobRow]:
    """The backups and restores that ended since, or go on. Raise Unreadable."""
    end = monotonic() + seconds
    try:
        with sqlite3.connect(f"{path.absolute().as_uri()}?mode=ro", uri=True, timeout=5) as base:
            base.set_progress_handler(lambda: monotonic() > end, _INSTRUCTIONS)
            found = base.execute(_QUERY, (int(since.timestamp()),)).fetchall()
        base.close()
    except sqlite3.Error as error:
        said = str(error).lower()
        why: Reason = next((kind for words, kind in _WORDS if words in said), "corrupt")
        raise Unreadable(why, f"{path} : {error}") from None
    return [JobRow(*row) for row in found]
