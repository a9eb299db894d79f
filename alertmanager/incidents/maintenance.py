"""Announced work: which of it covers an incident now."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime

from sqlalchemy import bindparam, select
from sqlalchemy.orm import Session

from alertmanager.incidents.firing import urgent_labels
from alertmanager.store.tables import Incident, Maintenance

_AT = bindparam("now", type_=Maintenance.starts_at.type)
# Put together once: that costs more than to run it.
_GOES_ON = (
    select(Maintenance)
    .where(
        Maintenance.cancelled_at.is_(None),
        Maintenance.starts_at <= _AT,
        Maintenance.ends_at > _AT,
    )
    .order_by(Maintenance.ends_at, Maintenance.id)
)


def current(session: Session, now: datetime) -> Sequence[Maintenance]:
    """The work that goes on at `now`: from its start up to its end, the end left out."""
    return session.scalars(_GOES_ON, {"now": now}).all()


def covers(maintenance: Maintenance, labels: Mapping[str, str]) -> bool:
    """Whether an alert with these labels is of that work: each of its labels is equal."""
    wanted = maintenance.labels
    return bool(wanted) and all(labels.get(name, "") == value for name, value in wanted.items())


def covering(session: Session, incident: Incident, now: datetime) -> Maintenance | None:
    """The work that covers all that pages of the incident; of several the one that ends first.

    None: something fires that no announced work explains, so somebody must know.
    """
    going_on = current(session, now)
    if not going_on:
        return None
    alerts = urgent_labels(session, incident)
    if not alerts:
        return None
    needed = [next((work for work in going_on if covers(work, labels)), None) for labels in alerts]
    if any(work is None for work in needed):
        return None
    return min((work for work in needed if work is not None), key=lambda work: work.ends_at)
