"""Links that answer a message: unguessable, single use, valid for a day."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timedelta

from sqlalchemy import delete, select, update
from sqlalchemy.orm import Session

from alertmanager.store.database import Store, StoreUnavailable
from alertmanager.store.tables import Link, Message
from alertmanager.webhook.signed_tokens import digest, is_ours, new_token
from inventory.process import Clock
from inventory.process.logs import get_logger

LIFETIME = timedelta(hours=24)
_PURPOSE = b"vigie answer link\0"

log = get_logger("vigie.links")

LinkFor = Callable[[int], str | None]
"""From the id of a message to the link that answers it; None: the message goes without."""


def make_link(
    session: Session, key: bytes, message: Message, now: datetime, lifetime: timedelta = LIFETIME
) -> str:
    """A new token that answers the message; its digest is on disk with the transaction.

    Links of attempts that surely did not leave are forgotten.
    """
    if not message.maybe_sent:
        unsent = delete(Link).where(Link.message_id == message.id, Link.used_at.is_(None))
        session.execute(unsent)
    token = new_token(key, _PURPOSE)
    session.add(
        Link(digest=digest(token), message_id=message.id, created_at=now, expires_at=now + lifetime)
    )
    return token


def find_link(session: Session, key: bytes, token: str) -> Link | None:
    """The link of that token, used or expired as it may be; None: we never made it."""
    return session.get(Link, digest(token)) if is_ours(key, _PURPOSE, token) else None


def use_up(session: Session, link: Link, now: datetime) -> bool:
    """Use the link, and every other one of its message; False: one had been used before."""
    theirs = Link.message_id == link.message_id
    if session.scalar(select(Link.digest).where(theirs, Link.used_at.is_not(None)).limit(1)):
        return False
    session.execute(update(Link).where(theirs).values(used_at=now))
    return True


def link_maker(store: Store, key: bytes, public_url: str, clock: Clock) -> LinkFor:
    """Links for messages that are about to leave. A page goes without rather than not at all."""

    def link_for(message: int) -> str | None:
        try:
            with store.claim() as session:
                found = session.get(Message, message)
                if found is None:
                    return None
                return f"{public_url}/a/{make_link(session, key, found, clock())}"
        except StoreUnavailable as error:
            log.warning("link_not_made", message=message, reason=str(error))
            return None

    return link_for
