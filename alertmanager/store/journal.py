"""The journal: one line for each thing that happened, written with it."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy.orm import Session

from alertmanager.store.tables import JournalLine


def write_line(
    session: Session, now: datetime, event: str, incident: str | None = None, **detail: Any
) -> None:
    """Add a line; `detail` must be plain JSON data."""
    session.add(JournalLine(at=now, event=event, incident_id=incident, detail=detail))
