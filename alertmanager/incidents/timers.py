"""What is to happen to an incident later: rows, outdated by its generation."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy.orm import Session

from alertmanager.store.tables import Incident, Timer

ESCALATE, SUPPORT = "escalate", "support"
ACKNOWLEDGE_EXPIRED, SNOOZE_OVER, MAINTENANCE_OVER = "ack_expired", "snooze_over", "work_over"
QUIET, CLOSE = "quiet", "close"


def set_timer(session: Session, incident: Incident, kind: str, due: datetime) -> None:
    """Do something of that kind at `due`, unless the generation of the incident has passed."""
    session.add(
        Timer(incident_id=incident.id, kind=kind, generation=incident.generation, due_at=due)
    )
