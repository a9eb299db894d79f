"""What a digest says, written when it leaves: only what still waits for somebody is in it.

A summary of courtesies is written the same way: what became of the incidents by then.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Sequence
from datetime import datetime

from sqlalchemy import Row, Select, case, delete, select
from sqlalchemy.orm import Session, aliased

from alertmanager.delivery.sms_text import (
    SEVERITIES,
    Counts,
    Headline,
    Subject,
    clock,
    digest_text,
    resolved_text,
    summary_text,
)
from alertmanager.delivery.standing import told_before
from alertmanager.incidents.desk import Desk
from alertmanager.store.tables import Alert, Incident, Message, MessagePage, Page

TextOf = Callable[[Session, Incident, datetime], str]
"""The page of one incident as things stand."""

LINK_ROOM = 100
"""Septets that a digest leaves free where a link may follow it."""
_IMPACTS = ("none", "degraded", "outage")
_LISTED = 200
"""Incidents that the details name one by one: the rest is behind the link."""


def render(
    session: Session, desk: Desk, message: Message, now: datetime, text_of: TextOf, *, room: int = 0
) -> None:
    """Write the text of a digest or a summary that is about to leave; others stay as they are.

    A page that nobody needs any more is taken out: its person was not told of it.
    """
    if message.kind == "digest":
        wanted = waiting_pages(session, message)
        _drop_others(session, message, [row.page for row in wanted])
        incidents = _worst_first(session, message, [row.incident for row in wanted])
        if len(incidents) == 1:
            message.text = text_of(session, incidents[0], now)
        elif incidents:
            message.text = _digest(session, desk, message, incidents, room)
    elif message.kind == "resolution" and message.incident_id is None:
        message.text = _summary(session, desk, message, now) or message.text


def waiting_pages(session: Session, message: Message) -> Sequence[Row[int, str]]:
    """(page, incident) of the pages it carries that still wait for somebody."""
    later = aliased(Page)
    newer = select(later.id).where(
        later.incident_id == Page.incident_id, later.person == Page.person, later.id > Page.id
    )
    return session.execute(
        select(Page.id.label("page"), Incident.id.label("incident"))
        .join(MessagePage, MessagePage.page_id == Page.id)
        .join(Incident, Incident.id == Page.incident_id)
        .where(
            MessagePage.message_id == message.id,
            Incident.state == "paging",
            # Paged anew since, the person has a message that knows better.
            ~newer.exists(),
        )
    ).all()


def incidents_of(message: Message) -> Select[Incident]:
    """The incidents that a message is about, as a query."""
    return select(Incident).where(
        Incident.id.in_(
            select(Page.incident_id)
            .join(MessagePage, MessagePage.page_id == Page.id)
            .where(MessagePage.message_id == message.id)
        )
    )


def _drop_others(session: Session, message: Message, kept: Sequence[int]) -> None:
    # After an attempt that may have left, its person may know all of them.
    if kept and not message.maybe_sent:
        theirs = MessagePage.message_id == message.id
        unneeded = session.scalars(
            select(MessagePage.page_id).where(theirs, MessagePage.page_id.not_in(kept))
        ).all()
        if unneeded:
            session.execute(delete(MessagePage).where(theirs, MessagePage.page_id.in_(unneeded)))


def _worst_first(session: Session, message: Message, wanted: Sequence[str]) -> list[Incident]:
    """What nobody told the person of yet leads among equals, then the heaviest, then the oldest."""
    known = told_before(session, message)
    found = session.scalars(incidents_of(message)).all()
    return sorted(
        (incident for incident in found if incident.id in set(wanted)),
        key=lambda incident: (
            incident.severity != "critical",
            incident.title in known,
            -_IMPACTS.index(incident.impact) if incident.impact in _IMPACTS else 0,
            incident.started_at,
            incident.id,
        ),
    )


def _digest(
    session: Session, desk: Desk, message: Message, incidents: Sequence[Incident], room: int
) -> str:
    counts = Counts(
        len(incidents),
        len({incident.member for incident in incidents if incident.member}),
        len({incident.service for incident in incidents if incident.service}),
    )
    named = incidents[:5]
    headlines = [
        Headline(desk.subject(one), one.severity, _what(session, one) if one is named[0] else "")
        for one in named
    ]
    return digest_text(message.code or "", counts, headlines, room=room)


def _what(session: Session, incident: Incident) -> str:
    """What is wrong, in the words of its worst alert that fires."""
    alert = session.scalar(
        select(Alert)
        .where(Alert.incident_id == incident.id, Alert.status == "firing")
        .order_by(
            case((Alert.labels["severity"].as_string() == "critical", 0), else_=1),
            Alert.starts_at,
            Alert.id,
        )
        .limit(1)
    )
    return (alert.annotations.get("summary") if alert else "") or incident.title


def _summary(session: Session, desk: Desk, message: Message, now: datetime) -> str:
    found = session.scalars(incidents_of(message).order_by(Incident.resolved_at, Incident.id)).all()
    over = [one for one in found if one.state in ("resolved", "closed")]
    if len(found) == 1 and over and over[0].resolved_at is not None:
        lasted = over[0].resolved_at - over[0].started_at
        at = clock(over[0].resolved_at, now, desk.zone)
        return resolved_text(desk.subject(over[0]), at, lasted)
    taken = Counter(
        one.acknowledged_by for one in found if one.state == "acknowledged" and one.acknowledged_by
    )
    reopened = sum(one.state in ("open", "paging") for one in found)
    if not (over or taken or reopened):
        return ""
    return summary_text([desk.subject(one) for one in over], dict(taken), reopened)


def describe(session: Session, desk: Desk, message: Message, now: datetime) -> tuple[str, str]:
    """The subject of a mail, and its details: every incident of a digest, one line each."""
    subject = message.text.partition(". ")[0].rstrip(".")
    if message.kind != "digest":
        return subject, ""
    wanted = [row.incident for row in waiting_pages(session, message)]
    incidents = _worst_first(session, message, wanted)
    if len(incidents) < 2:
        return subject, ""
    lines = [_line(desk, incident, now) for incident in incidents[:_LISTED]]
    if len(incidents) > _LISTED:
        lines.append(f"... et {len(incidents) - _LISTED} autres.")
    return subject, "\n\n".join([message.text, "\n".join(lines)])


def _line(desk: Desk, incident: Incident, now: datetime) -> str:
    subject: Subject = desk.subject(incident)
    how_bad = SEVERITIES.get(incident.severity, "ALERTE")
    since = clock(incident.started_at, now, desk.zone)
    return f"{subject.code} {how_bad} {subject.named}, {since} : {incident.title}"
