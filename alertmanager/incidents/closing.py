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
from alertmanager.incidents.flapping import flaps
from alertmanager.incidents.machine import OVER, Event, State, after
from alertmanager.incidents.timers import ACKNOWLEDGE_EXPIRED, CLOSE, QUIET, set_timer
from alertmanager.store.journal import write_line
from alertmanager.store.tables import Alert, Incident, Message, MessagePage, Page, Timer

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
    session: Session,
    desk: Desk,
    incident: Incident,
    who: Paged,
    now: datetime,
    *,
    quiet: bool = False,
    by: str = "",
) -> None:
    """`who` takes the incident: paging stops, they are told so, the others are told who has it.

    Theirs for a while: if it still fires then, it pages again. `by` says by what means; `quiet`:
    the caller tells people.
    """
    incident.state = after(incident.state, Event.ACKNOWLEDGE)
    incident.generation += 1
    incident.acknowledged_at = now
    incident.acknowledged_by = who.name
    incident.acknowledged_until = now + desk.acknowledge_for
    incident.snoozed_until = incident.snoozed_by = None
    incident.maintenance_id = None
    set_timer(session, incident, ACKNOWLEDGE_EXPIRED, incident.acknowledged_until)
    cancel_pending_pages(session, incident.id)
    write_line(
        session,
        now,
        "incident.acknowledged",
        incident.id,
        person=who.person,
        name=who.name,
        channel=by or who.channel,
    )
    if quiet:
        return
    at = clock(now, now, desk.zone)
    subject = desk.subject(incident)
    others = [other for other in paged(session, incident) if other.person != who.person]
    key = f"{incident.id}:{incident.generation}"
    confirmation: Courtesy = ("confirmation", key, acknowledged_text(subject, at))
    tell(session, desk.channels, [who], confirmation, now, incident=incident.id)
    taken: Courtesy = ("taken", key, taken_text(subject, who.name, at))
    tell(session, desk.channels, others, taken, now, incident=incident.id)


def resolve_if_quiet(session: Session, desk: Desk, incident: Incident, now: datetime) -> None:
    """Nothing fires any more: it is over, unless it comes and goes; then once it stays quiet."""
    if flaps(session, incident, now):
        set_timer(session, incident, QUIET, now + desk.reopen_within)
        write_line(session, now, "incident.flapping", incident.id, times=incident.reopened)
    else:
        resolve(session, desk, incident, now)


def run_end_timer(session: Session, desk: Desk, timer: Timer, now: datetime) -> None:
    """The timers of the end. Whoever acknowledges in between changes nothing for them."""
    timer.done_at = now
    incident = session.get_one(Incident, timer.incident_id)
    if timer.kind == CLOSE:
        if incident.state == State.RESOLVED and timer.generation == incident.generation:
            incident.state = after(incident.state, Event.CLOSE)
            incident.closed_at = now
            write_line(session, now, "incident.closed", incident.id)
        return
    fires = select(Alert.id).where(Alert.incident_id == incident.id, Alert.status == "firing")
    last = select(Alert.resolved_at).where(Alert.incident_id == incident.id)
    if incident.state in OVER or session.scalar(fires.limit(1)) is not None:
        return
    quiet_since = session.scalar(last.order_by(Alert.resolved_at.desc()).limit(1))
    # An end that is yet to come was seen before the clock was set back.
    if quiet_since is None or quiet_since > now or quiet_since + desk.reopen_within <= now:
        resolve(session, desk, incident, now)


def resolve(session: Session, desk: Desk, incident: Incident, now: datetime) -> None:
    """It is over: paging stops, and those who were paged, and only they, are told once."""
    incident.state = after(incident.state, Event.RESOLVE)
    incident.generation += 1
    incident.resolved_at = now
    set_timer(session, incident, CLOSE, now + desk.reopen_within)
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
