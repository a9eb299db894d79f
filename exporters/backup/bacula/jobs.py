"""Rows of the catalogue's table Job as runs, recovery points and restores. Pure.

Letters of levels and states: Bacula's source, src/jcr.h and src/lib/jcr.c; a running job has no
EndTime. Times are the director's wall clock; JobTDate is the end in seconds since the epoch.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, datetime
from zoneinfo import ZoneInfo

from exporters.backup.contents import Contents, RecoveryPoint, Restore, Run, Status, Volume
from exporters.backup.errors import Unreadable

COLUMNS = (
    "JobId, Job.Name, Client.Name, Type, Level, JobStatus, StartTime, EndTime, JobTDate,"
    " JobFiles, JobBytes, JobErrors"
)
"""In the order of `JobRow`."""

_ENDED: dict[str, Status] = {
    "T": "success",
    "W": "partial",  # ended with warnings
    "e": "partial",  # with errors that did not end it
    "E": "failed",
    "f": "failed",
    "B": "failed",
    "A": "cancelled",
    "I": "partial",  # incomplete: it may go on later
}
FULL = "F"


@dataclass(frozen=True, slots=True)
class JobRow:
    """One row. `client` is None when the client was removed since."""

    id: int
    name: str
    client: str | None
    type: str
    level: str
    status: str
    start: str | None
    end: str | None
    ended_at: int
    files: int
    size: int
    errors: int


def contents_of(rows: Iterable[JobRow], zone: ZoneInfo) -> Contents:
    """What the rows tell. Raise Unreadable ("parse") for a time that is none."""
    points, runs, restores = [], [], []
    for row in rows:
        start = _instant(row.start, zone)
        if start is None:
            continue  # created, and not begun
        status = _status(row)
        end = datetime.fromtimestamp(row.ended_at, UTC) if row.status in _ENDED else None
        host = row.client or ""
        if row.type == "R":
            if end is not None:
                good = status == "success" and row.files > 0
                restores.append(Restore(start, good, end=end, restored_bytes=row.size, host=host))
            continue
        volume = Volume(size_bytes=row.size, files=row.files, errors=row.errors)
        identifier, level = str(row.id), row.level.strip()
        runs.append(Run(start, status, end, identifier, row.name, host, level=level, volume=volume))
        # An incremental of nothing is the state of that night; a full of nothing is nothing.
        if status in ("success", "partial") and (row.files or level != FULL):
            points.append(RecoveryPoint(start, identifier, row.name, host, (), end, level, volume))
    return Contents(tuple(points), tuple(runs), restores=tuple(restores))


def _status(row: JobRow) -> Status:
    status = _ENDED.get(row.status, "running")
    # A missing folder is an error that Bacula itself calls a success.
    return "partial" if status == "success" and row.errors else status


def _instant(text: str | None, zone: ZoneInfo) -> datetime | None:
    if not text or str(text).startswith("0"):
        return None
    try:
        return datetime.fromisoformat(str(text)).replace(tzinfo=zone).astimezone(UTC)
    except ValueError:
        raise Unreadable("parse", f"ce n'est pas une date : {str(text)[:40]!r}") from None
