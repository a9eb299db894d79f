"""What still fires of an incident."""

from __future__ import annotations

from sqlalchemy import bindparam, select
from sqlalchemy.orm import Session

from alertmanager.incidents.urgency import Urgency, urgency
from alertmanager.store.tables import Alert, Incident

# Put together once: that costs more than to run it.
_SEVERITIES = (
    select(Alert.labels["severity"].as_string())
    .where(Alert.incident_id == bindparam("incident"), Alert.status == "firing")
    .distinct()
)


def worst(session: Session, incident: Incident) -> Urgency:
    """The urgency of what still fires."""
    firing = session.scalars(_SEVERITIES, {"incident": incident.id})
    found = (urgency({"severity": written or ""}) for written in firing)
    return max(found, default=Urgency.NEVER)


def urgent_labels(session: Session, incident: Incident) -> list[dict[str, str]]:
    """The labels of each firing alert that pages somebody, sooner or later."""
    rows = session.scalars(
        select(Alert.labels).where(Alert.incident_id == incident.id, Alert.status == "firing")
    )
    return [labels for labels in rows if urgency(labels) > Urgency.NEVER]
