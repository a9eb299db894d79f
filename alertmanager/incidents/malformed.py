"""A body that nobody could read: an incident of its own, so that it never passes in silence."""

from __future__ import annotations

from datetime import datetime, timedelta

from sqlalchemy import select
from sqlalchemy.orm import Session

from alertmanager.incidents.desk import Desk
from alertmanager.incidents.intake import receive
from alertmanager.incidents.received import ReceivedAlert
from alertmanager.store.tables import Alert, Timer

CALM = "calm"
CALM_AFTER = timedelta(minutes=30)
"""Without another unreadable body for that long, the incident is over."""
OWN_FINGERPRINT = "vigie-malformed"


def note_malformed(
    session: Session, desk: Desk, integration: str, problem: str, now: datetime
) -> None:
    """Open the incident of that integration, or absorb one more body into it."""
    alert = _alert(integration, problem, now, firing=True)
    if receive(session, desk, integration, [alert], now):
        _set_timer(session, _row(session, integration), now + CALM_AFTER)


def run_calm_timer(session: Session, desk: Desk, timer: Timer, now: datetime) -> None:
    """Close the incident if no unreadable body came lately, else look again later."""
    timer.done_at = now
    row = session.scalar(
        select(Alert).where(
            Alert.incident_id == timer.incident_id,
            Alert.fingerprint == OWN_FINGERPRINT,
            Alert.status == "firing",
        )
    )
    if row is None:
        return
    if row.last_seen_at + CALM_AFTER > now:
        _set_timer(session, row, row.last_seen_at + CALM_AFTER)
        return
    alert = _alert(row.integration, "", now, firing=False)
    receive(session, desk, row.integration, [alert], now)


def _alert(integration: str, problem: str, now: datetime, *, firing: bool) -> ReceivedAlert:
    return ReceivedAlert(
        fingerprint=OWN_FINGERPRINT,
        firing=firing,
        labels={
            "alertname": f"WebhookUnreadable ({integration})",
            "severity": "critical",
            "service": "supervision",
            "impact": "none",
            "scope": "service",
        },
        annotations={
            "summary": f"alerte illisible reçue de « {integration} » ({problem}),"
            " ce qu'elle annonçait est inconnu",
            "action": "Regarder Alertmanager directement, puis corriger l'envoyeur.",
        },
        starts_at=now,
    )


def _row(session: Session, integration: str) -> Alert:
    return session.scalars(
        select(Alert)
        .where(Alert.integration == integration, Alert.fingerprint == OWN_FINGERPRINT)
        .order_by(Alert.episode.desc())
        .limit(1)
    ).one()


def _set_timer(session: Session, row: Alert, due: datetime) -> None:
    session.add(Timer(incident_id=row.incident_id, kind=CALM, generation=0, due_at=due))
