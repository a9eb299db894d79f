"""What still fires of an incident."""

from __future__ import annotations

from datetime import UTC, datetime

from sqlalchemy import bindparam, select
from sqlalchemy.orm import Session

from alertmanager.incidents.urgency import Urgency, urgency
from alertmanager.store.tables import Alert, Incident

_EVER = datetime(1, 1, 2, tzinfo=UTC)
# Put together once: that costs more than to run it.
_SEVERITIES = (
    select(Alert.labels["severity"].as_string())
    .where(
        Alert.incident_id == bindparam("incident"),
        Alert.status == "firing",
        Alert.first_seen_at >= bindparam("since", type_=Alert.first_seen_at.type),
    )
    .distinct()
)


def worst(session: Session, incident: Incident, since: datetime | None = None) -> Urgency:
    """The urgency of what still fires; of what came at `since` or later, if given."""
    asked = {"incident": incident.id, "since": since or _EVER}
    firing = session.scalars(_SEVERITIES, asked)
    found = (urgency({"severity": written or ""}) for written in firing)
    return max(found, default=Urgency.NEVER)


def urgent_labels(session: Session, incident: Incident) -> list[dict[str, str]]:
    """The labels of each firing alert that pages somebody, sooner or later."""
    rows = session.scalars(
        select(Alert.labels).where(Alert.incident_id == incident.id, Alert.status == "firing")
    )
    return [labels for labels in rows if urgency(labels) > Urgency.NEVER]
