"""What the store knows of interventions, and of who was told of a duty when. Reads only."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import datetime
from itertools import groupby

from sqlalchemy import select
from sqlalchemy.orm import Session

from alertmanager.statement.model import Told
from alertmanager.statement.proposals import Proposal
from alertmanager.store.duty_tables import DutyNotice, RosterSwap
from alertmanager.store.tables import Incident, JournalLine, Message, MessagePage, Page

_TAKEN, _OVER = "incident.acknowledged", "incident.resolved"
_NO_END = "le journal n'en connaît pas la fin : à écrire"


def proposals(session: Session, start: datetime, end: datetime) -> list[Proposal]:
    """Who took which incident and until when, of what ended, or else was taken, in the span."""
    lines = session.scalars(
        select(JournalLine)
        .where(
            JournalLine.event.in_((_TAKEN, _OVER)),
            JournalLine.incident_id.is_not(None),
            JournalLine.at < end,
        )
        .order_by(JournalLine.incident_id, JournalLine.id)
    )
    found = [
        one
        for identifier, theirs in groupby(lines, key=lambda line: line.incident_id)
        for one in _of_incident(session, session.get_one(Incident, identifier), list(theirs))
        if start <= (one.ended_at or one.acknowledged_at) < end
    ]
    return sorted(found, key=lambda one: (one.acknowledged_at, one.person))


def _of_incident(
    session: Session, incident: Incident, lines: Sequence[JournalLine]
) -> Iterator[Proposal]:
    """One for each person who took it, until it is over or another takes it from them.

    Whoever takes it again, because it still fires after an hour, goes on working.
    """
    taken: JournalLine | None = None
    before: datetime | None = None
    for line in lines:
        same = taken is not None and line.detail.get("person") == taken.detail.get("person")
        if line.event == _TAKEN and same:
            continue
        if taken is not None:
            over = line.event == _OVER
            why = "fin de l'incident" if over else f"repris par {line.detail.get('name', '')}"
            yield _proposal(session, incident, taken, before, (line.at, why))
        before = line.at if line.event == _OVER else before
        taken = line if line.event == _TAKEN else None
    if taken is not None:
        yield _proposal(session, incident, taken, before, (None, _NO_END))


def _proposal(
    session: Session,
    incident: Incident,
    taken: JournalLine,
    since: datetime | None,
    end: tuple[datetime | None, str],
) -> Proposal:
    person = str(taken.detail.get("person", ""))
    called = (
        select(Message)
        .join(MessagePage, MessagePage.message_id == Message.id)
        .join(Page, Page.id == MessagePage.page_id)
        .where(
            Page.incident_id == incident.id,
            Message.recipient == person,
            Message.accepted_at.is_not(None),
            Message.created_at <= taken.at,
        )
        .order_by(Message.id)
        .limit(1)
    )
    if since is not None:
        called = called.where(Message.created_at > since)
    first = session.scalar(called)
    return Proposal(
        person=person,
        name=str(taken.detail.get("name", person)),
        incident=incident.code,
        title=f"{incident.title}, ouvert le {incident.opened_at:%d/%m/%Y} ({incident.id})",
        called_at=(first.delivered_at or first.accepted_at) if first else None,
        acknowledged_at=taken.at,
        ended_at=end[0],
        member=incident.member or None,
        why_ended=end[1],
    )


def told(session: Session, start: datetime, end: datetime) -> list[Told]:
    """Who learnt when of duty in the span: notices that left, and swaps that were accepted."""
    notices = session.execute(
        select(DutyNotice, Message)
        .join(Message, Message.id == DutyNotice.message_id)
        .where(DutyNotice.kind == "gained", DutyNotice.ends_at > start, DutyNotice.starts_at < end)
    )
    found = [
        Told(row.person, row.starts_at, at, row.ends_at, row.roster, message.channel)
        for row, message in notices
        if (at := message.delivered_at or message.accepted_at) is not None
    ]
    swaps = session.scalars(
        select(RosterSwap).where(
            RosterSwap.state == "approved", RosterSwap.ends_at > start, RosterSwap.starts_at < end
        )
    )
    found += [
        Told(swap.taken_by, swap.starts_at, swap.taken_at, swap.ends_at, swap.roster, "échange")
        for swap in swaps
        if swap.taken_by is not None and swap.taken_at is not None
    ]
    return found
