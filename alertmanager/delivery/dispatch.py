"""From a page to a message: by which channel, and whether at once."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from sqlalchemy.orm import Session

from alertmanager.delivery.channels import Channel, following, usable
from alertmanager.delivery.outbox import enqueue
from alertmanager.store.journal import write_line
from alertmanager.store.tables import Page


def send_page(
    session: Session, channels: Sequence[Channel], page: Page, text: str, now: datetime
) -> bool:
    """Send the page by the first channel that reaches its person; whether there is one."""
    found = usable(channels, page.addresses)
    if not found:
        write_line(session, now, "page.unreachable", page.incident_id, page=page.id)
        return False
    send_by(session, found[0], page, text, now)
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
    """Send the page by the channel after `after`; whether there is one."""
    channel = following(channels, after, page.addresses)
    if channel is None:
        return False
    send_by(session, channel, page, text, now)
    return True


def send_by(session: Session, channel: Channel, page: Page, text: str, now: datetime) -> None:
    """Enqueue the page's message on that channel."""
    enqueue(
        session,
        now,
        key=f"page:{page.id}:{channel.id}",
        kind="page",
        channel=channel.id,
        recipient=page.person,
        address=page.addresses[channel.reaches],
        text=text,
        incident=page.incident_id,
        pages=(page.id,),
    )
