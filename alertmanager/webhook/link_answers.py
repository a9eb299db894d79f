"""What using a link does: its person takes every incident of the message that waits."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import select
from sqlalchemy.orm import Session

from alertmanager.incidents.closing import Paged
from alertmanager.incidents.desk import Desk
from alertmanager.incidents.taking import take_all
from alertmanager.store.journal import write_line
from alertmanager.store.tables import Incident, Link, Message
from alertmanager.webhook.link_view import can_be_taken, incidents_of, name_of_recipient
from alertmanager.webhook.links import use_up


@dataclass(frozen=True)
class Answer:
    """What became of it: refused because it had been used, else how many incidents were taken."""

    used_before: bool
    taken: int


def answer(session: Session, desk: Desk, link: Link, now: datetime) -> Answer:
    """Use the link. What somebody else has, or is over, stays as it is."""
    if not use_up(session, link, now):
        return Answer(used_before=True, taken=0)
    message = session.get_one(Message, link.message_id)
    name = name_of_recipient(session, message, desk)
    who = Paged(message.recipient, name, message.address, message.channel)
    waiting = [
        incident
        for incident in session.scalars(
            select(Incident).where(Incident.id.in_(incidents_of(message))).order_by(Incident.id)
        )
        if can_be_taken(incident)
    ]
    write_line(
        session,
        now,
        "link.used",
        waiting[0].id if len(waiting) == 1 else message.incident_id,
        message=message.id,
        person=who.person,
        name=who.name,
        incidents=[incident.id for incident in waiting],
    )
    if waiting:
        code = message.code or waiting[0].code
        take_all(session, desk, waiting, who, now, code=code, by="link")
    return Answer(used_before=False, taken=len(waiting))
