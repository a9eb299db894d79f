"""From alerts as received to incidents, in the caller's transaction."""

from __future__ import annotations

import uuid
from collections.abc import Collection, Sequence
from dataclasses import dataclass, field
from datetime import datetime

from sqlalchemy import bindparam, select
from sqlalchemy.orm import Session

from alertmanager.delivery.codes import fresh_code
from alertmanager.incidents.closing import resolve_if_quiet
from alertmanager.incidents.desk import Desk
from alertmanager.incidents.episodes import Book, Episode
from alertmanager.incidents.flapping import flaps
from alertmanager.incidents.late import Doubts
from alertmanager.incidents.machine import OVER, Event, State, after
from alertmanager.incidents.paging import page_at_support_hours, start_paging
from alertmanager.incidents.policy import choose
from alertmanager.incidents.received import Batch, ReceivedAlert
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

# Put together once: that costs more than to run them.
_FIRING = (
    select(Alert.labels["severity"].as_string(), Alert.labels["impact"].as_string())
    .where(Alert.incident_id == bindparam("incident"), Alert.status == "firing")
    .distinct()
)
_LAST = (
    select(Incident)
    .where(Incident.group_key == bindparam("key"))
    .order_by(Incident.opened_at.desc(), Incident.id)
    .limit(1)
)


@dataclass(frozen=True)
class Taken:
    """`changed`: of each payload, the alerts that changed anything. `doubted`: to ask about."""

    changed: list[int]
    doubted: int


@dataclass
class _Touched:
    incident: Incident
    fresh: Urgency = Urgency.NEVER
    labels: dict[str, str] = field(default_factory=dict)


def receive(
    session: Session,
    desk: Desk,
    integration: str,
    alerts: Sequence[ReceivedAlert],
    now: datetime,
) -> int:
    """Take the alerts in; the number of them that changed anything."""
    return receive_all(session, desk, [Batch(integration, alerts)], now).changed[0]


def receive_all(
    session: Session,
    desk: Desk,
    batches: Sequence[Batch],
    now: datetime,
    asked: Collection[str] = (),
) -> Taken:
    """Take payloads in, in order.

    What is already known is absorbed, whoever repeats it. An alert that fires
    after it was resolved is a new episode. One that is missing from a payload is
    not over: only its own "resolved" closes it. `asked`: the integrations whose
    Alertmanager can be asked about a firing that may be out of date.
    """
    book = Book.of(session, ((b.integration, a.fingerprint) for b in batches for a in b.alerts))
    intake = _Intake(session, desk, now, book, Doubts(session, asked))
    changed = [sum(intake.take(batch, alert) for alert in batch.alerts) for batch in batches]
    book.write(session, now)
    for entry in intake.touched.values():
        _settle(session, desk, entry, now)
    return Taken(changed, intake.late.write(session))


@dataclass
class _Intake:
    """The alerts of several payloads, one after the other; the incidents are settled at the end."""

    session: Session
    desk: Desk
    now: datetime
    book: Book
    late: Doubts
    groups: dict[str, Incident] = field(default_factory=dict)
    touched: dict[str, _Touched] = field(default_factory=dict)

    def take(self, batch: Batch, alert: ReceivedAlert) -> bool:
        """Whether it changed anything."""
        known = self.book.known.get((batch.integration, alert.fingerprint))
        if known is not None and known.firing:
            if alert.firing:
                self.book.repeat(known, alert.annotations)
                return False
            self._end(known)
            return True
        if not alert.firing:
            # Of what we never knew, or is over: it has the last word on what was in doubt.
            self.late.drop(batch.integration, alert.fingerprint, self.now)
            return False
        if self.late.doubts(batch, alert, known, self.now):
            self.late.note(batch, alert, self.now)
        else:
            self._begin(batch, alert, known)
        return True

    def _end(self, known: Episode) -> None:
        self.book.end(known, self.now)
        _journal(self.session, known, self.now)
        if known.incident_id not in self.touched:
            incident = self.session.get_one(Incident, known.incident_id)
            self.touched[incident.id] = _Touched(incident)

    def _begin(self, batch: Batch, alert: ReceivedAlert, previous: Episode | None) -> None:
        key = group_key(alert.labels, self.desk.grouping)
        if key not in self.groups:
            self.groups[key] = _incident_for(self.session, self.desk, key, alert, self.now)
        incident = self.groups[key]
        episode = Episode(
            batch.integration,
            alert.fingerprint,
            previous.number + 1 if previous else 1,
            firing=True,
            starts_at=alert.starts_at,
            resolved_at=None,
            incident_id=incident.id,
            annotations=alert.annotations,
            alertname=alert.labels.get("alertname", ""),
        )
        row = {"labels": alert.labels, "generator_url": alert.generator_url}
        self.book.open(episode, row, self.now)
        _journal(self.session, episode, self.now)
        entry = self.touched.setdefault(incident.id, _Touched(incident))
        if urgency(alert.labels) > entry.fresh:
            entry.fresh, entry.labels = urgency(alert.labels), alert.labels


def _journal(session: Session, episode: Episode, now: datetime) -> None:
    write_line(
        session,
        now,
        "alert.received",
        episode.incident_id,
        status="firing" if episode.firing else "resolved",
        alertname=episode.alertname,
        integration=episode.integration,
        fingerprint=episode.fingerprint,
        episode=episode.number,
    )


def _incident_for(
    session: Session, desk: Desk, key: str, alert: ReceivedAlert, now: datetime
) -> Incident:
    """The open incident of the alert's group, the one that just closed, or a new one."""
    last = session.scalar(_LAST, {"key": key})
    if last is not None and last.state not in OVER:
        return last
    resolved = last.resolved_at if last is not None and last.state == State.RESOLVED else None
    if last is not None and resolved is not None and now - resolved <= desk.reopen_within:
        last.state = after(last.state, Event.REOPEN)
        last.generation += 1
        last.reopened += 1
        last.resolved_at = last.closed_at = None
        last.acknowledged_at = last.acknowledged_by = last.acknowledged_until = None
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
    # A few pairs, however many alerts fire.
    firing = session.execute(_FIRING, {"incident": incident.id}).all()
    if not firing:
        resolve_if_quiet(session, desk, incident, now)
        return
    before = urgency({"severity": incident.severity})
    incident.severity = worst_severity(severity({"severity": row[0] or ""}) for row in firing)
    incident.impact = worst_impact(row[1] or "" for row in firing)
    if incident.generation == 0:
        labels = {"service": incident.service, "member": incident.member, **entry.labels}
        hour = desk.rosters.day_kind(now)
        policy = choose(desk.policies, desk.policy, incident.severity, hour, labels)
        incident.policy = policy.to_json()
    if entry.fresh == Urgency.NOW and _wakes(session, incident, before, now):
        start_paging(session, desk, incident, now)
    elif entry.fresh == Urgency.SUPPORT_HOURS and incident.state == State.OPEN:
        page_at_support_hours(session, desk, incident, now)


def _wakes(session: Session, incident: Incident, before: Urgency, now: datetime) -> bool:
    """Whether a critical alert that has just joined is news to those who know of the incident."""
    if incident.state == State.ACKNOWLEDGED:
        # Whoever has it knows that it comes and goes.
        return before < Urgency.NOW or not flaps(session, incident, now)
    if incident.state in (State.PAGING, State.SNOOZED):
        return before < Urgency.NOW
    return True
