"""The journal: one line for each thing that happened, written with it, chained by hashes.

The hash of a line is the SHA-256 of the hash before it (empty for the first), a line
feed, and the canonical JSON of [id, instant, incident, event, detail]: a line that was changed,
removed or slipped in afterwards breaks the chain from there on.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable
from datetime import UTC, datetime
from functools import lru_cache
from typing import Any

from sqlalchemy import insert, select
from sqlalchemy.orm import Session

from alertmanager.store.tables import JournalLine

_WAITING = "vigie_journal"
_CANONICAL = json.JSONEncoder(ensure_ascii=True, sort_keys=True, separators=(",", ":")).encode
_CHUNK = 1000
_LAST = select(JournalLine.id, JournalLine.hash).order_by(JournalLine.id.desc()).limit(1)
_INSERT = insert(JournalLine.__table__)  # type: ignore[arg-type]


def write_line(
    session: Session, now: datetime, event: str, incident: str | None = None, **detail: Any
) -> None:
    """Add a line; `detail` must be plain JSON data. It is on disk with the transaction."""
    session.info.setdefault(_WAITING, []).append((now, incident, event, detail))


def seal(session: Session) -> None:
    """Chain and insert the lines that wait, before the commit. One writer at a time may do so."""
    waiting = session.info.pop(_WAITING, None)
    if not waiting:
        return
    session.flush()  # the incidents they are about
    last = session.execute(_LAST).first()
    number, previous = last if last is not None else (0, "")
    rows = []
    for now, incident, event, detail in waiting:
        number += 1
        previous = line_hash(previous, number, (now, incident, event, detail))
        rows.append(
            {
                "id": number,
                "at": now,
                "incident_id": incident,
                "event": event,
                "detail": detail,
                "hash": previous,
            }
        )
    session.execute(_INSERT, rows)


@lru_cache(maxsize=64)
def _instant(at: datetime) -> str:
    return at.astimezone(UTC).isoformat(timespec="microseconds")


def line_hash(previous: str, number: int, line: tuple[datetime, str | None, str, Any]) -> str:
    """The hash of one line (instant, incident, event, detail), in hexadecimal."""
    at, incident, event, detail = line
    content = _CANONICAL([number, _instant(at), incident, event, detail])
    return hashlib.sha256(f"{previous}\n{content}".encode()).hexdigest()


def first_broken(lines: Iterable[JournalLine], previous: str = "", number: int = 0) -> int | None:
    """Number of the first line that is not what was written, or that should be there; None: sound.

    `lines` in order, from the one after line `number`, whose hash is `previous`.
    """
    for line in lines:
        number += 1
        if line.id != number:
            return number
        content = (line.at, line.incident_id, line.event, line.detail)
        previous = line_hash(previous, number, content)
        if previous != line.hash:
            return number
    return None


def verify(session: Session) -> tuple[int, int | None]:
    """(number of lines, the first one that breaks the chain or None), read a part at a time."""
    number, previous = 0, ""
    while True:
        lines = session.scalars(
            select(JournalLine)
            .where(JournalLine.id > number)
            .order_by(JournalLine.id)
            .limit(_CHUNK)
        ).all()
        if not lines:
            return number, None
        broken = first_broken(lines, previous, number)
        if broken is not None:
            return number, broken
        number, previous = lines[-1].id, lines[-1].hash
        session.expunge_all()
