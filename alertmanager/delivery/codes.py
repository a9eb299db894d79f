"""The four digits that people answer: of an incident, or of a digest for all it carries."""

from __future__ import annotations

import secrets
from datetime import datetime, timedelta

from sqlalchemy import bindparam, or_, select
from sqlalchemy.orm import Session

from alertmanager.store.tables import Incident, Message

_RESTS = timedelta(days=30)
_DIGEST_RESTS = timedelta(days=2)
"""How long a digest's code means that digest: it is answered in minutes, or by its link."""
_TRIES = 40  # each fails once in two with 4,500 codes in a month
_LIVELY = Incident.state.not_in(("resolved", "closed"))
# Put together once: that costs more than to run them.
_OF_INCIDENT = (
    select(Incident.id)
    .where(
        Incident.code == bindparam("code"),
        or_(_LIVELY, Incident.opened_at > bindparam("since", type_=Incident.opened_at.type)),
    )
    .limit(1)
)
_DIGESTS = select(Message.code).where(
    Message.code.is_not(None),
    Message.created_at > bindparam("since", type_=Message.created_at.type),
)
_OF_DIGEST = _DIGESTS.where(Message.code == bindparam("code")).limit(1)


def fresh_code(session: Session, now: datetime) -> str:
    """Four digits that nothing that goes on has, nor anything recent while others are left."""
    rests, digest_rests = {"since": now - _RESTS}, {"since": now - _DIGEST_RESTS}
    for _ in range(_TRIES):
        code = f"{1000 + secrets.randbelow(9000)}"
        if (
            session.scalar(_OF_INCIDENT, {"code": code, **rests}) is None
            and session.scalar(_OF_DIGEST, {"code": code, **digest_rests}) is None
        ):
            return code
    taken = set(session.scalars(select(Incident.code).where(_LIVELY)))
    taken.update(code for code in session.scalars(_DIGESTS, digest_rests) if code)
    every = {f"{number}" for number in range(1000, 10000)}
    return secrets.choice(sorted(every - taken or every))
