"""What was told of the duty and did not arrive goes by the next channel, in one's transaction."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import cast

from sqlalchemy import or_, select, update
from sqlalchemy.orm import Session

from alertmanager.delivery.channels import following
from alertmanager.delivery.dispatch import send_courtesy
from alertmanager.delivery.leases import Kind
from alertmanager.incidents.desk import Desk
from alertmanager.store.duty_tables import DutyNotice
from alertmanager.store.journal import write_line
from alertmanager.store.tables import Message

_RECENT = timedelta(days=1)
_LOST = ("failed", "unconfirmed")


def lost(session: Session, now: datetime) -> list[int]:
    """Ids of the reminders and notices that did not arrive, of turns that still matter."""
    return list(
        session.scalars(
            select(Message.id)
            .join(DutyNotice, DutyNotice.message_id == Message.id)
            .where(
                Message.state.in_(_LOST),
                Message.created_at > now - _RECENT,
                or_(
                    DutyNotice.kind.in_(("gained", "lost")),
                    (DutyNotice.kind == "reminder") & (DutyNotice.starts_at > now),
                ),
            )
            .distinct()
            .order_by(Message.id)
        )
    )


def tell_again(session: Session, desk: Desk, identifier: int, now: datetime) -> bool:
    """Send that text by the channel after its own; False: later, they were told enough lately.

    Its notices name the new message from then on. Nothing happens where there is no such channel.
    """
    message = session.get_one(Message, identifier)
    person = desk.person(message.recipient)
    addresses = person.addresses if person is not None else {}
    channel = following(desk.channels, message.channel, addresses)
    if message.state not in _LOST or person is None or channel is None:
        return True
    to = person.id, addresses[channel.reaches]
    what = (cast("Kind", message.kind), f"again:{message.id}:{channel.id}", message.text)
    again = send_courtesy(session, channel, to, what, now)
    if again is None:
        return False
    session.execute(
        update(DutyNotice).where(DutyNotice.message_id == message.id).values(message_id=again.id)
    )
    write_line(
        session,
        now,
        "duty.told_again",
        person=person.id,
        message=again.id,
        channel=channel.id,
        after=message.id,
    )
    return True
