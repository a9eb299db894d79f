"""Answers to the test of a take-over."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from datetime import datetime

from sqlalchemy import or_, select
from sqlalchemy.orm import Session

from alertmanager.delivery.duty_text import takeover_answered_late_text, takeover_answered_text
from alertmanager.delivery.outbox import enqueue
from alertmanager.delivery.sms_text import clock
from alertmanager.duty.telling import tell_one
from alertmanager.incidents.desk import Desk
from alertmanager.incidents.replies import Reply
from alertmanager.store.duty_tables import DutyNotice
from alertmanager.store.journal import write_line
from alertmanager.store.tables import Message

Test = tuple[DutyNotice, Message]


def answered_tests(
    tests: Sequence[Test],
    reply: Reply,
    sender: str,
    token: str | None,
    *,
    waits: bool,
    codes: Collection[str],
) -> list[Test]:
    """Which of a person's tests the reply answers. Pure.

    `waits`: an incident pages them; `codes`: what else they may answer. A bare OK is for the
    incident then, and a code always for what has it. A wrong code that can be for nothing else
    proves as much as a right one.
    """
    if not reply.takes:
        return []
    quoted = [test for test in tests if token and test[1].token == token]
    if quoted:
        return quoted
    if reply.code is not None:
        named = [test for test in tests if test[1].code == reply.code]
        if named or waits or reply.code in codes:
            return named
    elif waits:
        return []
    return [
        (notice, message)
        for notice, message in tests
        if notice.answered_at is None and message.address == sender
    ]


def tests_of(session: Session, desk: Desk, sender: str, now: datetime) -> list[Test]:
    """The tests of whoever has that address, of duties that are not over, the newest first.

    The telephone of a roster is nobody's own: it answers what was sent to it.
    """
    people = [p.id for p in desk.rosters.persons if sender in p.addresses.values()]
    rows = session.execute(
        select(DutyNotice, Message)
        .join(Message, Message.id == DutyNotice.message_id)
        .where(
            DutyNotice.kind == "takeover",
            or_(DutyNotice.person.in_(people), Message.address == sender),
            DutyNotice.decided_at <= now,
            DutyNotice.ends_at > now,
        )
        .order_by(DutyNotice.starts_at.desc(), DutyNotice.key)
    )
    return [(row[0], row[1]) for row in rows]


def take_answer(
    session: Session, desk: Desk, test: Test, to: tuple[str, str], now: datetime
) -> None:
    """The person has the duty; they are told so at `to` (channel, address), once."""
    notice, message = test
    if notice.answered_at is not None:
        return
    notice.answered_at = now
    channel, address = to
    write_line(
        session,
        now,
        "takeover.answered",
        person=notice.person,
        roster=notice.roster,
        starts=notice.starts_at.isoformat(),
        by=channel,
    )
    enqueue(
        session,
        now,
        key=f"takeover-answer:{message.id}",
        kind="confirmation",
        channel=channel,
        recipient=notice.person,
        address=address,
        text=takeover_answered_text(message.code or "", notice.ends_at, now, desk.zone),
        incident=None,
    )
    if notice.escalated_at is not None:
        _reassure(session, desk, notice, now)


def _reassure(session: Session, desk: Desk, notice: DutyNotice, now: datetime) -> None:
    """Those who were told that nobody answered learn that somebody did."""
    told = session.scalars(
        select(DutyNotice.person).where(
            DutyNotice.kind == "unanswered",
            DutyNotice.roster == notice.roster,
            DutyNotice.starts_at == notice.starts_at,
        )
    ).all()
    person = desk.person(notice.person)
    name = person.name if person is not None else notice.person
    text = takeover_answered_late_text(name, clock(now, now, desk.zone))
    for who in told:
        key = f"answered-late:{notice.message_id}:{who}"
        tell_one(session, desk, desk.person(who), ("notice", key, text), now)
