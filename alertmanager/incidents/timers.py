"""What is to happen to an incident later: rows, outdated by its generation."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import bindparam, select
from sqlalchemy.orm import Session

from alertmanager.store.database import Due, note_due
from alertmanager.store.tables import Incident, Timer

PAGE, ESCALATE, SUPPORT = "page", "escalate", "support"
ACKNOWLEDGE_EXPIRED, SNOOZE_OVER, MAINTENANCE_OVER = "ack_expired", "snooze_over", "work_over"
QUIET, CLOSE = "quiet", "close"

_PENDING = select(Timer.id).where(
    Timer.incident_id == bindparam("incident"),
    Timer.kind == bindparam("kind"),
    Timer.generation == bindparam("generation"),
    Timer.due_at <= bindparam("now", type_=Timer.due_at.type),
    Timer.done_at.is_(None),
)


def set_timer(session: Session, incident: Incident, kind: str, due: datetime) -> None:
    """Do something of that kind at `due`, unless the generation of the incident has passed."""
    session.add(
        Timer(incident_id=incident.id, kind=kind, generation=incident.generation, due_at=due)
    )


def run_at_once(session: Session, incident: Incident, kind: str, now: datetime) -> None:
    """Have it done, once, as soon as the transaction is committed, in another one."""
    asked = {
        "incident": incident.id,
        "kind": kind,
        "generation": incident.generation,
        "now": now,
    }
    if session.scalar(_PENDING, asked) is not None:
        return
    set_timer(session, incident, kind, now)
    note_due(session, Due.TIMERS)
