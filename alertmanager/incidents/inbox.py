"""What people send us: stored as it came, then understood, then answered if they are known."""

from __future__ import annotations

from datetime import datetime, timedelta

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from alertmanager.delivery.outbox import enqueue
from alertmanager.delivery.sms_text import (
    already_over_text,
    already_taken_text,
    clock,
    help_text,
)
from alertmanager.incidents.closing import Paged, acknowledge, paged
from alertmanager.incidents.desk import Desk
from alertmanager.incidents.machine import State
from alertmanager.incidents.replies import Candidate, Reply, match_reply, parse_reply
from alertmanager.notifiers.contract import Incoming
from alertmanager.rosters.phone_number import e164
from alertmanager.store.journal import write_line
from alertmanager.store.tables import Inbound, Incident, Message, MessagePage, Page

_RECENT = 100
"""Closed incidents that an answer may still be about."""
_HELP_PER_HOUR = 3
"""Answers to what we do not understand: an answering machine must not talk with us all night."""
_ANSWERS_PER_HOUR = 20
"""Answers to an OK that takes nothing: whoever wrote it would believe that they had it."""


def take_reply(
    session: Session, desk: Desk, channel: str, incoming: Incoming, now: datetime
) -> str:
    """Store the message and act on it; what became of it, in one word."""
    key = f"{channel}:{incoming.provider_id}" if incoming.provider_id else None
    if key and session.scalar(select(Inbound.id).where(Inbound.provider_key == key)) is not None:
        return "duplicate"
    sender = e164(incoming.sender)
    row = Inbound(
        received_at=now,
        channel=channel,
        provider_key=key,
        sender=sender,
        text=incoming.text,
        raw=incoming.raw,
        outcome=incoming.only_keep or "unknown_sender",
    )
    session.add(row)
    session.flush()
    incidents = [] if incoming.only_keep else _paged_for(session, sender)
    if not incidents:
        write_line(session, now, "reply.received", outcome=row.outcome, inbound=row.id)
        return row.outcome
    reply = parse_reply(incoming.text)
    verdict, named = match_reply(reply, [Candidate(i.id, i.code, i.state) for i in incidents])
    incident = next((i for i in incidents if named and i.id == named.incident), None)
    who = _sender(session, incident or incidents[0], sender, channel)
    row.outcome = verdict
    row.incident_id = incident.id if incident else None
    write_line(
        session,
        now,
        "reply.received",
        row.incident_id,
        person=who.person,
        name=who.name,
        text=incoming.text[:160],
        outcome=verdict,
        inbound=row.id,
    )
    if verdict == "takes" and incident is not None:
        acknowledge(session, desk, incident, who, now)
    else:
        text = _answer(desk, verdict, reply, incident, (incidents, now))
        _say(
            session, row, who, text, now, most=_ANSWERS_PER_HOUR if reply.takes else _HELP_PER_HOUR
        )
    return verdict


def _paged_for(session: Session, address: str) -> list[Incident]:
    """The incidents for which that number was paged, newest first: all open ones, recent others."""
    pages = (
        select(Page.incident_id)
        .join(MessagePage, MessagePage.page_id == Page.id)
        .join(Message, Message.id == MessagePage.message_id)
        .where(Message.address == address)
    )
    theirs = select(Incident).where(Incident.id.in_(pages)).order_by(Incident.opened_at.desc())
    waiting = session.scalars(theirs.where(Incident.state != State.RESOLVED)).all()
    over = session.scalars(theirs.where(Incident.state == State.RESOLVED).limit(_RECENT)).all()
    return sorted([*waiting, *over], key=lambda incident: incident.opened_at, reverse=True)


def _sender(session: Session, incident: Incident, address: str, channel: str) -> Paged:
    for known in paged(session, incident):
        if known.address == address:
            return known
    page = session.scalars(
        select(Page)
        .join(MessagePage, MessagePage.page_id == Page.id)
        .join(Message, Message.id == MessagePage.message_id)
        .where(Page.incident_id == incident.id, Message.address == address)
        .order_by(Page.id.desc())
        .limit(1)
    ).one()
    return Paged(page.person, page.person_name, address, channel)


def _answer(
    desk: Desk,
    verdict: str,
    reply: Reply,
    incident: Incident | None,
    context: tuple[list[Incident], datetime],
) -> str:
    incidents, now = context
    if verdict == "taken" and incident is not None and incident.acknowledged_at:
        at = clock(incident.acknowledged_at, now, desk.zone)
        return already_taken_text(desk.subject(incident), incident.acknowledged_by or "", at)
    if verdict == "over" and incident is not None and incident.resolved_at:
        return already_over_text(
            desk.subject(incident), clock(incident.resolved_at, now, desk.zone)
        )
    problems = {
        "unknown_code": f"code {reply.code} inconnu.",
        "ambiguous": "plusieurs incidents vous attendent.",
        "nothing": "rien à prendre en charge.",
    }
    waiting = [desk.subject(i) for i in incidents if i.state == "paging"]
    return help_text(problems.get(verdict, "message non compris."), waiting)


def _say(
    session: Session, row: Inbound, who: Paged, text: str, now: datetime, *, most: int
) -> None:
    lately = session.scalar(
        select(func.count())
        .select_from(Message)
        .where(
            Message.address == who.address,
            Message.kind == "help",
            Message.created_at > now - timedelta(hours=1),
        )
    )
    if (lately or 0) >= most:
        write_line(session, now, "reply.unanswered", row.incident_id, inbound=row.id)
        return
    enqueue(
        session,
        now,
        key=f"help:{row.id}",
        kind="help",
        channel=who.channel,
        recipient=who.person,
        address=who.address,
        text=text,
        incident=row.incident_id,
    )
