"""What people send us: stored as it came, then understood, then answered if they are known."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import func, or_, select
from sqlalchemy.orm import Session

from alertmanager.delivery.outbox import enqueue
from alertmanager.delivery.sms_text import (
    already_over_text,
    already_taken_text,
    clock,
    help_text,
    put_off_text,
)
from alertmanager.duty.takeover_answers import answered_tests, take_answer, tests_of
from alertmanager.incidents.closing import Paged, acknowledge, paged
from alertmanager.incidents.desk import Desk
from alertmanager.incidents.machine import OVER, State
from alertmanager.incidents.replies import Bundle, Candidate, Reply, match_reply, parse_reply
from alertmanager.incidents.snooze import snooze
from alertmanager.incidents.taking import take_all
from alertmanager.notifiers.contract import Incoming
from alertmanager.rosters.phone_number import e164
from alertmanager.store.journal import write_line
from alertmanager.store.tables import Inbound, Incident, Message, MessagePage, Page

_STILL_ANSWERED = timedelta(days=2)
"""How long after its end an answer may still be about an incident."""
_RAW, _TEXT = 64 * 1024, 10_000
_HELP_PER_HOUR = 3
"""Answers to what we do not understand: an answering machine must not talk with us all night."""
_ANSWERS_PER_HOUR = 20
"""Answers to an OK that takes nothing: whoever wrote it would believe that they had it."""


def take_reply(
    session: Session, desk: Desk, channel: str, incoming: Incoming, now: datetime
) -> str:
    """Store the message and act on it; what became of it, in one word."""
    key = _provider_key(channel, incoming.provider_id)
    if key and session.scalar(select(Inbound.id).where(Inbound.provider_key == key)) is not None:
        return "duplicate"
    sender = _address(_storable(incoming.sender))
    text = _storable(incoming.text)[:_TEXT]
    row = Inbound(
        received_at=now,
        channel=channel,
        provider_key=key,
        sender=sender[:320],
        text=text,
        raw=(incoming.raw or incoming.text.encode("utf-8", "replace"))[:_RAW],
        outcome=incoming.only_keep or "unknown_sender",
    )
    session.add(row)
    session.flush()
    theirs = _paged_for(session, sender, now)
    if not incoming.only_keep and _takes_over(session, desk, row, incoming, theirs):
        row.outcome = "takeover"
        write_line(session, now, "reply.received", outcome=row.outcome, inbound=row.id)
        return row.outcome
    if incoming.only_keep or not theirs.incidents:
        write_line(session, now, "reply.received", outcome=row.outcome, inbound=row.id)
        return row.outcome
    reply = parse_reply(text)
    verdict, named = match_reply(
        reply,
        [Candidate(i.id, i.code, i.state) for i in theirs.incidents],
        theirs.bundles,
        answered=_answered(session, theirs, incoming.answers),
        latest=theirs.latest,
    )
    wanted = {candidate.incident for candidate in named}
    incidents = [i for i in theirs.incidents if i.id in wanted]
    who = _sender(session, (incidents or theirs.incidents)[0], sender, channel, theirs)
    row.outcome = verdict
    row.incident_id = incidents[0].id if len(incidents) == 1 else None
    write_line(
        session,
        now,
        "reply.received",
        row.incident_id,
        person=who.person,
        name=who.name,
        text=text[:160],
        outcome=verdict,
        inbound=row.id,
    )
    if verdict == "takes":
        acknowledge(session, desk, incidents[0], who, now)
    elif verdict == "takes_all":
        code = reply.code or (theirs.latest.code if theirs.latest else "")
        take_all(session, desk, incidents, who, now, code=code or incidents[0].code)
    elif verdict == "puts_off" and reply.put_off is not None:
        said = _put_off(session, desk, incidents, reply.put_off, who=who, now=now)
        _say(session, row, who, said, now, most=_ANSWERS_PER_HOUR)
    else:
        answer = _answer(desk, verdict, reply, incidents, (theirs.incidents, now))
        most = _ANSWERS_PER_HOUR if reply.takes else _HELP_PER_HOUR
        _say(session, row, who, answer, now, most=most)
    return verdict


def _takes_over(
    session: Session, desk: Desk, row: Inbound, incoming: Incoming, theirs: _Theirs
) -> bool:
    """Whether it answers the test of a take-over; never what an incident waits for."""
    now = row.received_at
    answered = answered_tests(
        tests_of(session, desk, row.sender, now),
        parse_reply(row.text),
        row.sender,
        incoming.answers,
        waits=any(incident.state == State.PAGING for incident in theirs.incidents),
        codes={*(i.code for i in theirs.incidents), *(b.code for b in theirs.bundles)},
    )
    for test in answered:
        take_answer(session, desk, test, (row.channel, row.sender), now)
    return bool(answered)


def _provider_key(channel: str, provider_id: str | None) -> str | None:
    if not provider_id:
        return None
    key = f"{channel}:{_storable(provider_id)}"
    if len(key) > 160:
        key = f"{channel}:{hashlib.sha256(key.encode()).hexdigest()}"
    return key


def _storable(text: str) -> str:
    """What PostgreSQL takes: no NUL, no half of a surrogate pair."""
    return text.replace("\0", "").encode("utf-8", "replace").decode()


def _address(sender: str) -> str:
    return sender.strip().lower() if "@" in sender else e164(sender)


@dataclass(frozen=True)
class _Theirs:
    """What an address was paged for: incidents, newest first, the digests, the last of them."""

    incidents: Sequence[Incident]
    pages: dict[str, Page]
    bundles: Sequence[Bundle]
    latest: Bundle | None


def _paged_for(session: Session, address: str, now: datetime) -> _Theirs:
    """By any channel: who got a mail may answer by SMS."""
    lively = or_(Incident.state.not_in(OVER), Incident.resolved_at > now - _STILL_ANSWERED)
    pages: dict[str, Page] = {}
    for page in session.scalars(
        select(Page).join(Incident, Incident.id == Page.incident_id).where(lively).order_by(Page.id)
    ):
        if address in (_address(known) for known in page.addresses.values()):
            pages[page.incident_id] = page
    incidents = session.scalars(
        select(Incident)
        .where(lively, Incident.id.in_(list(pages)))
        .order_by(Incident.opened_at.desc())
    ).all()
    bundles, latest = _bundles(session, {page.person for page in pages.values()}, now)
    return _Theirs(incidents, pages, bundles, latest)


def _bundles(
    session: Session, people: set[str], now: datetime
) -> tuple[list[Bundle], Bundle | None]:
    """The digests that these people got, newest first; the last message they got, if it is one."""
    messages = session.scalars(
        select(Message)
        .where(
            Message.recipient.in_(sorted(people)),
            Message.kind.in_(("page", "digest")),
            Message.created_at > now - _STILL_ANSWERED,
            # Being sent it may be answered already, though its sender died before writing it down.
            or_(Message.accepted_at.is_not(None), Message.maybe_sent, Message.state == "leased"),
        )
        .order_by(
            func.coalesce(Message.accepted_at, Message.next_attempt_at).desc(), Message.id.desc()
        )
    ).all()
    bundles = {m.id: _bundle(session, m) for m in messages if m.kind == "digest"}
    latest = bundles.get(messages[0].id) if messages else None
    return list(bundles.values()), latest


def _bundle(session: Session, message: Message) -> Bundle:
    incidents = session.scalars(
        select(Page.incident_id)
        .join(MessagePage, MessagePage.page_id == Page.id)
        .where(MessagePage.message_id == message.id)
    )
    return Bundle(message.code or "", frozenset(incidents))


def _answered(session: Session, theirs: _Theirs, token: str | None) -> Bundle | None:
    """The message that is answered by its token, if it was one of theirs."""
    if not token:
        return None
    message = session.scalar(select(Message).where(Message.token == token))
    if message is None or message.recipient not in {p.person for p in theirs.pages.values()}:
        return None
    return _bundle(session, message)


def _sender(
    session: Session, incident: Incident, address: str, channel: str, theirs: _Theirs
) -> Paged:
    """Who wrote: answered by the way they wrote."""
    page = theirs.pages[incident.id]
    for known in paged(session, incident):
        if known.address == address and known.channel == channel:
            return known
    return Paged(page.person, page.person_name, address, channel)


def _put_off(
    session: Session,
    desk: Desk,
    incidents: Sequence[Incident],
    span: timedelta,
    *,
    who: Paged,
    now: datetime,
) -> str:
    """Nobody is paged for them meanwhile; what to answer."""
    for incident in incidents:
        snooze(session, incident, now + span, who.name, now)
    until = clock(now + span, now, desk.zone)
    return put_off_text(desk.subject(incidents[0]), until, len(incidents) - 1)


def _answer(
    desk: Desk,
    verdict: str,
    reply: Reply,
    named: Sequence[Incident],
    context: tuple[Sequence[Incident], datetime],
) -> str:
    incidents, now = context
    incident = named[0] if named else None
    if verdict == "taken" and incident is not None and incident.acknowledged_at:
        at = clock(incident.acknowledged_at, now, desk.zone)
        return already_taken_text(desk.subject(incident), incident.acknowledged_by or "", at)
    if verdict == "over" and incident is not None and incident.resolved_at:
        return already_over_text(
            desk.subject(incident), clock(incident.resolved_at, now, desk.zone)
        )
    problems = {
        "unknown_code": f"code {reply.code} inconnu.",
        "ambiguous": "plusieurs incidents vous attendent.",
        "nothing": "rien à prendre en charge.",
    }
    waiting = [desk.subject(i) for i in incidents if i.state == State.PAGING]
    return help_text(problems.get(verdict, "message non compris."), waiting)


def _say(
    session: Session, row: Inbound, who: Paged, text: str, now: datetime, *, most: int
) -> None:
    lately = session.scalar(
        select(func.count())
        .select_from(Message)
        .where(
            Message.address == who.address,
            Message.kind == "help",
            Message.created_at > now - timedelta(hours=1),
        )
    )
    if (lately or 0) >= most:
        write_line(session, now, "reply.unanswered", row.incident_id, inbound=row.id)
        return
    enqueue(
        session,
        now,
        key=f"help:{row.id}",
        kind="help",
        channel=who.channel,
        recipient=who.person,
        address=who.address,
        text=text,
        incident=row.incident_id,
    )
