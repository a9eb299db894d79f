"""What the journal says of an escalation: which step, who was found at it, and why nobody."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy.orm import Session

from alertmanager.incidents.desk import PersonOnDuty
from alertmanager.incidents.policy import Policy
from alertmanager.incidents.targets import Target
from alertmanager.store.journal import write_line
from alertmanager.store.tables import Incident


def note_escalated(
    session: Session, incident: Incident, step: int, now: datetime, reason: str
) -> None:
    """Journal that the step of the incident gives way to `step`."""
    write_line(
        session,
        now,
        "page.escalated",
        incident.id,
        from_step=incident.step,
        to_step=step,
        reason=reason,
    )


def note_resolved(
    session: Session,
    incident: Incident,
    person: PersonOnDuty | None,
    now: datetime,
    target: Target,
) -> None:
    """Journal who answers at the step of the incident, or that nobody does, and why."""
    write_line(
        session,
        now,
        "roster.resolved",
        incident.id,
        roster=target.roster,
        target=target.name,
        step=incident.step,
        person=person and person.id,
        name=person and person.name,
        why=target.why,
    )


def nobody_at(policy: Policy, step: int) -> str:
    """Why that step is passed over."""
    if step < len(policy.steps):
        return "personne d'astreinte à cette étape"
    return "liste de dernier recours vide"
