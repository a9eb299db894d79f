"""From alerts as received to incidents, in the caller's transaction."""

from __future__ import annotations

import uuid
from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass, field
from datetime import datetime

from sqlalchemy import bindparam, or_, select
from sqlalchemy.orm import Session

from alertmanager.delivery.codes import fresh_code
from alertmanager.incidents.closing import resolve_if_quiet
from alertmanager.incidents.desk import Desk
from alertmanager.incidents.episodes import Book, Episode
from alertmanager.incidents.flapping import flaps
from alertmanager.incidents.late import Doubts
from alertmanager.incidents.machine import OVER, Event, State, after
from alertmanager.incidents.policy import choose
from alertmanager.incidents.received import Batch, ReceivedAlert
from alertmanager.incidents.timers import PAGE, SUPPORT, run_at_once
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

# What announced work does not cover is looked at again.
_WAITS_FOR_OFFICE = (State.OPEN, State.SUPPRESSED)
_CHUNK = 500  # values in one IN list, well under every database's limit
# Put together once: that costs more than to run them.
_FIRING = (
    select(
        Alert.incident_id,
        Alert.labels["severity"].as_string(),
        Alert.labels["impact"].as_string(),
    )
    .where(Alert.incident_id.in_(bindparam("incidents", expanding=True)), Alert.status == "firing")
    .distinct()
)
_LIVELY = (
    select(Incident)
    .where(
        Incident.group_key.in_(bindparam("keys", expanding=True)),
        or_(
            Incident.state.not_in(OVER),
            (Incident.state == State.RESOLVED)
            & (Incident.resolved_at >= bindparam("since", type_=Incident.resolved_at.type)),
        ),
    )
    .order_by(Incident.opened_at, Incident.id.desc())
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
    groups = _lively(session, desk, _news(desk, book, batches), now)
    intake = _Intake(session, desk, now, book, Doubts(session, asked), groups)
    changed = [sum(intake.take(batch, alert) for alert in batch.alerts) for batch in batches]
    book.write(session, now)
    firing = _firing(session, intake.touched)
    for identifier, entry in intake.touched.items():
        _settle(session, desk, entry, now, firing.get(identifier, []))
    return Taken(changed, intake.late.write(session))


def _news(desk: Desk, book: Book, batches: Sequence[Batch]) -> set[str]:
    """The groups of the alerts that may begin to fire: of all but those that just go on.

    One that ends may fire anew in the same batch.
    """
    known = book.known
    return {
        group_key(alert.labels, desk.grouping)
        for batch in batches
        for alert in batch.alerts
        if (last := known.get((batch.integration, alert.fingerprint))) is None
        or not (last.firing and alert.firing)
    }


def _lively(
    session: Session, desk: Desk, keys: Collection[str], now: datetime
) -> dict[str, Incident]:
    """By group, the incident that is open, or that ended so lately that it is the same one."""
    found: dict[str, Incident] = {}
    wanted, since = sorted(keys), now - desk.reopen_within
    for start in range(0, len(wanted), _CHUNK):
        some = {"keys": wanted[start : start + _CHUNK], "since": since}
        found |= {incident.group_key: incident for incident in session.scalars(_LIVELY, some)}
    return found


def _firing(session: Session, incidents: Iterable[str]) -> dict[str, list[tuple[str, str]]]:
    """(severity, impact) of what fires of each incident: a few pairs, however many alerts fire."""
    found: dict[str, list[tuple[str, str]]] = {}
    wanted = sorted(incidents)
    for start in range(0, len(wanted), _CHUNK):
        rows = session.execute(_FIRING, {"incidents": wanted[start : start + _CHUNK]})
        for incident, written, impact in rows:
            found.setdefault(incident, []).append((written or "", impact or ""))
    return found


@dataclass
class _Intake:
    """The alerts of several payloads, one after the other; the incidents are settled at the end."""

    session: Session
    desk: Desk
    now: datetime
    book: Book
    late: Doubts
    groups: dict[str, Incident]
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
        incident = self.groups.get(key)
        if incident is None:
            incident = _open(self.session, self.desk, key, alert, self.now)
            self.groups[key] = incident
        elif incident.state == State.RESOLVED:
            _reopen(self.session, incident, self.now)
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


def _reopen(session: Session, incident: Incident, now: datetime) -> None:
    incident.state = after(incident.state, Event.REOPEN)
    incident.generation += 1
    incident.reopened += 1
    incident.resolved_at = incident.closed_at = None
    incident.acknowledged_at = incident.acknowledged_by = incident.acknowledged_until = None
    write_line(session, now, "incident.reopened", incident.id)


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


def _settle(
    session: Session,
    desk: Desk,
    entry: _Touched,
    now: datetime,
    firing: Sequence[tuple[str, str]],
) -> None:
    """Decide once about an incident, after all its alerts of the payload were taken in.

    Who is paged is decided in a transaction of its own, so that what Alertmanager has still to
    tell does not wait for it.
    """
    incident = entry.incident
    if not firing:
        resolve_if_quiet(session, desk, incident, now)
        return
    before = urgency({"severity": incident.severity})
    incident.severity = worst_severity(severity({"severity": written}) for written, _ in firing)
    incident.impact = worst_impact(impact for _, impact in firing)
    if incident.generation == 0:
        labels = {"service": incident.service, "member": incident.member, **entry.labels}
        hour = desk.rosters.day_kind(now)
        policy = choose(desk.policies, desk.policy, incident.severity, hour, labels)
        incident.policy = policy.to_json()
    if entry.fresh == Urgency.NOW and _wakes(session, incident, before, now):
        run_at_once(session, incident, PAGE, now)
    elif entry.fresh == Urgency.SUPPORT_HOURS and incident.state in _WAITS_FOR_OFFICE:
        run_at_once(session, incident, SUPPORT, now)


def _wakes(session: Session, incident: Incident, before: Urgency, now: datetime) -> bool:
    """Whether a critical alert that has just joined is news to those who know of the incident."""
    if incident.state == State.ACKNOWLEDGED:
        # Whoever has it knows that it comes and goes.
        return before < Urgency.NOW or not flaps(session, incident, now)
    if incident.state in (State.PAGING, State.SNOOZED):
        return before < Urgency.NOW
    return True
