"""What a link shows: the incidents of its message with every one of their alerts."""

from __future__ import annotations

import unicodedata
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from urllib.parse import urlsplit

from sqlalchemy import ColumnElement, Select, case, func, or_, select
from sqlalchemy.orm import Session

from alertmanager.incidents.desk import Desk
from alertmanager.incidents.machine import State
from alertmanager.incidents.urgency import Urgency, severity, urgency
from alertmanager.store.tables import Alert, Incident, Message, MessagePage, Page

ALERTS_A_PAGE = 2000
"""A storm of a thousand alerts is one page of half a megabyte, a tenth of that compressed."""
_LINE, _PARAGRAPH = 300, 2000
_SHOWN_APART = frozenset({"alertname", "severity", "service", "member", "impact", "scope"})


@dataclass(frozen=True)
class ShownAlert:
    """One alert; `where` is its labels that the incident does not show already."""

    name: str
    summary: str
    where: str
    firing: bool
    since: datetime
    ended: datetime | None


@dataclass(frozen=True)
class ShownIncident:
    """One incident, with those of its alerts that are on this page."""

    code: str
    title: str
    service: str
    place: str
    severity: str
    state: State
    started_at: datetime
    resolved_at: datetime | None
    taken_by: str
    taken_at: datetime | None
    taken_until: datetime | None
    asleep_until: datetime | None
    action: str
    runbook: str
    alerts: list[ShownAlert]


@dataclass(frozen=True)
class LinkView:
    """The page. `waiting` counts the incidents that can be taken, over all pages."""

    text: str
    sent_at: datetime
    person: str
    incidents: list[ShownIncident]
    incident_count: int
    alert_count: int
    firing_count: int
    waiting: int
    page: int
    pages: int


def incidents_of(message: Message) -> Select[str]:
    """Ids of the incidents that a message is about."""
    paged = (
        select(Page.incident_id)
        .join(MessagePage, MessagePage.page_id == Page.id)
        .where(MessagePage.message_id == message.id)
    )
    return select(Incident.id).where(
        or_(Incident.id == message.incident_id, Incident.id.in_(paged))
    )


def name_of_recipient(session: Session, message: Message, desk: Desk) -> str:
    """The name of whoever the message was sent to."""
    paged = session.scalar(
        select(Page.person_name)
        .join(MessagePage, MessagePage.page_id == Page.id)
        .where(MessagePage.message_id == message.id)
        .limit(1)
    )
    person = desk.person(message.recipient)
    return paged or (person.name if person else message.recipient)


def view_of(session: Session, desk: Desk, message: Message, page: int) -> LinkView:
    """The page numbered `page` (from 1) of what the message was about."""
    theirs = incidents_of(message)
    by_status = session.execute(
        select(Alert.status, func.count())
        .where(Alert.incident_id.in_(theirs))
        .group_by(Alert.status)
    )
    counts = {row[0]: row[1] for row in by_status}
    total = sum(counts.values())
    pages = max(1, -(-total // ALERTS_A_PAGE))
    page = min(page, pages)
    mine = Incident.id.in_(theirs)
    return LinkView(
        text=shown(message.text, _PARAGRAPH),
        sent_at=message.created_at,
        person=name_of_recipient(session, message, desk),
        incidents=list(_incidents(session, desk, mine, (page - 1) * ALERTS_A_PAGE)),
        incident_count=session.scalar(select(func.count()).where(mine)) or 0,
        alert_count=total,
        firing_count=counts.get("firing", 0),
        waiting=session.scalar(select(func.count()).where(mine, Incident.state.in_(_TAKEABLE)))
        or 0,
        page=page,
        pages=pages,
    )


_TAKEABLE = (State.OPEN, State.PAGING)


def can_be_taken(incident: Incident) -> bool:
    """Whether it waits for somebody: what another has, or put off, stays theirs."""
    return incident.state in _TAKEABLE


def _incidents(
    session: Session, desk: Desk, mine: ColumnElement[bool], offset: int
) -> Iterator[ShownIncident]:
    """What waits first, then the worst, then the oldest; an incident's firing alerts first."""
    waits = case((Incident.state.in_(_TAKEABLE), 0), else_=1)
    rank = case((Incident.severity == "critical", 0), (Incident.severity == "warning", 1), else_=2)
    rows = session.execute(
        select(Incident, Alert)
        .outerjoin(Alert, Alert.incident_id == Incident.id)
        .where(mine)
        .order_by(
            waits,
            rank,
            Incident.opened_at,
            Incident.id,
            Alert.status,
            Alert.id,
        )
        .limit(ALERTS_A_PAGE)
        .offset(offset)
    )
    group: list[Alert] = []
    current: Incident | None = None
    for incident, alert in rows:
        if current is not None and incident.id != current.id:
            yield _incident(desk, current, group)
            group = []
        current = incident
        if alert is not None:
            group.append(alert)
    if current is not None:
        yield _incident(desk, current, group)


def _incident(desk: Desk, incident: Incident, alerts: list[Alert]) -> ShownIncident:
    subject = desk.subject(incident)
    worst = max(alerts, key=_weight, default=None)
    notes = worst.annotations if worst else {}
    return ShownIncident(
        code=incident.code,
        title=shown(incident.title),
        service=shown(subject.service),
        place=shown(subject.place),
        severity=severity({"severity": incident.severity}),
        state=State(incident.state),
        started_at=incident.started_at,
        resolved_at=incident.resolved_at,
        taken_by=shown(incident.acknowledged_by or ""),
        taken_at=incident.acknowledged_at,
        taken_until=incident.acknowledged_until,
        asleep_until=incident.snoozed_until,
        action=shown(notes.get("action", ""), _PARAGRAPH),
        runbook=_web_address(notes.get("runbook_url", "")),
        alerts=[_alert(alert) for alert in alerts],
    )


def _weight(alert: Alert) -> tuple[bool, Urgency]:
    return alert.status == "firing", urgency(alert.labels)


def _alert(alert: Alert) -> ShownAlert:
    labels = alert.labels
    name = shown(labels.get("alertname", "")) or "Alerte"
    where = ", ".join(
        f"{shown(key, 60)} = {shown(value, 120)}"
        for key, value in list(labels.items())[:40]
        if key not in _SHOWN_APART
    )
    return ShownAlert(
        name=name,
        summary=shown(alert.annotations.get("summary", "")),
        where=shown(where),
        firing=alert.status == "firing",
        since=alert.starts_at,
        ended=alert.resolved_at,
    )


def shown(text: str, most: int = _LINE) -> str:
    """One line of at most that many characters, with nothing that is invisible or turns text round.

    Escaping is the template's business.
    """
    kept = "".join(
        " " if character.isspace() else character
        for character in text[: most * 4]
        if character.isspace() or unicodedata.category(character) not in _INVISIBLE
    )
    line = " ".join(kept.split())
    return line if len(line) <= most else line[: most - 1] + "…"


_INVISIBLE = frozenset({"Cc", "Cf", "Cs", "Co", "Cn", "Zl", "Zp"})


def _web_address(text: str) -> str:
    """The address if a reader may follow it: http or https, of bearable length, else nothing."""
    try:
        parts = urlsplit(text)
    except ValueError:
        return ""
    sound = parts.scheme in ("http", "https") and bool(parts.hostname) and len(text) <= 500
    return text if sound and shown(text, 500) == text and " " not in text else ""
