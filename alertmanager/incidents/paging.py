"""Who is paged, step after step, until somebody answers."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from sqlalchemy import select
from sqlalchemy.orm import Session

from alertmanager.delivery.dispatch import send_by_next, send_page
from alertmanager.delivery.sms_text import clock, page_text
from alertmanager.incidents.desk import Desk, PersonOnDuty
from alertmanager.incidents.machine import Event, State, after
from alertmanager.incidents.policy import Policy
from alertmanager.incidents.urgency import Urgency, severity, urgency
from alertmanager.store.journal import write_line
from alertmanager.store.tables import Alert, Incident, Message, Page, Timer

ESCALATE, SUPPORT = "escalate", "support"
_LAST_RESORT_WHY = "liste de dernier recours : personne n'a répondu avant"


def start_paging(session: Session, desk: Desk, incident: Incident, now: datetime) -> None:
    """Page from the first step on; whoever had it before has it no more."""
    incident.acknowledged_at = incident.acknowledged_by = None
    _run(session, desk, incident, 0, now)


def page_at_support_hours(session: Session, desk: Desk, incident: Incident, now: datetime) -> None:
    """Page now if the office is open, else set a timer for its next opening."""
    if desk.rosters.support_hours_open(now):
        start_paging(session, desk, incident, now)
        return
    opening = desk.rosters.next_support_opening(now)
    if opening is None:  # an office that never opens must not swallow a warning
        start_paging(session, desk, incident, now)
        return
    _set_timer(session, incident, SUPPORT, opening)
    write_line(session, now, "page.deferred", incident.id, until=opening.isoformat())


def run_timer(session: Session, desk: Desk, timer: Timer, now: datetime) -> None:
    """Do what a due timer was set for, unless its generation has passed."""
    timer.done_at = now
    incident = session.get_one(Incident, timer.incident_id)
    if timer.generation != incident.generation:
        return
    if timer.kind == SUPPORT and incident.state == State.OPEN:
        if _worst(session, incident) > Urgency.NEVER:
            page_at_support_hours(session, desk, incident, now)
    elif timer.kind == ESCALATE and incident.state == State.PAGING:
        later = _can_wait(session, desk, incident, now)
        if later is None:
            _escalate(session, desk, incident, now, "sans réponse dans le délai")
        else:
            _set_timer(session, incident, ESCALATE, later)


def _worst(session: Session, incident: Incident) -> Urgency:
    """The urgency of what still fires."""
    firing = select(Alert.labels).where(Alert.incident_id == incident.id, Alert.status == "firing")
    return max((urgency(labels) for labels in session.scalars(firing)), default=Urgency.NEVER)


def _can_wait(session: Session, desk: Desk, incident: Incident, now: datetime) -> datetime | None:
    """Until when nobody else need be woken, now that the worst is over; None: page now."""
    left = _worst(session, incident)
    if left == Urgency.NEVER:
        return now + Policy.from_json(incident.policy).repeat
    if left == Urgency.SUPPORT_HOURS and not desk.rosters.support_hours_open(now):
        return desk.rosters.next_support_opening(now)
    return None


def message_ended(session: Session, desk: Desk, message: Message, now: datetime) -> None:
    """A page's message failed or was not confirmed: the next channel, else the next step."""
    page, incident = message.page, message.incident
    if page is None or incident is None or incident.state != State.PAGING:
        return
    if send_by_next(session, desk.channels, page, message.text, now, after=message.channel):
        return
    if page.generation != incident.generation or page.step != incident.step:
        return
    if any(_may_arrive(other) for other in _messages(session, incident)):
        return
    last = incident.step >= len(Policy.from_json(incident.policy).steps)
    if not last and _can_wait(session, desk, incident, now) is None:
        _escalate(session, desk, incident, now, "SMS non remis")


def _messages(session: Session, incident: Incident) -> Sequence[Message]:
    """The messages of the step that is running."""
    return session.scalars(
        select(Message)
        .join(Page, Message.page_id == Page.id)
        .where(Page.incident_id == incident.id, Page.generation == incident.generation)
    ).all()


def _may_arrive(message: Message) -> bool:
    return message.state not in ("failed", "unconfirmed", "cancelled")


def _escalate(session: Session, desk: Desk, incident: Incident, now: datetime, reason: str) -> None:
    steps = len(Policy.from_json(incident.policy).steps)
    step = incident.step + 1 if incident.step < steps else 0
    _note_escalated(session, incident, step, now, reason)
    _run(session, desk, incident, step, now)


def _note_escalated(
    session: Session, incident: Incident, step: int, now: datetime, reason: str
) -> None:
    """Journal that the step of the incident gives way to `step`."""
    write_line(
        session,
        now,
        "page.escalated",
        incident.id,
        from_step=incident.step,
        to_step=step,
        reason=reason,
    )


def _note_resolved(
    session: Session,
    incident: Incident,
    person: PersonOnDuty | None,
    now: datetime,
    *,
    roster: str | None,
    why: str,
) -> None:
    """Journal who answers at the step of the incident, or that nobody does, and why."""
    name = {} if person is None else {"name": person.name}
    write_line(
        session,
        now,
        "roster.resolved",
        incident.id,
        roster=roster,
        step=incident.step,
        person=person and person.id,
        **name,
        why=why,
    )


def _run(session: Session, desk: Desk, incident: Incident, step: int, now: datetime) -> None:
    incident.state = after(incident.state, Event.PAGE)
    incident.generation += 1
    policy = Policy.from_json(incident.policy)
    while step < len(policy.steps):
        rule = policy.steps[step]
        people, why = _on_duty(desk, rule.roster, now)
        incident.step = step
        for person in people or (None,):
            _note_resolved(session, incident, person, now, roster=rule.roster, why=why)
        if people:
            for person in people:
                _page(session, desk, incident, person, now, roster=rule.roster, why=why)
            _set_timer(session, incident, ESCALATE, now + rule.wait)
            return
        _note_escalated(session, incident, step + 1, now, "personne d'astreinte à cette étape")
        step += 1
    incident.step = step
    _last_resort(session, desk, incident, policy, now)


def _last_resort(
    session: Session, desk: Desk, incident: Incident, policy: Policy, now: datetime
) -> None:
    people = []
    for identifier in policy.last_resort:
        person = desk.person(identifier)
        gone = f"« {identifier} » n'est plus dans les tours d'astreinte"
        write_line(
            session,
            now,
            "roster.resolved",
            incident.id,
            roster=None,
            step=incident.step,
            person=person.id if person else None,
            name=person.name if person else None,
            why=_LAST_RESORT_WHY if person else gone,
        )
        if person is not None:
            people.append(person)
            _page(session, desk, incident, person, now, roster=None, why=_LAST_RESORT_WHY)
    if not people:
        write_line(
            session,
            now,
            "page.nobody",
            incident.id,
            reason="liste de dernier recours vide ; on recommence à la première étape",
        )
    _set_timer(session, incident, ESCALATE, now + policy.repeat)


def _on_duty(desk: Desk, roster: str, now: datetime) -> tuple[Sequence[PersonOnDuty], str]:
    if roster not in desk.rosters.roster_ids:
        # The policy was copied when the incident opened; the rosters were edited since.
        return (), f"le tour d'astreinte « {roster} » n'existe plus"
    duty = desk.rosters.on_duty(roster, now)
    return duty.people, duty.why


def _page(
    session: Session,
    desk: Desk,
    incident: Incident,
    person: PersonOnDuty,
    now: datetime,
    *,
    roster: str | None,
    why: str,
) -> None:
    page = Page(
        incident_id=incident.id,
        generation=incident.generation,
        step=incident.step,
        roster=roster,
        person=person.id,
        person_name=person.name,
        target=f"roster:{roster}" if roster else "last_resort",
        addresses=dict(person.addresses),
        why=why,
        created_at=now,
    )
    session.add(page)
    session.flush()
    write_line(
        session,
        now,
        "page.created",
        incident.id,
        page=page.id,
        person=person.id,
        name=person.name,
        step=incident.step,
    )
    send_page(session, desk.channels, page, current_text(session, desk, incident, now), now)


def current_text(session: Session, desk: Desk, incident: Incident, now: datetime) -> str:
    """The page of the incident as things stand."""
    # Of a thousand alerts only the worst is read whole.
    firing = session.execute(
        select(Alert.id, Alert.labels["severity"].as_string())
        .where(Alert.incident_id == incident.id, Alert.status == "firing")
        .order_by(Alert.starts_at, Alert.id)
    ).all()
    urgencies = {row.id: urgency({"severity": row[1] or ""}) for row in firing}
    worst = session.get_one(Alert, max(urgencies, key=lambda number: urgencies[number]))
    urgent = [found for found in urgencies.values() if found > Urgency.NEVER]
    others = max(0, len(urgent) - 1)
    return page_text(
        desk.subject(incident),
        severity(worst.labels),
        clock(min(worst.starts_at, now), now, desk.zone),
        worst.annotations.get("summary") or incident.title,
        worst.annotations.get("action", ""),
        others=others,
    )


def _set_timer(session: Session, incident: Incident, kind: str, due: datetime) -> None:
    session.add(
        Timer(
            incident_id=incident.id,
            kind=kind,
            generation=incident.generation,
            due_at=due,
        )
    )
