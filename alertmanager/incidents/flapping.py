"""An incident that comes and goes: after a few times it is held open until it has been quiet."""

from __future__ import annotations

from datetime import datetime, timedelta

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from alertmanager.store.tables import Incident, JournalLine

FLAPS = 3
"""Times that it came back in `WITHIN`: from then on coming back is no news."""
WITHIN = timedelta(hours=1)


def flaps(session: Session, incident: Incident, now: datetime) -> bool:
    """Whether it came back so often of late that people know."""
    if incident.reopened < FLAPS:
        return False
    lately = session.scalar(
        select(func.count())
        .select_from(JournalLine)
        .where(
            JournalLine.incident_id == incident.id,
            JournalLine.event == "incident.reopened",
            JournalLine.at > now - WITHIN,
        )
    )
    return (lately or 0) >= FLAPS
