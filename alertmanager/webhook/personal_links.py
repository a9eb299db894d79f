"""A person's secret address: who has it sees their turns and acts on their swaps in their name.

It lasts until it is revoked, for calendars come back to it for years. A new one revokes the others.
"""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import update
from sqlalchemy.orm import Session

from alertmanager.store.duty_tables import PersonalLink
from alertmanager.store.journal import write_line
from alertmanager.webhook.signed_tokens import digest, is_ours, new_token

_PURPOSE = b"vigie personal link\0"


def make_personal_link(session: Session, key: bytes, person: str, now: datetime, *, by: str) -> str:
    """A new token for that person; those they had open nothing any more."""
    revoke(session, person, now)
    token = new_token(key, _PURPOSE)
    session.add(PersonalLink(digest=digest(token), person=person, created_at=now))
    write_line(session, now, "person.link_made", person=person, by=by)
    return token


def revoke(session: Session, person: str, now: datetime) -> None:
    """Whatever tokens that person has open nothing from now on."""
    session.execute(
        update(PersonalLink)
        .where(PersonalLink.person == person, PersonalLink.revoked_at.is_(None))
        .values(revoked_at=now)
    )


def person_of(session: Session, key: bytes, token: str) -> str | None:
    """Whose token it is; None: nobody's, or it was revoked."""
    if not is_ours(key, _PURPOSE, token):
        return None
    link = session.get(PersonalLink, digest(token))
    return link.person if link is not None and link.revoked_at is None else None
