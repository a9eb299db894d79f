"""How an incident stops paging: somebody takes it, or it is over."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import or_, select
from sqlalchemy.orm import Session

from alertmanager.delivery.dispatch import Courtesy, tell
from alertmanager.delivery.outbox import cancel_pending_pages
from alertmanager.delivery.sms_text import acknowledged_text, clock, resolved_text, taken_text
from alertmanager.incidents.desk import Desk
from alertmanager.incidents.machine import Event, after
from alertmanager.store.journal import write_line
from alertmanager.store.tables import Incident, Message, MessagePage, Page

_NEVER_LEFT = ("cancelled", "failed", "pending")


@dataclass(frozen=True)
class Paged:
    """Someone whom a page of an incident may have reached, and how."""

    person: str
    name: str
    address: str
    channel: str


def paged(session: Session, incident: Incident) -> list[Paged]:
    """Those whom a page of the incident may have reached, first paged first."""
    rows = session.execute(
        select(Page.person, Page.person_name, Message.address, Message.channel)
        .join(MessagePage, MessagePage.page_id == Page.id)
        .join(Message, Message.id == MessagePage.message_id)
        .where(
            Page.incident_id == incident.id,
            # A gateway that fell silent may have sent what is still pending, or cancelled since.
            or_(Message.state.not_in(_NEVER_LEFT), Message.maybe_sent),
        )
        .order_by(Page.id, Message.id)
    )
    found: dict[str, Paged] = {}
    for person, name, address, channel in rows:
        found.setdefault(person, Paged(person, name, address, channel))
    return list(found.values())


def acknowledge(
    session: Session, desk: Desk, incident: Incident, who: Paged, now: datetime
) -> None:
    """`who` takes the incident: paging stops, they are told so, the others are told who has it."""
    incident.state = after(incident.state, Event.ACKNOWLEDGE)
    incident.generation += 1
    incident.acknowledged_at = now
    incident.acknowledged_by = who.name
    cancel_pending_pages(session, incident.id)
    write_line(
        session,
        now,
        "incident.acknowledged",
        incident.id,
        person=who.person,
        name=who.name,
        channel=who.channel,
    )
    at = clock(now, now, desk.zone)
    subject = desk.subject(incident)
    others = [other for other in paged(session, incident) if other.person != who.person]
    key = f"{incident.id}:{incident.generation}"
    confirmation: Courtesy = ("confirmation", key, acknowledged_text(subject, at))
    tell(session, desk.channels, [who], confirmation, now, incident=incident.id)
    taken: Courtesy = ("taken", key, taken_text(subject, who.name, at))
    tell(session, desk.channels, others, taken, now, incident=incident.id)


def resolve(session: Session, desk: Desk, incident: Incident, now: datetime) -> None:
    """It is over: paging stops, and those who were paged, and only they, are told once."""
    incident.state = after(incident.state, Event.RESOLVE)
    incident.generation += 1
    incident.resolved_at = now
    cancel_pending_pages(session, incident.id)
    lasted = now - incident.started_at
    write_line(
        session, now, "incident.resolved", incident.id, seconds=round(lasted.total_seconds())
    )
    told = paged(session, incident)
    text = resolved_text(desk.subject(incident), clock(now, now, desk.zone), lasted)
    end: Courtesy = ("resolution", f"{incident.id}:{incident.reopened}", text)
    tell(session, desk.channels, told, end, now, incident=incident.id)
    if told:
        write_line(
            session, now, "resolution.told", incident.id, people=[person.person for person in told]
        )
