"""A machine's clock that was set back: what was to happen soon must not wait for the difference."""

from __future__ import annotations

from datetime import datetime, timedelta

from sqlalchemy import select
from sqlalchemy.orm import Session

from alertmanager.store.journal import write_line
from alertmanager.store.tables import JournalLine, Message, Timer

TOLERATED = timedelta(seconds=2)
"""Corrections that small change nothing worth a write."""


def last_known_instant(session: Session) -> datetime | None:
    """When the pager last wrote anything in its journal; no earlier one can be now."""
    return session.scalar(select(JournalLine.at).order_by(JournalLine.id.desc()).limit(1))


def move_due_instants(session: Session, by: timedelta, now: datetime) -> None:
    """Move every retry, lease, wait for proof and timer that is still to come by `by`.

    The journal says so, and so what the latest instant is from now on. A timer for the opening
    of the office moves too: it looks again when it runs.
    """
    for message in session.scalars(
        select(Message).where(Message.state.in_(("pending", "leased", "accepted")))
    ):
        message.next_attempt_at += by
        if message.lease_until is not None:
            message.lease_until += by
        if message.deadline_at is not None:
            message.deadline_at += by
    for timer in session.scalars(select(Timer).where(Timer.done_at.is_(None))):
        timer.due_at += by
    write_line(session, now, "clock.set_back", seconds=round(-by.total_seconds()))
