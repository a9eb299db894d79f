"""The four digits that people answer: of an incident, or of a digest for all it carries."""

from __future__ import annotations

import secrets
from datetime import datetime, timedelta

from sqlalchemy import Select, or_, select
from sqlalchemy.orm import Session

from alertmanager.store.tables import Incident, Message

_RESTS = timedelta(days=30)
_DIGEST_RESTS = timedelta(days=2)
"""How long a digest's code means that digest: it is answered in minutes, or by its link."""
_TRIES = 40  # each fails once in two with 4,500 codes in a month
_OVER = ("resolved", "closed")


def fresh_code(session: Session, now: datetime) -> str:
    """Four digits that nothing that goes on has, nor anything recent while others are left."""
    lively = Incident.state.not_in(_OVER)
    recent = or_(lively, Incident.opened_at > now - _RESTS)
    for _ in range(_TRIES):
        code = f"{1000 + secrets.randbelow(9000)}"
        incident = select(Incident.id).where(Incident.code == code, recent)
        if (
            session.scalar(incident.limit(1)) is None
            and session.scalar(_digests(now).where(Message.code == code).limit(1)) is None
        ):
            return code
    taken = set(session.scalars(select(Incident.code).where(lively)))
    taken.update(code for code in session.scalars(_digests(now)) if code)
    every = {f"{number}" for number in range(1000, 10000)}
    return secrets.choice(sorted(every - taken or every))


def _digests(now: datetime) -> Select[str | None]:
    return select(Message.code).where(
        Message.code.is_not(None), Message.created_at > now - _DIGEST_RESTS
    )
