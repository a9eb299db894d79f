"""Who was told what about an incident, when, by which channel, and with what proof."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import or_, select
from sqlalchemy.orm import Session

from alertmanager.store.tables import Incident, JournalLine, Message, MessagePage, Page

_PROOFS = ("message.accepted", "message.delivered", "message.failed", "message.unconfirmed")
_ANSWERS = ("reply.received", "link.used", "incident.acknowledged")


@dataclass(frozen=True)
class Proof:
    """One line of the journal: its number and its hash say which, and that nobody changed it."""

    line: int
    at: datetime
    event: str
    detail: str
    hash: str


@dataclass(frozen=True)
class Told:
    """One message to one person. `answered_at`: their first sign of life after it, before the next.

    `decided_at` is the instant of the decision to send it; the number is not shown.
    """

    message: int
    person: str
    name: str
    kind: str
    channel: str
    provider: str | None
    text: str
    state: str
    decided_at: datetime
    accepted_at: datetime | None
    delivered_at: datetime | None
    answered_at: datetime | None
    answer: str
    proof: tuple[Proof, ...]


def incident_named(session: Session, name: str) -> Incident | None:
    """The incident of that id, or the latest one of that code of four digits."""
    found = select(Incident).where(or_(Incident.id == name, Incident.code == name))
    return session.scalars(found.order_by(Incident.opened_at.desc()).limit(1)).first()


def told(session: Session, incident: Incident) -> list[Told]:
    """Every message about the incident, digests too, in the order they were decided."""
    carried = (
        select(MessagePage.message_id)
        .join(Page, Page.id == MessagePage.page_id)
        .where(Page.incident_id == incident.id)
    )
    messages = session.scalars(
        select(Message)
        .where(or_(Message.incident_id == incident.id, Message.id.in_(carried)))
        .order_by(Message.created_at, Message.id)
    ).all()
    names = {
        row[0]: row[1]
        for row in session.execute(
            select(Page.person, Page.person_name).where(Page.incident_id == incident.id)
        )
    }
    lines = _lines(session, incident, [message for message in messages if not message.incident_id])
    return [
        _told(message, names.get(message.recipient, message.recipient), lines, messages[at + 1 :])
        for at, message in enumerate(messages)
    ]


def _lines(
    session: Session, incident: Incident, digests: Sequence[Message]
) -> Sequence[JournalLine]:
    """The journal's lines about the incident, and about the digests that told of it.

    A digest concerns many incidents, so that its lines name none.
    """
    wanted = [JournalLine.incident_id == incident.id]
    if digests:
        first = min(digest.created_at for digest in digests)
        wanted.append(JournalLine.incident_id.is_(None) & (JournalLine.at >= first))
    return session.scalars(
        select(JournalLine)
        .where(or_(*wanted), JournalLine.event.in_(_PROOFS + _ANSWERS))
        .order_by(JournalLine.id)
    ).all()


def _told(
    message: Message, name: str, lines: Sequence[JournalLine], later: Sequence[Message]
) -> Told:
    proofs = [
        Proof(line.id, line.at, line.event, str(line.detail.get("detail", "")), line.hash)
        for line in lines
        if line.event in _PROOFS and line.detail.get("message") == message.id
    ]
    answer = _answer(message, lines, later) if message.kind in ("page", "digest") else None
    if answer is not None:
        words = str(answer.detail.get("text", ""))
        proofs.append(Proof(answer.id, answer.at, answer.event, words, answer.hash))
    return Told(
        message=message.id,
        person=message.recipient,
        name=name,
        kind=message.kind,
        channel=message.channel,
        provider=message.provider,
        text=message.text,
        state=message.state,
        decided_at=message.created_at,
        accepted_at=message.accepted_at,
        delivered_at=message.delivered_at,
        answered_at=answer.at if answer else None,
        answer=str(answer.detail.get("text", "")) if answer else "",
        proof=tuple(proofs),
    )


def _answer(
    message: Message, lines: Sequence[JournalLine], later: Sequence[Message]
) -> JournalLine | None:
    """What that person did after this message and before the next one that could be answered."""
    following = [
        other.created_at
        for other in later
        if other.recipient == message.recipient and other.kind in ("page", "digest")
    ]
    end = min(following, default=None)
    for line in lines:
        theirs = line.event in _ANSWERS and line.detail.get("person") == message.recipient
        if theirs and line.at >= message.created_at and (end is None or line.at < end):
            return line
    return None
