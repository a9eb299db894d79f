"""From a page, or a courtesy, to a message: by which channel, at once or with others later."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import datetime, timedelta
from typing import Protocol

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from alertmanager.delivery.channels import Channel, following, named, usable
from alertmanager.delivery.codes import fresh_code
from alertmanager.delivery.leases import Kind
from alertmanager.delivery.outbox import HAND_OVER_WITHIN, enqueue
from alertmanager.delivery.sms_text import digest_stand_in, summary_stand_in
from alertmanager.delivery.standing import COURTESY, PAGING, Standing, standing
from alertmanager.delivery.storm import SPAN, Arrival, Sent, plan
from alertmanager.store.journal import write_line
from alertmanager.store.tables import Message, MessagePage, Page

_LOST = ("failed", "unconfirmed", "cancelled")
COURTESIES = 2
"""Courtesies that one person gets one by one in five minutes; the others are one summary."""
_AFTER_PAGES = timedelta(seconds=60)
_COURTESY_WAITS = timedelta(minutes=30)


Courtesy = tuple[Kind, str, str]
"""Something to tell: the kind, what makes it the same thing, the text."""


class Told(Protocol):
    """Somebody to tell, and how."""

    @property
    def person(self) -> str: ...
    @property
    def address(self) -> str: ...
    @property
    def channel(self) -> str: ...


def send_page(
    session: Session, channels: Sequence[Channel], page: Page, text: str, now: datetime
) -> bool:
    """Send the page by the first channel that reaches its person; whether there is one."""
    found = usable(channels, page.addresses)
    if not found:
        write_line(session, now, "page.unreachable", page.incident_id, page=page.id)
        return False
    send_by(session, channels, page, text, now, channel=found[0])
    return True


def send_by_next(
    session: Session,
    channels: Sequence[Channel],
    page: Page,
    text: str,
    now: datetime,
    *,
    after: str,
) -> bool:
    """Send the page by the channel after `after`; whether it may still arrive by one."""
    channel = following(channels, after, page.addresses)
    while channel is not None:
        state = _carried(session, page, channel)
        if state is None:
            send_by(session, channels, page, text, now, channel=channel)
            return True
        if state not in _LOST:
            return True
        channel = following(channels, channel.id, page.addresses)
    return False


def send_by(
    session: Session,
    channels: Sequence[Channel],
    page: Page,
    text: str | None,
    now: datetime,
    *,
    channel: Channel,
) -> None:
    """Send the page by that channel: at once, or in the digest that waits for its person.

    One that would wait long there is sent by another channel as well. Without a `text` it
    is written when it leaves, as digests are.
    """
    address = page.addresses[channel.reaches]
    here = standing(session, channel, address, now)
    incident = page.incident
    arrival = Arrival(incident.title, incident.id, incident.severity == "critical")
    here.pages += 1
    decided = plan(here.limits, here.situation, arrival, now)
    if decided.alone and text is not None:
        enqueue(
            session,
            now,
            key=f"page:{page.id}:{channel.id}",
            kind="page",
            channel=channel.id,
            recipient=page.person,
            address=address,
            text=text,
            incident=page.incident_id,
            pages=(page.id,),
        )
        here.sent.append(Sent(now, critical=arrival.kinds))
    else:
        digest = _join(session, here, channel, page, now)
        _leaves_at(digest, decided.at)
        here.held |= arrival.kinds
        write_line(
            session,
            now,
            "page.waiting",
            page.incident_id,
            page=page.id,
            message=digest.id,
            channel=channel.id,
            until=decided.at.isoformat(),
        )
    if here.summary is not None:
        _leaves_at(here.summary, _courtesies_at(here, here.summary.created_at, now))
    if decided.moved and here.digest is not None:
        for waited in _pages_in(session, here.digest):
            _send_by_another(session, channels, waited, None, now, held_by=channel)
    elif decided.also:
        _send_by_another(session, channels, page, text, now, held_by=channel)


def _carried(session: Session, page: Page, channel: Channel) -> str | None:
    """The state of the last message that carries the page by that channel; None: there is none."""
    return session.scalar(
        select(Message.state)
        .join(MessagePage, MessagePage.message_id == Message.id)
        .where(
            MessagePage.page_id == page.id,
            Message.channel == channel.id,
            Message.kind.in_(PAGING),
        )
        .order_by(Message.id.desc())
        .limit(1)
    )


def _send_by_another(
    session: Session,
    channels: Sequence[Channel],
    page: Page,
    text: str | None,
    now: datetime,
    *,
    held_by: Channel,
) -> None:
    """Send a page that must wait another way too: first where messages cost nobody their sleep."""
    others = [channel for channel in usable(channels, page.addresses) if channel.id != held_by.id]
    others.sort(key=lambda channel: channel.capped)
    free = next((one for one in others if _carried(session, page, one) is None), None)
    if free is not None:
        send_by(session, channels, page, text, now, channel=free)


def _pages_in(session: Session, digest: Message) -> Sequence[Page]:
    return session.scalars(
        select(Page)
        .join(MessagePage, MessagePage.page_id == Page.id)
        .where(MessagePage.message_id == digest.id)
        .order_by(Page.id)
    ).all()


def _join(session: Session, here: Standing, channel: Channel, page: Page, now: datetime) -> Message:
    """The digest that waits, with the page; a new one if there is none."""
    if here.digest is not None:
        session.add(MessagePage(message_id=here.digest.id, page_id=page.id))
        return here.digest
    code = fresh_code(session, now)
    key = f"digest:{page.id}:{channel.id}"
    digest = enqueue(
        session,
        now,
        key=key,
        kind="digest",
        channel=channel.id,
        recipient=page.person,
        address=page.addresses[channel.reaches],
        text=digest_stand_in(code),
        incident=None,
        pages=(page.id,),
        code=code,
    )
    # Nothing but this page makes that key, and a page comes here once a channel.
    here.digest = digest or session.scalars(select(Message).where(Message.key == key)).one()
    return here.digest


def _leaves_at(message: Message, at: datetime) -> None:
    message.next_attempt_at = at
    if message.deadline_at is not None:
        message.deadline_at = at + HAND_OVER_WITHIN


def tell(
    session: Session,
    channels: Sequence[Channel],
    people: Iterable[Told],
    what: Courtesy,
    now: datetime,
    *,
    incident: str,
) -> None:
    """Tell people about an incident (kind, key, text): answers at once, courtesies as they fit.

    Beyond two in five minutes, or while pages wait, courtesies become one summary.
    """
    kind, key, text = what
    for who in people:
        channel = named(channels, who.channel)
        here = None if channel is None else standing(session, channel, who.address, now)
        if kind not in COURTESY or here is None or _courtesies_at(here, now, now) <= now:
            enqueue(
                session,
                now,
                key=f"{kind}:{key}:{who.address}",
                kind=kind,
                channel=who.channel,
                recipient=who.person,
                address=who.address,
                text=text,
                incident=incident,
            )
            if here is not None and kind in COURTESY:
                here.courtesies.append(now)
        else:
            _summarise(session, here, who, incident, now)


def send_courtesy(
    session: Session,
    channel: Channel,
    to: tuple[str, str],
    what: Courtesy,
    now: datetime,
) -> Message | None:
    """Tell a person, by their address, of their own duty (kind, key, text).

    None: they must not be told more at this moment, or there is a message of that key already.
    """
    person, address = to
    here = standing(session, channel, address, now)
    if _courtesies_at(here, now, now) > now:
        return None
    kind, key, text = what
    message = enqueue(
        session,
        now,
        key=key,
        kind=kind,
        channel=channel.id,
        recipient=person,
        address=address,
        text=text,
        incident=None,
    )
    if message is not None:
        here.courtesies.append(now)
    return message


def _courtesies_at(here: Standing, since: datetime, now: datetime) -> datetime:
    """When a courtesy that waits since then may leave: after the pages, never the last of a cap."""
    at = now if here.summary is None else max(now, here.summary.next_attempt_at)
    if len(here.courtesies) >= COURTESIES:
        at = max(at, here.courtesies[-COURTESIES] + SPAN)
    for cap, span in here.limits.caps:
        most = max(1, cap * 2 // 3)
        if len(here.everything) >= most:
            at = max(at, here.everything[-most].at + span)
    if here.digest is not None:
        at = max(at, here.digest.next_attempt_at + _AFTER_PAGES)
    return min(at, since + _COURTESY_WAITS)


def _summarise(session: Session, here: Standing, who: Told, incident: str, now: datetime) -> None:
    """Add the end of the incident, or who has it, to the summary that waits."""
    page = session.scalar(
        select(func.max(Page.id)).where(Page.incident_id == incident, Page.person == who.person)
    )
    if page is None:
        return
    if here.summary is None:
        at = max(_courtesies_at(here, now, now), now + _AFTER_PAGES)
        here.summary = enqueue(
            session,
            now,
            key=f"summary:{page}:{who.channel}:{now.timestamp():.6f}",
            kind="resolution",
            channel=who.channel,
            recipient=who.person,
            address=who.address,
            text=summary_stand_in(),
            incident=None,
            pages=(page,),
            not_before=at,
        )
    elif not _is_in(session, here.summary, page):
        session.add(MessagePage(message_id=here.summary.id, page_id=page))


def _is_in(session: Session, message: Message, page: int) -> bool:
    return session.get(MessagePage, (message.id, page)) is not None
