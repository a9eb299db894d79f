"""The outbox: messages as rows, from the decision to the proof.

pending -> leased -> accepted -> delivered | failed | unconfirmed; a message nobody
needs any more is cancelled. A lease that its worker did not end becomes pending
again: the message may have left, so its next text says « rappel ».
"""

from __future__ import annotations

import secrets
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Literal, cast

from sqlalchemy import CursorResult, case, select, update
from sqlalchemy.orm import Session, aliased

from alertmanager.notifiers.contract import Report
from alertmanager.store.journal import write_line
from alertmanager.store.tables import Incident, Message, MessagePage, Page

Kind = Literal["page", "digest", "resolution", "confirmation", "taken", "help", "canary"]

LEASE = timedelta(seconds=30)
_FIRST_WAIT, _LONGEST_WAIT = timedelta(seconds=1), timedelta(seconds=30)


def enqueue(
    session: Session,
    now: datetime,
    *,
    key: str,
    kind: Kind,
    channel: str,
    recipient: str,
    address: str,
    text: str,
    incident: str | None,
    pages: Sequence[int] = (),
    code: str | None = None,
    not_before: datetime | None = None,
) -> Message | None:
    """Add a message to send, unless one with that key exists: then it was already decided.

    `pages` are those it carries; it leaves at `not_before`, by default at once.
    """
    if session.scalar(select(Message.id).where(Message.key == key)) is not None:
        return None
    message = Message(
        key=key,
        token=secrets.token_urlsafe(24),
        incident_id=incident,
        page_id=pages[0] if len(pages) == 1 else None,
        code=code,
        kind=kind,
        channel=channel,
        recipient=recipient,
        address=address,
        text=text,
        state="pending",
        created_at=now,
        next_attempt_at=not_before or now,
    )
    session.add(message)
    session.flush()
    session.add_all(MessagePage(message_id=message.id, page_id=page) for page in pages)
    session.flush()
    return message


@dataclass(frozen=True)
class Lease:
    """A message that one worker has claimed."""

    id: int
    channel: str
    token: str
    address: str
    text: str
    kind: Kind
    again: bool
    attempt: int


def claim(session: Session, now: datetime, owner: str) -> Lease | None:
    """Lease the message that has waited longest, pages first, if any is due.

    A page that nobody needs any more is cancelled on the way: one that was being
    sent when its incident stopped paging comes back here pending.
    """
    under_way = aliased(Message)
    # One at a time to one person of one incident: the end must not overtake the page.
    overtakes = (
        select(under_way.id)
        .where(
            under_way.incident_id == Message.incident_id,
            under_way.address == Message.address,
            under_way.state == "leased",
        )
        .exists()
    )
    due = (
        select(Message)
        .where(Message.state == "pending", Message.next_attempt_at <= now, ~overtakes)
        # Pages first: nobody waits for help behind a row of courtesies.
        .order_by(case((Message.kind == "page", 0), else_=1), Message.next_attempt_at, Message.id)
        .limit(1)
        .with_for_update(skip_locked=True)
    )
    while (message := session.scalar(due)) is not None and _obsolete(session, message):
        message.state = "cancelled"
        session.flush()
    if message is None:
        return None
    claimed = session.execute(
        update(Message)
        .where(Message.id == message.id, Message.state == "pending")
        .values(
            state="leased",
            lease_owner=owner,
            lease_until=now + LEASE,
            attempts=Message.attempts + 1,
        )
        .execution_options(synchronize_session=False)
    )
    if cast("CursorResult[Any]", claimed).rowcount != 1:
        return None
    return Lease(
        message.id,
        message.channel,
        message.token,
        message.address,
        message.text,
        cast("Kind", message.kind),
        message.maybe_sent,
        message.attempts + 1,
    )


def _obsolete(session: Session, message: Message) -> bool:
    """Whether a page's incident waits for nobody, or pages the same person anew."""
    if message.page_id is None:
        return False
    # Columns, not rows: an incident that cannot be read must not keep other pages waiting.
    state = session.scalar(select(Incident.state).where(Incident.id == message.incident_id))
    newer = select(Page.id).where(
        Page.incident_id == message.incident_id,
        Page.person == message.recipient,
        Page.id > message.page_id,
    )
    return state != "paging" or session.scalar(newer.limit(1)) is not None


def release_leases(session: Session, now: datetime, *, all_of_them: bool) -> int:
    """Make pending again what a worker that died had claimed; the number of them.

    `all_of_them`: no other process uses this database, so every lease is a dead one.
    """
    dead = update(Message).where(Message.state == "leased")
    if not all_of_them:
        dead = dead.where(Message.lease_until <= now)
    released = session.execute(
        dead.values(
            state="pending",
            maybe_sent=True,
            next_attempt_at=now,
            lease_owner=None,
            lease_until=None,
        ).execution_options(synchronize_session=False)
    )
    return cast("CursorResult[Any]", released).rowcount


def _mine(session: Session, lease: Lease, owner: str) -> Message | None:
    """The message, if the lease still holds; a report may have been faster than us."""
    return session.scalar(
        select(Message).where(
            Message.id == lease.id,
            Message.state == "leased",
            Message.lease_owner == owner,
            # Our own other sender may hold it by now: a lease is one attempt.
            Message.attempts == lease.attempt,
        )
    )


def note_accepted(
    session: Session,
    now: datetime,
    lease: Lease,
    owner: str,
    *,
    deadline: timedelta | None,
    provider_id: str | None,
    detail: str,
) -> None:
    """The provider took it; proof is awaited until the deadline."""
    message = _mine(session, lease, owner)
    if message is not None:
        _accept(session, now, message, detail)
        message.provider_id = provider_id
        message.deadline_at = None if deadline is None else now + deadline
        message.lease_owner = message.lease_until = None


def _accept(session: Session, now: datetime, message: Message, detail: str) -> None:
    message.state = "accepted"
    message.accepted_at = now
    write_line(session, now, "message.accepted", message.incident_id, **_facts(message, detail))


def note_retry(
    session: Session, now: datetime, lease: Lease, owner: str, error: str, *, maybe_sent: bool
) -> None:
    """It did not go through: pending again, later each time."""
    message = _mine(session, lease, owner)
    if message is None:
        return
    message.state = "pending"
    message.error = error
    message.maybe_sent = message.maybe_sent or maybe_sent
    message.next_attempt_at = now + min(_FIRST_WAIT * 2 ** (lease.attempt - 1), _LONGEST_WAIT)
    message.lease_owner = message.lease_until = None


def note_refused(
    session: Session, now: datetime, lease: Lease, owner: str, error: str
) -> Message | None:
    """It will never go through. The message, now failed; None if the lease was lost."""
    message = _mine(session, lease, owner)
    if message is not None:
        message.lease_owner = message.lease_until = None
        _fail(session, now, message, error)
    return message


def _fail(session: Session, now: datetime, message: Message, error: str) -> None:
    message.state = "failed"
    message.failed_at = now
    message.error = error
    write_line(session, now, "message.failed", message.incident_id, **_facts(message, error))


def note_report(
    session: Session, now: datetime, report: Report, deadline: timedelta | None
) -> Message | None:
    """Take a delivery report. The message if it has just failed, else None.

    A report may come before our own acceptance, late, twice, or for nothing we know.
    """
    message = session.scalar(select(Message).where(Message.token == report.token))
    if message is None or message.state == "delivered":
        return None
    on_its_way = message.state in ("leased", "pending")
    if report.outcome == "accepted" and message.state == "pending" and message.maybe_sent:
        # It had left before we lost track of it: no need to send it again.
        _accept(session, now, message, report.detail)
        message.deadline_at = None if deadline is None else now + deadline
    elif report.outcome == "delivered":
        if message.accepted_at is None:
            _accept(session, now, message, report.detail)
        message.state = "delivered"
        message.delivered_at = now
        message.lease_owner = message.lease_until = None
        write_line(
            session,
            now,
            "message.delivered",
            message.incident_id,
            **_facts(message, report.detail),
        )
    elif report.outcome == "failed" and (on_its_way or message.state == "accepted"):
        message.lease_owner = message.lease_until = None
        _fail(session, now, message, report.detail)
        return message
    return None


def overdue(session: Session, now: datetime) -> list[int]:
    """Ids of the accepted messages whose proof did not come in time, the oldest first."""
    return list(
        session.scalars(
            select(Message.id)
            .where(Message.state == "accepted", Message.deadline_at <= now)
            .order_by(Message.id)
        )
    )


def give_up_proof(session: Session, now: datetime, identifier: int) -> Message | None:
    """Mark an overdue message unconfirmed. The message, or None if its proof came meanwhile."""
    message = session.scalar(
        select(Message).where(
            Message.id == identifier, Message.state == "accepted", Message.deadline_at <= now
        )
    )
    if message is not None:
        message.state = "unconfirmed"
        message.error = "pas d'accusé de remise dans le délai"
        facts = _facts(message, message.error)
        write_line(session, now, "message.unconfirmed", message.incident_id, **facts)
    return message


def cancel_pending_pages(session: Session, incident: str) -> None:
    """Pages of an incident that have not left yet are not needed any more."""
    session.execute(
        update(Message)
        .where(Message.incident_id == incident, Message.kind == "page", Message.state == "pending")
        .values(state="cancelled")
    )


def _facts(message: Message, detail: str) -> dict[str, Any]:
    facts = {
        "message": message.id,
        "kind": message.kind,
        "channel": message.channel,
        "person": message.recipient,
    }
    return {**facts, "detail": detail} if detail else facts
