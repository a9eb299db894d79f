"""Leases: a worker's right to send one message, for a while, and nobody else's meanwhile.

The number of attempts is the fence: every claim raises it, and whatever is written back names
it, so a worker whose lease has passed to another changes nothing any more. A worker that lives
has its leases renewed; those of a dead one end by themselves.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Literal, cast

from sqlalchemy import CursorResult, select, update
from sqlalchemy.orm import Session

from alertmanager.delivery.machine import Event, State, before
from alertmanager.store.tables import Message

Kind = Literal[
    "page",
    "digest",
    "resolution",
    "confirmation",
    "taken",
    "help",
    "canary",
    "reminder",
    "notice",
    "takeover",
]

LEASE = timedelta(seconds=30)
_FIRST_WAIT, _LONGEST_WAIT = timedelta(seconds=1), timedelta(seconds=30)
_DOUBLINGS = 5  # 1 s, 2, 4, 8, 16, then the longest
_JITTER = 0.25


@dataclass(frozen=True)
class Lease:
    """A message that one worker has claimed; `attempt` is the fence."""

    id: int
    channel: str
    token: str
    address: str
    text: str
    kind: Kind
    again: bool
    attempt: int


def held(session: Session, lease: Lease, owner: str) -> Message | None:
    """The message, if the lease still holds; a report may have been faster than us."""
    return session.scalar(
        select(Message).where(
            Message.id == lease.id,
            Message.state == State.LEASED,
            Message.lease_owner == owner,
            # Another sender of ours may hold it by now: a lease is one attempt.
            Message.attempts == lease.attempt,
        )
    )


def renew(session: Session, now: datetime, leases: Iterable[Lease], owner: str) -> None:
    """Let leases that still hold last as long again, because their worker lives."""
    for lease in leases:
        session.execute(
            update(Message)
            .where(
                Message.id == lease.id,
                Message.state == State.LEASED,
                Message.lease_owner == owner,
                Message.attempts == lease.attempt,
            )
            .values(lease_until=now + LEASE)
            .execution_options(synchronize_session=False)
        )


def release_leases(session: Session, now: datetime, *, all_of_them: bool) -> int:
    """Make pending again what a worker that died had claimed; the number of them.

    `all_of_them`: no other process uses this database, so every lease is a dead one.
    """
    dead = update(Message).where(Message.state.in_(before(Event.GIVE_BACK)))
    if not all_of_them:
        dead = dead.where(Message.lease_until <= now)
    released = session.execute(
        dead.values(
            state=State.PENDING.value,
            maybe_sent=True,
            next_attempt_at=now,
            lease_owner=None,
            lease_until=None,
        ).execution_options(synchronize_session=False)
    )
    return cast("CursorResult[Any]", released).rowcount


def retry_wait(attempt: int, share: float) -> timedelta:
    """How long to wait after that attempt: doubled each time, half a minute at most.

    `share`, from 0 to 1, is by chance: up to a quarter sooner, so that what a gateway
    refused all at once does not come back all at once.
    """
    full = min(_FIRST_WAIT * 2 ** min(attempt - 1, _DOUBLINGS), _LONGEST_WAIT)
    wait: timedelta = full * (1 - _JITTER * share)
    return wait
