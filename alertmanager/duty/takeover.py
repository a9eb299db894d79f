"""The take-over: whoever begins a duty is sent a text that they must answer.

It proves, while it does not matter, that the person is within reach. Without an answer in time the
person of the next step is told, and the journal says so.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime, timedelta
from typing import get_args

from sqlalchemy import select
from sqlalchemy.orm import Session

from alertmanager.delivery.channels import usable
from alertmanager.delivery.codes import fresh_code
from alertmanager.delivery.duty_text import Situation, takeover_text, takeover_unanswered_text
from alertmanager.delivery.outbox import enqueue
from alertmanager.delivery.sms_text import clock
from alertmanager.duty.turns import Turn
from alertmanager.incidents.desk import Desk, PersonOnDuty
from alertmanager.incidents.machine import OVER, State
from alertmanager.incidents.policy import Step
from alertmanager.incidents.replies import Verdict
from alertmanager.incidents.targets import last_resort, target_of
from alertmanager.rosters import RosterBook
from alertmanager.store.duty_tables import DutyNotice
from alertmanager.store.journal import write_line
from alertmanager.store.tables import Inbound, Incident, Message

LATEST = timedelta(hours=1)
"""After the start of a turn: a test that comes later is a question about the past."""
_FORGOTTEN = timedelta(days=1)
_LOST = ("failed", "cancelled")


def key_of(turn: Turn) -> str:
    """What makes it the same take-over."""
    return f"takeover:{turn.roster}:{turn.person.id}:{int(turn.start.timestamp())}"


def due_takeovers(turns: Iterable[Turn], now: datetime) -> list[Turn]:
    """The turns that have begun, a short while ago at most. Pure."""
    return [turn for turn in turns if turn.start <= now < turn.start + LATEST]


def ask(
    session: Session,
    desk: Desk,
    book: RosterBook,
    turn: Turn,
    now: datetime,
    *,
    silences: Sequence[datetime] | None,
) -> None:
    """Send the test of that turn, once. `silences`: when those about to end do (see Situation)."""
    key = key_of(turn)
    if session.get(DutyNotice, key) is not None:
        return
    addresses = _addresses(desk, turn, now)
    channel = next(iter(usable(desk.channels, addresses)), None)
    message: Message | None = None
    if channel is not None:
        code = fresh_code(session, now)
        found = Situation([desk.subject(one) for one in _open_incidents(session)], silences)
        name = book.roster_name(turn.roster)
        message = enqueue(
            session,
            now,
            key=key,
            kind="takeover",
            channel=channel.id,
            recipient=turn.person.id,
            address=addresses[channel.reaches],
            text=takeover_text(code, name, turn.end, found, now=now, zone=book.zone),
            incident=None,
            code=code,
        )
    session.add(
        DutyNotice(
            key=key,
            kind="takeover",
            person=turn.person.id,
            roster=turn.roster,
            starts_at=turn.start,
            ends_at=turn.end or now + _FORGOTTEN,
            decided_at=now,
            message_id=message.id if message is not None else None,
        )
    )
    write_line(
        session,
        now,
        "takeover.asked",
        person=turn.person.id,
        roster=turn.roster,
        starts=turn.start.isoformat(),
        message=message.id if message is not None else None,
    )


def unanswered(session: Session, answer_within: timedelta, now: datetime) -> list[str]:
    """Keys of the tests that nobody answered in time, or that never reached anybody."""
    rows = session.execute(
        select(DutyNotice.key, DutyNotice.decided_at, Message.state)
        .outerjoin(Message, Message.id == DutyNotice.message_id)
        .where(
            DutyNotice.kind == "takeover",
            DutyNotice.answered_at.is_(None),
            DutyNotice.escalated_at.is_(None),
            DutyNotice.decided_at > now - _FORGOTTEN,
        )
        .order_by(DutyNotice.decided_at, DutyNotice.key)
    )
    return [
        row.key
        for row in rows
        if row.decided_at <= now - answer_within or row.state is None or row.state in _LOST
    ]


def escalate(session: Session, desk: Desk, book: RosterBook, key: str, now: datetime) -> None:
    """Tell the person of the next step that this test was not answered, once.

    Not of somebody who wrote to us from that address meanwhile: they can be reached.
    """
    notice = session.get_one(DutyNotice, key)
    if notice.answered_at is not None or notice.escalated_at is not None:
        return
    facts = {
        "person": notice.person,
        "roster": notice.roster,
        "starts": notice.starts_at.isoformat(),
    }
    wrote_at = _wrote_at(session, notice)
    if wrote_at is not None:
        notice.answered_at = wrote_at
        write_line(session, now, "takeover.answered", **facts, by="autre message de sa part")
        return
    notice.escalated_at = now
    others = next_people(desk, notice.roster, notice.person, now)
    told = [other.id for other in others if _tell(session, desk, book, notice, other, now=now)]
    write_line(session, now, "takeover.unanswered", **facts, told=told)


def next_people(desk: Desk, roster: str, person: str, now: datetime) -> list[PersonOnDuty]:
    """Whom an incident pages when `person`, on duty for `roster`, does not answer."""
    for policy in (desk.policy, *desk.policies):
        places = [at for at, step in enumerate(policy.steps) if _is_of(step, roster)]
        if not places:
            continue
        targets = [target_of(desk, step, now) for step in policy.steps[places[0] + 1 :]]
        for target in [*targets, *last_resort(desk, policy)]:
            others = [other for other in target.people if other.id != person]
            if others:
                return others
    for target in last_resort(desk, desk.policy):
        others = [other for other in target.people if other.id != person]
        if others:
            return others
    return []


def _is_of(step: Step, roster: str) -> bool:
    return step.kind in ("roster", "duty_phone") and step.target == roster


def _addresses(desk: Desk, turn: Turn, now: datetime) -> Mapping[str, str]:
    """Where incidents would reach them: where only the roster's telephone is paged, that one."""
    steps = [step for policy in (desk.policy, *desk.policies) for step in policy.steps]
    kinds = {step.kind for step in steps if _is_of(step, turn.roster)}
    phone = desk.rosters.duty_phone(turn.roster, now) if kinds == {"duty_phone"} else None
    return (phone or turn.person).addresses


def _tell(
    session: Session,
    desk: Desk,
    book: RosterBook,
    notice: DutyNotice,
    other: PersonOnDuty,
    *,
    now: datetime,
) -> bool:
    """Tell one of them; whether anything reaches them. No courtesy: they may be needed."""
    channel = next(iter(usable(desk.channels, other.addresses)), None)
    if channel is None:
        return False
    absent = desk.person(notice.person)
    known = notice.roster in book.roster_ids
    text = takeover_unanswered_text(
        absent.name if absent is not None else notice.person,
        book.roster_name(notice.roster) if known else notice.roster,
        clock(notice.decided_at, now, book.zone),
    )
    key = "unanswered:" + hashlib.sha256(f"{notice.key}:{other.id}".encode()).hexdigest()[:32]
    message = enqueue(
        session,
        now,
        key=key,
        kind="takeover",
        channel=channel.id,
        recipient=other.id,
        address=other.addresses[channel.reaches],
        text=text,
        incident=None,
    )
    session.add(
        DutyNotice(
            key=key,
            kind="unanswered",
            person=other.id,
            roster=notice.roster,
            starts_at=notice.starts_at,
            ends_at=notice.ends_at,
            decided_at=now,
            message_id=message.id if message is not None else None,
        )
    )
    return True


def _open_incidents(session: Session) -> Sequence[Incident]:
    return session.scalars(
        select(Incident)
        .where(Incident.state.not_in([*OVER, State.SUPPRESSED]))
        .order_by((Incident.severity == "critical").desc(), Incident.opened_at.desc())
    ).all()


def _wrote_at(session: Session, notice: DutyNotice) -> datetime | None:
    """When a message from the address of the test came, if one did since."""
    message = session.get(Message, notice.message_id) if notice.message_id is not None else None
    if message is None:
        return None
    return session.scalar(
        select(Inbound.received_at)
        .where(
            Inbound.sender == message.address,
            Inbound.received_at >= notice.decided_at,
            Inbound.outcome.in_(get_args(Verdict)),  # an answering machine proves nothing
        )
        .order_by(Inbound.received_at)
        .limit(1)
    )
