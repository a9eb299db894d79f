"""What one person was sent, and waits for, by one channel: read from the rows, so shared by all.

It is read once a transaction and kept up to date in it: decisions are taken one at a time
(`Store.write`). The digest that waits is locked, for senders claim without that turn.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import BindParameter, ColumnElement, Select, bindparam, func, select
from sqlalchemy.orm import Session

from alertmanager.delivery.channels import Channel
from alertmanager.delivery.storm import SPAN, Kinds, Limits, Sent, Situation, Waiting
from alertmanager.store.tables import Incident, Message, MessagePage, Page

PAGING = ("page", "digest")
COURTESY = ("resolution", "taken", "reminder", "notice")
_KEPT = "vigie_standing"
_LONGEST_WAIT = timedelta(hours=2)


def _waits(condition: ColumnElement[bool]) -> Select[Message]:
    return (
        select(Message)
        .where(
            *_THEIRS,
            condition,
            Message.state == "pending",
            # What an attempt may have told already is a message of the past: nothing joins it.
            Message.maybe_sent.is_(False),
        )
        .order_by(Message.next_attempt_at)
        .limit(1)
        .with_for_update()
    )


# Statements are put together once: that costs more than to run them.
_THEIRS = Message.address == bindparam("address"), Message.channel == bindparam("channel")
_DIGEST = _waits(Message.kind == "digest")
_SUMMARY = _waits((Message.kind == "resolution") & Message.incident_id.is_(None))
_LATELY = select(
    Message.id,
    Message.kind,
    Message.state,
    Message.created_at,
    Message.accepted_at,
    Message.failed_at,
    Message.maybe_sent,
).where(
    *_THEIRS,
    Message.created_at > bindparam("since", type_=Message.created_at.type),
    Message.kind.in_(PAGING + COURTESY),
    Message.state != "cancelled",
)
_MESSAGES: BindParameter[Any] = bindparam("messages", expanding=True)
_PAGES = (
    select(MessagePage.message_id, func.count())
    .where(MessagePage.message_id.in_(_MESSAGES))
    .group_by(MessagePage.message_id)
)
_CRITICAL = (
    select(
        MessagePage.message_id,
        Incident.title,
        func.count(Incident.id.distinct()),
        func.min(Incident.id),
    )
    .join(Page, Page.id == MessagePage.page_id)
    .join(Incident, Incident.id == Page.incident_id)
    .where(MessagePage.message_id.in_(_MESSAGES), Incident.severity == "critical")
    .group_by(MessagePage.message_id, Incident.title)
)


@dataclass
class Standing:
    """`sent` and `courtesies`, oldest first; `digest` is the one that waits, of the kinds `held`.

    `pages`: sent or waiting in the last five minutes. `summary`: the courtesies that wait.
    """

    limits: Limits
    sent: list[Sent] = field(default_factory=list)
    courtesies: list[datetime] = field(default_factory=list)
    digest: Message | None = None
    held: Kinds = frozenset()
    pages: int = 0
    summary: Message | None = None

    @property
    def situation(self) -> Situation:
        """What the plan of one more page needs to know."""
        waiting = None
        if self.digest is not None:
            waiting = Waiting(
                self.digest.next_attempt_at, self.held, tried=self.digest.attempts > 0
            )
        return Situation(self.everything, waiting, self.pages)

    @property
    def everything(self) -> list[Sent]:
        """Pages and courtesies: what the hard caps are over."""
        both = [*self.sent, *(Sent(at, courtesy=True) for at in self.courtesies)]
        return sorted(both, key=lambda message: message.at)


def standing(session: Session, channel: Channel, address: str, now: datetime) -> Standing:
    """How things stand with that address on that channel, as of this transaction."""
    kept: dict[tuple[str, str], Standing] = session.info.setdefault(_KEPT, {})
    found = kept.get((channel.id, address))
    if found is None:
        found = kept[channel.id, address] = read_standing(session, channel, address, now)
    return found


def read_standing(session: Session, channel: Channel, address: str, now: datetime) -> Standing:
    """The same, read anew."""
    theirs: Mapping[str, Any] = {"address": address, "channel": channel.id}
    # First, for on PostgreSQL it waits for whoever is claiming it, and then may find none.
    digest = session.scalar(_DIGEST, theirs)
    summary = session.scalar(_SUMMARY, theirs)
    limits = channel.limits
    since = now - limits.memory - _LONGEST_WAIT
    rows = session.execute(_LATELY, {**theirs, "since": since}).all()
    found = Standing(limits, digest=digest, summary=summary)
    left: dict[int, datetime] = {}
    for row in rows:
        if digest is not None and row.id == digest.id:
            continue
        at = _left_at(row.state, row.accepted_at, row.failed_at, row.maybe_sent, now)
        if at is None or at <= now - limits.memory:
            continue
        if row.kind in COURTESY:
            if summary is None or row.id != summary.id:
                found.courtesies.append(at)
        else:
            left[row.id] = at
    counts = _pages_of(session, [*left, *([digest.id] if digest else [])])
    lately = [identifier for identifier, at in left.items() if at > now - SPAN]
    kinds = _critical_kinds(session, [*lately, *([digest.id] if digest else [])])
    found.sent = sorted(
        (
            Sent(at, counts.get(identifier, 0) > 1, kinds.get(identifier, frozenset()))
            for identifier, at in left.items()
        ),
        key=lambda message: message.at,
    )
    found.courtesies.sort()
    found.pages = sum(counts.get(identifier, 0) for identifier in lately)
    if digest is not None:
        found.held = kinds.get(digest.id, frozenset())
        found.pages += counts.get(digest.id, 0)
    return found


def _left_at(
    state: str,
    accepted_at: datetime | None,
    failed_at: datetime | None,
    maybe_sent: bool,
    now: datetime,
) -> datetime | None:
    """When it left, or leaves at the earliest; None: it reached nobody."""
    if accepted_at is not None:
        return accepted_at
    if state == "failed":
        return failed_at if maybe_sent else None
    return now


def _pages_of(session: Session, messages: Iterable[int]) -> dict[int, int]:
    rows = session.execute(_PAGES, {"messages": list(messages)})
    return {row[0]: row[1] for row in rows}


def _critical_kinds(session: Session, messages: Iterable[int]) -> dict[int, Kinds]:
    rows = session.execute(_CRITICAL, {"messages": list(messages)})
    found: dict[int, set[tuple[str, str]]] = {}
    for identifier, title, count, incident in rows:
        found.setdefault(identifier, set()).add((title, incident if count == 1 else ""))
    return {identifier: frozenset(kinds) for identifier, kinds in found.items()}


def told_before(session: Session, message: Message) -> set[str]:
    """Critical kinds that other messages told its person of, in the five minutes before it."""
    others = session.scalars(
        select(Message.id).where(
            Message.address == message.address,
            Message.channel == message.channel,
            Message.kind.in_(PAGING),
            Message.id != message.id,
            Message.accepted_at > message.next_attempt_at - SPAN,
        )
    ).all()
    kinds = _critical_kinds(session, others)
    return {kind for found in kinds.values() for kind, _ in found}
