"""The outbox: messages as rows, from the decision to the proof.

What a state may become is in `delivery.machine`. A lease that its worker did not end becomes
pending again: the message may have left, so its next text says « rappel ».
"""

from __future__ import annotations

import hashlib
import secrets
from collections.abc import Callable, Collection, Sequence
from datetime import datetime, timedelta
from typing import Any, cast

from sqlalchemy import CursorResult, bindparam, case, select, update
from sqlalchemy.orm import Session, aliased

from alertmanager.delivery.leases import LEASE, Kind, Lease, held, retry_wait
from alertmanager.delivery.machine import Event, State, admits, after, before
from alertmanager.notifiers.contract import Report
from alertmanager.store.database import Due, note_due
from alertmanager.store.journal import write_line
from alertmanager.store.tables import Incident, Message, MessagePage, Page
from inventory.process.logs import get_logger

HAND_OVER_WITHIN = timedelta(seconds=60)
"""A page that no provider took in that time is told by the next channel as well."""
PAGING: tuple[Kind, ...] = ("page", "digest")
"""The kinds that wake somebody."""

OnClaim = Callable[[Session, Message, datetime], None]
"""Told of a message that is about to leave; may change its text, and writes no journal line."""

_LONGEST_KEY = 160
_UNTAKEN = (State.PENDING, State.LEASED)
# Put together once: that costs more than to run it.
_DECIDED = select(Message.id).where(Message.key == bindparam("key"))

log = get_logger("vigie.delivery")


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
    leaves_at = not_before or now
    key = _bounded(key)
    if session.scalar(_DECIDED, {"key": key}) is not None:
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
        state=State.PENDING,
        created_at=now,
        next_attempt_at=leaves_at,
        deadline_at=leaves_at + HAND_OVER_WITHIN if kind in PAGING else None,
    )
    session.add(message)
    session.flush()
    if leaves_at <= now:
        note_due(session, Due.MESSAGES)
    session.add_all(MessagePage(message_id=message.id, page_id=page) for page in pages)
    session.flush()
    return message


def _bounded(key: str) -> str:
    """The key, or what stands for one that is too long: it may hold addresses of any length."""
    if len(key) <= _LONGEST_KEY:
        return key
    digest = hashlib.sha256(key.encode()).hexdigest()
    return f"{key[: _LONGEST_KEY - len(digest) - 1]}:{digest}"


def claim(
    session: Session,
    now: datetime,
    owner: str,
    *,
    busy: Collection[str] = (),
    on_claim: OnClaim | None = None,
) -> Lease | None:
    """Lease the message that has waited longest, pages first, if any is due.

    Not one of the channels that are `busy`. A page that nobody needs any more is cancelled on
    the way: one that was being sent when its incident stopped paging comes back here pending.
    Writes no journal line, so that several processes may claim at once.
    """
    under_way = aliased(Message)
    # One at a time to one person of one incident: the end must not overtake the page.
    overtakes = (
        select(under_way.id)
        .where(
            under_way.incident_id == Message.incident_id,
            under_way.address == Message.address,
            under_way.state == State.LEASED,
        )
        .exists()
    )
    due = (
        select(Message)
        .where(
            Message.state.in_(before(Event.CLAIM)),
            Message.next_attempt_at <= now,
            Message.channel.not_in(busy),
            ~overtakes,
        )
        # Pages first: nobody waits for help behind a row of courtesies.
        .order_by(case((Message.kind.in_(PAGING), 0), else_=1), Message.next_attempt_at, Message.id)
        .limit(1)
        .with_for_update(skip_locked=True)
    )
    while (message := session.scalar(due)) is not None and _obsolete(session, message):
        message.state = after(message.state, Event.CANCEL)
        session.flush()
    if message is None:
        return None
    claimed = session.execute(
        update(Message)
        .where(Message.id == message.id, Message.state.in_(before(Event.CLAIM)))
        .values(
            state=after(message.state, Event.CLAIM).value,
            lease_owner=owner,
            lease_until=now + LEASE,
            attempts=Message.attempts + 1,
        )
        .execution_options(synchronize_session=False)
    )
    if cast("CursorResult[Any]", claimed).rowcount != 1:
        return None
    session.refresh(message)
    if on_claim is not None:
        _render(session, message, now, on_claim)
    return Lease(
        message.id,
        message.channel,
        message.token,
        message.address,
        message.text,
        cast("Kind", message.kind),
        message.maybe_sent,
        message.attempts,
    )


def _render(session: Session, message: Message, now: datetime, on_claim: OnClaim) -> None:
    try:
        with session.begin_nested():
            on_claim(session, message, now)
    except Exception:
        # The text it was enqueued with is older, but it leaves.
        log.exception("message_not_rendered", message=message.id)


def _obsolete(session: Session, message: Message) -> bool:
    """Whether each page it carries waits for nobody, or was followed by another to the person."""
    if message.kind not in PAGING:
        return False
    # Columns, not rows: an incident that cannot be read must not keep other pages waiting.
    carried = (
        select(Page.id)
        .join(MessagePage, MessagePage.page_id == Page.id)
        .where(MessagePage.message_id == message.id)
    )
    later = aliased(Page)
    newer = select(later.id).where(
        later.incident_id == Page.incident_id, later.person == Page.person, later.id > Page.id
    )
    needed = carried.join(Incident, Incident.id == Page.incident_id).where(
        Incident.state == "paging", ~newer.exists()
    )
    carries_pages = session.scalar(carried.limit(1)) is not None
    return carries_pages and session.scalar(needed.limit(1)) is None


def note_accepted(
    session: Session,
    now: datetime,
    lease: Lease,
    owner: str,
    *,
    deadline: timedelta | None,
    provider_id: str | None,
    detail: str,
    provider: str | None = None,
    tried: Sequence[dict[str, str]] = (),
) -> None:
    """The provider took it, those `tried` before did not; proof is awaited until the deadline."""
    message = held(session, lease, owner)
    if message is not None:
        message.state = after(message.state, Event.ACCEPT)
        message.provider = provider
        message.provider_id = provider_id
        message.deadline_at = None if deadline is None else now + deadline
        message.lease_owner = message.lease_until = None
        _note_taken(session, now, message, detail, **({"tried": list(tried)} if tried else {}))


def _note_taken(
    session: Session, now: datetime, message: Message, detail: str, **more: Any
) -> None:
    message.accepted_at = now
    facts = _facts(message, detail)
    write_line(session, now, "message.accepted", message.incident_id, **facts, **more)


def note_retry(
    session: Session,
    now: datetime,
    lease: Lease,
    owner: str,
    error: str,
    *,
    maybe_sent: bool,
    share: float = 0.0,
) -> None:
    """It did not go through: pending again, later each time (`share`: see `retry_wait`)."""
    message = held(session, lease, owner)
    if message is None:
        return
    message.state = after(message.state, Event.GIVE_BACK)
    message.error = error
    message.maybe_sent = message.maybe_sent or maybe_sent
    message.next_attempt_at = now + retry_wait(lease.attempt, share)
    message.lease_owner = message.lease_until = None


def note_refused(
    session: Session, now: datetime, lease: Lease, owner: str, error: str
) -> Message | None:
    """It will never go through. The message, now failed; None if the lease was lost."""
    message = held(session, lease, owner)
    if message is not None:
        message.lease_owner = message.lease_until = None
        _fail(session, now, message, error)
    return message


def _fail(session: Session, now: datetime, message: Message, error: str) -> None:
    message.state = after(message.state, Event.FAIL)
    message.failed_at = now
    message.error = error
    write_line(session, now, "message.failed", message.incident_id, **_facts(message, error))


def note_report(
    session: Session,
    now: datetime,
    report: Report,
    deadline: timedelta | None,
    *,
    provider: str | None = None,
) -> Message | None:
    """Take a delivery report of `provider`. The message if it has just failed, else None.

    A report may come before our own acceptance, late, twice, or for nothing we know.
    """
    message = session.scalar(select(Message).where(Message.token == report.token))
    if message is None:
        return None
    waits = message.state == State.PENDING and message.maybe_sent
    if report.outcome == "accepted" and waits:
        # It had left before we lost track of it: no need to send it again.
        message.state = after(message.state, Event.ACCEPT)
        message.provider = provider
        message.deadline_at = None if deadline is None else now + deadline
        _note_taken(session, now, message, report.detail)
    elif report.outcome == "delivered" and admits(message.state, Event.DELIVER):
        message.state = after(message.state, Event.DELIVER)
        message.provider = provider or message.provider
        if message.accepted_at is None:
            _note_taken(session, now, message, report.detail)
        message.delivered_at = now
        message.lease_owner = message.lease_until = None
        facts = _facts(message, report.detail)
        write_line(session, now, "message.delivered", message.incident_id, **facts)
    elif report.outcome == "failed" and admits(message.state, Event.FAIL):
        if message.state == State.ACCEPTED and provider not in (None, message.provider):
            return None  # the copy of a gateway that had fallen silent; another has it
        message.lease_owner = message.lease_until = None
        _fail(session, now, message, report.detail)
        return message
    return None


def late(session: Session, now: datetime) -> list[int]:
    """Ids of the pages that no provider took within `HAND_OVER_WITHIN`, the oldest first."""
    return list(
        session.scalars(
            select(Message.id)
            .where(Message.state.in_(_UNTAKEN), Message.deadline_at <= now)
            .order_by(Message.id)
        )
    )


def note_late(session: Session, now: datetime, identifier: int) -> Message | None:
    """Write down that no provider takes a page. The message, or None if one has it by now.

    It is still tried; the caller has the page told by another channel or to another person.
    """
    message = session.scalar(
        select(Message).where(
            Message.id == identifier, Message.state.in_(_UNTAKEN), Message.deadline_at <= now
        )
    )
    if message is not None:
        message.deadline_at = None
        facts = _facts(message, message.error or "")
        write_line(session, now, "message.late", message.incident_id, **facts)
    return message


def may_arrive(message: Message) -> bool:
    """Whether there is reason to wait for it: it was not given up, nor is it late."""
    if message.state in _UNTAKEN:
        return message.deadline_at is not None
    return message.state in (State.ACCEPTED, State.DELIVERED)


def overdue(session: Session, now: datetime) -> list[int]:
    """Ids of the accepted messages whose proof did not come in time, the oldest first."""
    return list(
        session.scalars(
            select(Message.id)
            .where(Message.state == State.ACCEPTED, Message.deadline_at <= now)
            .order_by(Message.id)
        )
    )


def give_up_proof(session: Session, now: datetime, identifier: int) -> Message | None:
    """Mark an overdue message unconfirmed. The message, or None if its proof came meanwhile."""
    message = session.scalar(
        select(Message).where(
            Message.id == identifier, Message.state == State.ACCEPTED, Message.deadline_at <= now
        )
    )
    if message is not None:
        message.state = after(message.state, Event.GIVE_UP_PROOF)
        message.error = "pas d'accusé de remise dans le délai"
        facts = _facts(message, message.error)
        write_line(session, now, "message.unconfirmed", message.incident_id, **facts)
    return message


def cancel_pending_pages(session: Session, incident: str) -> None:
    """Pages of an incident that have not left yet are not needed any more."""
    session.execute(
        update(Message)
        .where(
            Message.incident_id == incident,
            Message.kind == "page",
            Message.state.in_(before(Event.CANCEL)),
        )
        .values(state=State.CANCELLED.value)
    )


def _facts(message: Message, detail: str) -> dict[str, Any]:
    facts = {
        "message": message.id,
        "kind": message.kind,
        "channel": message.channel,
        **({"provider": message.provider} if message.provider else {}),
        "person": message.recipient,
    }
    return {**facts, "detail": detail} if detail else facts
