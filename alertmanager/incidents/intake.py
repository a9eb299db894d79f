"""From alerts as received to incidents, in the caller's transaction."""

from __future__ import annotations

import uuid
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import datetime

from sqlalchemy import select
from sqlalchemy.orm import Session

from alertmanager.delivery.codes import fresh_code
from alertmanager.incidents.closing import resolve
from alertmanager.incidents.desk import Desk
from alertmanager.incidents.machine import Event, State, after
from alertmanager.incidents.paging import page_at_support_hours, start_paging
from alertmanager.incidents.urgency import (
    Urgency,
    group_key,
    severity,
    urgency,
    worst_impact,
    worst_severity,
)
from alertmanager.store.journal import write_line
from alertmanager.store.tables import Alert, Incident

_CHUNK = 500  # values in one IN list, well under every database's limit


@dataclass(frozen=True)
class ReceivedAlert:
    """One alert of a payload. `starts_at` is aware."""

    fingerprint: str
    firing: bool
    labels: dict[str, str]
    annotations: dict[str, str]
    starts_at: datetime
    generator_url: str = ""


@dataclass
class _Touched:
    incident: Incident
    fresh: list[Alert] = field(default_factory=list)


def receive(
    session: Session,
    desk: Desk,
    integration: str,
    alerts: Sequence[ReceivedAlert],
    now: datetime,
) -> int:
    """Take the alerts in; the number of them that changed anything.

    What is already known is absorbed, whoever repeats it. An alert that fires
    after it was resolved is a new episode. One that is missing from a payload is
    not over: only its own "resolved" closes it.
    """
    latest = _latest(session, integration, {alert.fingerprint for alert in alerts})
    groups: dict[str, Incident] = {}
    touched: dict[str, _Touched] = {}
    changed = 0
    for alert in alerts:
        known = latest.get(alert.fingerprint)
        if alert.firing and known is not None and known.status == "firing":
            known.last_seen_at = now
            known.annotations = alert.annotations
        elif alert.firing:
            key = group_key(alert.labels, desk.grouping)
            if key not in groups:
                groups[key] = _incident_for(session, desk, key, alert, now)
            row = _new_episode(session, groups[key], integration, alert, now, previous=known)
            latest[alert.fingerprint] = row
            touched.setdefault(row.incident_id, _Touched(groups[key])).fresh.append(row)
            changed += 1
        elif known is not None and known.status == "firing":
            known.status = "resolved"
            known.resolved_at = known.last_seen_at = now
            _journal(session, known, now)
            touched.setdefault(known.incident_id, _Touched(known.incident))
            changed += 1
    session.flush()
    for entry in touched.values():
        _settle(session, desk, entry, now)
    return changed


def _latest(session: Session, integration: str, fingerprints: Iterable[str]) -> dict[str, Alert]:
    """The last episode of each alert."""
    wanted = sorted(fingerprints)
    found: dict[str, Alert] = {}
    for start in range(0, len(wanted), _CHUNK):
        rows = session.scalars(
            select(Alert)
            .where(
                Alert.integration == integration,
                Alert.fingerprint.in_(wanted[start : start + _CHUNK]),
            )
            .order_by(Alert.episode)
        )
        found.update({row.fingerprint: row for row in rows})
    return found


def _new_episode(
    session: Session,
    incident: Incident,
    integration: str,
    alert: ReceivedAlert,
    now: datetime,
    *,
    previous: Alert | None,
) -> Alert:
    row = Alert(
        integration=integration,
        fingerprint=alert.fingerprint,
        episode=previous.episode + 1 if previous else 1,
        status="firing",
        labels=alert.labels,
        annotations=alert.annotations,
        generator_url=alert.generator_url,
        starts_at=alert.starts_at,
        first_seen_at=now,
        last_seen_at=now,
        incident_id=incident.id,
    )
    # No flush: five thousand alerts are written together, in one second rather than six.
    session.add(row)
    _journal(session, row, now)
    return row


def _journal(session: Session, alert: Alert, now: datetime) -> None:
    write_line(
        session,
        now,
        "alert.received",
        alert.incident_id,
        status=alert.status,
        alertname=alert.labels.get("alertname", ""),
        integration=alert.integration,
        fingerprint=alert.fingerprint,
        episode=alert.episode,
    )


def _incident_for(
    session: Session, desk: Desk, key: str, alert: ReceivedAlert, now: datetime
) -> Incident:
    """The open incident of the alert's group, the one that just closed, or a new one."""
    last = session.scalar(
        select(Incident)
        .where(Incident.group_key == key)
        .order_by(Incident.opened_at.desc(), Incident.id)
        .limit(1)
    )
    if last is not None and last.state != State.RESOLVED:
        return last
    if last is not None and last.resolved_at and now - last.resolved_at <= desk.reopen_within:
        last.state = after(last.state, Event.REOPEN)
        last.generation += 1
        last.reopened += 1
        last.resolved_at = last.acknowledged_at = last.acknowledged_by = None
        write_line(session, now, "incident.reopened", last.id)
        return last
    return _open(session, desk, key, alert, now)


def _open(session: Session, desk: Desk, key: str, alert: ReceivedAlert, now: datetime) -> Incident:
    labels = alert.labels
    incident = Incident(
        id=uuid.uuid4().hex,
        code=fresh_code(session, now),
        group_key=key,
        title=labels.get("alertname", "Alerte"),
        service=labels.get("service", ""),
        member=labels.get("member", ""),
        scope="member" if labels.get("scope") == "member" else "service",
        impact="none",
        severity="none",
        state=State.OPEN,
        policy=desk.policy.to_json(),
        generation=0,
        step=0,
        reopened=0,
        started_at=min(alert.starts_at, now),
        opened_at=now,
    )
    session.add(incident)
    session.flush()
    write_line(
        session,
        now,
        "incident.opened",
        incident.id,
        code=incident.code,
        title=incident.title,
        service=incident.service,
        member=incident.member,
    )
    return incident


def _settle(session: Session, desk: Desk, entry: _Touched, now: datetime) -> None:
    """Decide once about an incident, after all its alerts of the payload were taken in."""
    incident = entry.incident
    firing = session.scalars(
        select(Alert).where(Alert.incident_id == incident.id, Alert.status == "firing")
    ).all()
    if not firing:
        resolve(session, desk, incident, now)
        return
    before = urgency({"severity": incident.severity})
    incident.severity = worst_severity(severity(alert.labels) for alert in firing)
    incident.impact = worst_impact(alert.labels.get("impact", "") for alert in firing)
    fresh = max((urgency(alert.labels) for alert in entry.fresh), default=Urgency.NEVER)
    # Whoever is being paged for a warning does not know of a critical alert that joins it.
    worse = incident.state == State.PAGING and before < Urgency.NOW
    if fresh == Urgency.NOW and (worse or incident.state in (State.OPEN, State.ACKNOWLEDGED)):
        start_paging(session, desk, incident, now)
    elif fresh == Urgency.SUPPORT_HOURS and incident.state == State.OPEN:
        page_at_support_hours(session, desk, incident, now)
