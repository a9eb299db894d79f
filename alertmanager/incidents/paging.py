"""Who is paged, step after step, until somebody answers."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta

from sqlalchemy import select
from sqlalchemy.orm import Session

from alertmanager.delivery.dispatch import send_by_next, send_page
from alertmanager.delivery.outbox import may_arrive
from alertmanager.incidents.desk import Desk, PersonOnDuty
from alertmanager.incidents.escalation_notes import nobody_at, note_escalated, note_resolved
from alertmanager.incidents.firing import worst
from alertmanager.incidents.machine import Event, State, after
from alertmanager.incidents.maintenance import covering
from alertmanager.incidents.policy import Policy
from alertmanager.incidents.targets import Target, everyone, last_resort, target_of
from alertmanager.incidents.timers import (
    ACKNOWLEDGE_EXPIRED,
    ESCALATE,
    MAINTENANCE_OVER,
    PAGE,
    SNOOZE_OVER,
    SUPPORT,
    set_timer,
)
from alertmanager.incidents.urgency import Urgency
from alertmanager.incidents.wording import current_text
from alertmanager.store.journal import write_line
from alertmanager.store.tables import Incident, Message, MessagePage, Page, Timer

LATE = timedelta(minutes=1)
"""A timer later than that was held up by a process that was dead: steps that ended since are
passed over, and only the one that would be running pages."""
_MOST_PASSED = 1000


def start_paging(
    session: Session, desk: Desk, incident: Incident, now: datetime, note: str = ""
) -> None:
    """Page from the first step on; whoever had it before has it no more.

    Nobody is paged for what announced work covers. `note` says in a word why it comes again.
    """
    if _suppressed(session, incident, now):
        return
    _forget(incident)
    if not note and incident.reopened:
        note = f"revient, {incident.reopened + 1}e fois"
    _run(session, desk, incident, 0, now, note=note)


def page_at_support_hours(
    session: Session, desk: Desk, incident: Incident, now: datetime, note: str = ""
) -> None:
    """Page now if the office is open, else set a timer for its next opening."""
    if _suppressed(session, incident, now):
        return
    opening = None if desk.rosters.support_hours_open(now) else _opening(desk, now)
    if opening is None:
        start_paging(session, desk, incident, now, note)
        return
    if incident.state != State.OPEN:
        incident.state = after(incident.state, Event.WAKE)
        incident.generation += 1
        _forget(incident)
    set_timer(session, incident, SUPPORT, opening)
    write_line(session, now, "page.deferred", incident.id, until=opening.isoformat())


def resume(session: Session, desk: Desk, incident: Incident, now: datetime, note: str) -> None:
    """What held the incident back has ended: page for what still fires of it."""
    left = worst(session, incident)
    if left == Urgency.NOW:
        start_paging(session, desk, incident, now, note)
    elif left == Urgency.SUPPORT_HOURS:
        page_at_support_hours(session, desk, incident, now, note)
    else:
        incident.state = after(incident.state, Event.WAKE)
        incident.generation += 1
        _forget(incident)


def suppress(session: Session, incident: Incident, now: datetime) -> bool:
    """Put the incident to sleep if announced work covers it; whether it does."""
    return _suppressed(session, incident, now)


def escalate(session: Session, desk: Desk, incident: Incident, now: datetime, reason: str) -> None:
    """Somebody asks for the next step at once, whoever has it. Raise IllegalTransition if over."""
    after(incident.state, Event.PAGE)
    if incident.state != State.PAGING:
        write_line(session, now, "page.asked", incident.id, reason=reason)
        start_paging(session, desk, incident, now, "relancé")
    else:
        _escalate(session, desk, incident, now, reason=reason, due=now)


def run_timer(session: Session, desk: Desk, timer: Timer, now: datetime) -> None:
    """Do what a due timer was set for, unless its generation has passed."""
    timer.done_at = now
    incident = session.get_one(Incident, timer.incident_id)
    if timer.generation != incident.generation:
        return
    if timer.kind == PAGE:
        _page_what_fires(session, desk, incident, now, since=timer.due_at)
    elif timer.kind == SUPPORT and incident.state in (State.OPEN, State.SUPPRESSED):
        if worst(session, incident) > Urgency.NEVER:
            page_at_support_hours(session, desk, incident, now)
    elif timer.kind == ESCALATE and incident.state == State.PAGING:
        later = _can_wait(session, desk, incident, now)
        if later is not None:
            set_timer(session, incident, ESCALATE, later)
        elif not _suppressed(session, incident, now):
            _escalate(
                session, desk, incident, now, reason="sans réponse dans le délai", due=timer.due_at
            )
    else:
        _hold_ends(session, desk, incident, timer.kind, now)


def _hold_ends(session: Session, desk: Desk, incident: Incident, kind: str, now: datetime) -> None:
    """What held the incident back for a while is over."""
    if kind == ACKNOWLEDGE_EXPIRED and incident.state == State.ACKNOWLEDGED:
        write_line(
            session, now, "acknowledgement.expired", incident.id, name=incident.acknowledged_by
        )
        resume(session, desk, incident, now, "toujours en cours")
    elif kind == SNOOZE_OVER and incident.state == State.SNOOZED:
        write_line(session, now, "snooze.over", incident.id, name=incident.snoozed_by)
        resume(session, desk, incident, now, "fin de veille")
    elif kind == MAINTENANCE_OVER and incident.state == State.SUPPRESSED:
        resume(session, desk, incident, now, "après maintenance")


def _page_what_fires(
    session: Session, desk: Desk, incident: Incident, now: datetime, *, since: datetime
) -> None:
    """Something urgent came at `since` or later; what is over by now wakes nobody."""
    # Where somebody has it, or knows of it, what they know does not count.
    left = worst(session, incident, since=None if incident.state == State.OPEN else since)
    if left == Urgency.NOW:
        start_paging(session, desk, incident, now)
    elif left == Urgency.SUPPORT_HOURS and incident.state == State.OPEN:
        page_at_support_hours(session, desk, incident, now)


def _forget(incident: Incident) -> None:
    """Nobody has it, nothing holds it back."""
    incident.acknowledged_at = incident.acknowledged_by = incident.acknowledged_until = None
    incident.snoozed_until = incident.snoozed_by = None
    incident.maintenance_id = None


def _suppressed(session: Session, incident: Incident, now: datetime) -> bool:
    work = covering(session, incident, now)
    if work is None:
        return False
    incident.state = after(incident.state, Event.SUPPRESS)
    incident.generation += 1
    _forget(incident)
    incident.maintenance_id = work.id
    set_timer(session, incident, MAINTENANCE_OVER, work.ends_at)
    write_line(
        session,
        now,
        "incident.suppressed",
        incident.id,
        maintenance=work.id,
        title=work.title,
        until=work.ends_at.isoformat(),
    )
    return True


def _opening(desk: Desk, now: datetime) -> datetime | None:
    # An office that never opens must not swallow a warning: None pages now.
    return desk.rosters.next_support_opening(now)


def _can_wait(session: Session, desk: Desk, incident: Incident, now: datetime) -> datetime | None:
    """Until when nobody else need be woken, now that the worst is over; None: page now."""
    left = worst(session, incident)
    if left == Urgency.NEVER:
        return now + Policy.from_json(incident.policy).repeat
    if left == Urgency.SUPPORT_HOURS and not desk.rosters.support_hours_open(now):
        return desk.rosters.next_support_opening(now)
    return None


def message_ended(session: Session, desk: Desk, message: Message, now: datetime) -> None:
    """A message failed or was not confirmed: for each page it carries the next channel or step."""
    pages = session.scalars(
        select(Page)
        .join(MessagePage, MessagePage.page_id == Page.id)
        .where(MessagePage.message_id == message.id)
        .order_by(Page.id)
    ).all()
    for page in pages:
        _page_ended(session, desk, page, message, now)


def _page_ended(session: Session, desk: Desk, page: Page, message: Message, now: datetime) -> None:
    incident = page.incident
    if message.kind not in ("page", "digest") or incident.state != State.PAGING:
        return
    text = message.text
    if message.kind == "digest":
        text = current_text(session, desk, incident, now)
    if send_by_next(session, desk.channels, page, text, now, after=message.channel):
        return
    if page.generation != incident.generation or page.step != incident.step:
        return
    if any(may_arrive(other) for other in _messages(session, incident)):
        return
    last = incident.step >= len(Policy.from_json(incident.policy).steps)
    if not last and _can_wait(session, desk, incident, now) is None:
        _escalate(session, desk, incident, now, reason="message non remis", due=now)


def _messages(session: Session, incident: Incident) -> Sequence[Message]:
    """The messages of the step that is running."""
    return session.scalars(
        select(Message)
        .join(MessagePage, MessagePage.message_id == Message.id)
        .join(Page, MessagePage.page_id == Page.id)
        .where(Page.incident_id == incident.id, Page.generation == incident.generation)
    ).all()


def _after_step(policy: Policy, step: int) -> int:
    """The steps, the last resort, everyone, and the first again."""
    return step + 1 if step <= len(policy.steps) else 0


def _wait(policy: Policy, step: int) -> timedelta:
    """How long that step waits for an answer."""
    if step < len(policy.steps):
        return policy.steps[step].wait
    return policy.repeat


def _escalate(
    session: Session, desk: Desk, incident: Incident, now: datetime, *, reason: str, due: datetime
) -> None:
    policy = Policy.from_json(incident.policy)
    step = _after_step(policy, incident.step)
    note_escalated(session, incident, step, now, reason)
    if now - due > LATE:
        step = _pass_over(session, incident, policy, (step, due), now)
    _run(session, desk, incident, step, now)


def _pass_over(
    session: Session, incident: Incident, policy: Policy, at: tuple[int, datetime], now: datetime
) -> int:
    """The step that would be running by now, those before it being passed over."""
    step, due = at
    for _ in range(_MOST_PASSED):
        due += _wait(policy, step)
        if due > now:
            break
        incident.step, step = step, _after_step(policy, step)
        note_escalated(session, incident, step, now, "étape échue pendant l'arrêt de Vigie")
    return step


def _run(
    session: Session, desk: Desk, incident: Incident, step: int, now: datetime, *, note: str = ""
) -> None:
    """Page the first step, from `step` on, that has anybody who can be reached."""
    incident.state = after(incident.state, Event.PAGE)
    incident.generation += 1
    policy = Policy.from_json(incident.policy)
    for _ in range(len(policy.steps) + 2):
        incident.step = step
        if _page_step(session, desk, incident, policy, now, note=note):
            set_timer(session, incident, ESCALATE, now + _wait(policy, step))
            return
        following = _after_step(policy, step)
        if following == 0:
            break
        note_escalated(session, incident, following, now, nobody_at(policy, step))
        step = following
    write_line(
        session,
        now,
        "page.nobody",
        incident.id,
        reason="ni étape, ni dernier recours, ni équipe : personne à prévenir ; on recommencera",
    )
    set_timer(session, incident, ESCALATE, now + policy.repeat)


def _page_step(
    session: Session,
    desk: Desk,
    incident: Incident,
    policy: Policy,
    now: datetime,
    *,
    note: str,
) -> bool:
    """Page everyone of the incident's step; whether a message is on its way to anybody."""
    step = incident.step
    if step < len(policy.steps):
        targets = [target_of(desk, policy.steps[step], now)]
    elif step == len(policy.steps):
        targets = last_resort(desk, policy)
    else:
        targets = [everyone(desk)]
    reached = False
    seen: set[str] = set()
    for target in targets:
        for person in target.people or (None,):
            note_resolved(session, incident, person, now, target)
            if person is not None and person.id not in seen:
                seen.add(person.id)
                reached |= _page(session, desk, incident, person, now, target=target, note=note)
    return reached


def _page(
    session: Session,
    desk: Desk,
    incident: Incident,
    person: PersonOnDuty,
    now: datetime,
    *,
    target: Target,
    note: str,
) -> bool:
    page = Page(
        incident_id=incident.id,
        generation=incident.generation,
        step=incident.step,
        roster=target.roster,
        person=person.id,
        person_name=person.name,
        target=target.name,
        addresses=dict(person.addresses),
        why=target.why,
        note=note,
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
    text = current_text(session, desk, incident, now, note=note)
    return send_page(session, desk.channels, page, text, now)
