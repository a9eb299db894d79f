"""The text of a page, from what fires of its incident now."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import bindparam, select
from sqlalchemy.orm import Session

from alertmanager.delivery.sms_text import clock, page_text
from alertmanager.incidents.desk import Desk
from alertmanager.incidents.urgency import Urgency, severity, urgency
from alertmanager.store.tables import Alert, Incident, Page

# Put together once: that costs more than to run it.
_FIRING = (
    select(Alert.id, Alert.labels["severity"].as_string())
    .where(Alert.incident_id == bindparam("incident"), Alert.status == "firing")
    .order_by(Alert.starts_at, Alert.id)
)


def current_text(
    session: Session, desk: Desk, incident: Incident, now: datetime, *, note: str | None = None
) -> str:
    """The worst of what fires, and how many others.

    `note` says in a word why it comes again; None: what its last page says.
    """
    if note is None:
        last = select(Page.note).where(Page.incident_id == incident.id).order_by(Page.id.desc())
        note = session.scalar(last.limit(1)) or ""
    # Of a thousand alerts only the worst is read whole.
    firing = session.execute(_FIRING, {"incident": incident.id}).all()
    if not firing:  # it comes and goes, and is away at this moment
        firing = session.execute(
            select(Alert.id, Alert.labels["severity"].as_string())
            .where(Alert.incident_id == incident.id)
            .order_by(Alert.id.desc())
            .limit(1)
        ).all()
    urgencies = {row.id: urgency({"severity": row[1] or ""}) for row in firing}
    worst = session.get_one(Alert, max(urgencies, key=lambda number: urgencies[number]))
    urgent = [found for found in urgencies.values() if found > Urgency.NEVER]
    others = max(0, len(urgent) - 1)
    return page_text(
        desk.subject(incident),
        severity(worst.labels),
        clock(min(worst.starts_at, now), now, desk.zone),
        worst.annotations.get("summary") or incident.title,
        worst.annotations.get("action", ""),
        others=others,
        note=note,
    )
