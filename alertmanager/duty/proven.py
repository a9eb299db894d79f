"""Who is known to be reachable: a message arrived, or a take-over was answered."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime, timedelta

from sqlalchemy import select
from sqlalchemy.orm import Session

from alertmanager.rosters import Person
from alertmanager.store.duty_tables import DutyNotice
from alertmanager.store.tables import Message

PROOF_LASTS = timedelta(days=180)
"""People change telephones; whoever is on duty is written to more often than that."""


def proven(session: Session, people: Iterable[Person], now: datetime) -> frozenset[str]:
    """Ids of those to whom a message is proven to have come, at an address that is still theirs."""
    since = now - PROOF_LASTS
    return frozenset(
        person.id
        for person in people
        if any(_arrived(session, address, since) for address in person.addresses.values())
    )


def _arrived(session: Session, address: str, since: datetime) -> bool:
    sent = (Message.address == address, Message.created_at >= since)
    delivered = select(Message.id).where(*sent, Message.delivered_at.is_not(None)).limit(1)
    if session.scalar(delivered) is not None:
        return True
    answered = (
        select(Message.id)
        .join(DutyNotice, DutyNotice.message_id == Message.id)
        .where(*sent, DutyNotice.answered_at.is_not(None))
        .limit(1)
    )
    return session.scalar(answered) is not None
