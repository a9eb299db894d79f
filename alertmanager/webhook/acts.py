"""What each order of an operator does to an incident, inside one transaction."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from http import HTTPStatus

from sqlalchemy import select
from sqlalchemy.orm import Session

from alertmanager.delivery.channels import usable
from alertmanager.incidents.closing import Paged, acknowledge, paged, resolve
from alertmanager.incidents.desk import Desk, PersonOnDuty
from alertmanager.incidents.machine import Event, after
from alertmanager.incidents.paging import escalate
from alertmanager.incidents.snooze import snooze
from alertmanager.store.journal import write_line
from alertmanager.store.tables import Alert, Incident
from alertmanager.webhook.orders import (
    AcknowledgeOrder,
    EscalateOrder,
    NoteOrder,
    ResolveOrder,
    SnoozeOrder,
)
from alertmanager.webhook.problems import Problem

Act = Callable[[Session, Incident, PersonOnDuty, datetime], None]
"""May raise IllegalTransition where the incident's state forbids it, or Problem."""
_LONGEST = timedelta(days=7)


def take(desk: Desk, _order: AcknowledgeOrder) -> Act:
    """They have it, and are told so where they were paged, or can be reached."""

    def act(session: Session, incident: Incident, who: PersonOnDuty, now: datetime) -> None:
        known = _known(session, desk, incident, who)
        acknowledge(session, desk, incident, known, now, quiet=not known.address, by="api")

    return act


def put_off(order: SnoozeOrder) -> Act:
    """Nobody is paged for it before an instant within seven days."""

    def act(session: Session, incident: Incident, who: PersonOnDuty, now: datetime) -> None:
        until = _instant(order, now)
        if not now < until <= now + _LONGEST:
            raise Problem(
                HTTPStatus.UNPROCESSABLE_ENTITY,
                "until : hors limites ; attendu : un instant à venir, dans les 7 jours",
            )
        snooze(session, incident, until, who.name, now)

    return act


def end(desk: Desk, order: ResolveOrder) -> Act:
    """What still fires is over too: when Alertmanager repeats it, that is a new episode."""

    def act(session: Session, incident: Incident, who: PersonOnDuty, now: datetime) -> None:
        after(incident.state, Event.RESOLVE)
        firing = select(Alert).where(Alert.incident_id == incident.id, Alert.status == "firing")
        rows = session.scalars(firing).all()
        for alert in rows:
            alert.status = "resolved"
            alert.resolved_at = now
        write_line(
            session,
            now,
            "incident.ended_by_hand",
            incident.id,
            person=who.id,
            name=who.name,
            text=order.reason,
            firing=[alert.fingerprint for alert in rows],
        )
        session.flush()
        resolve(session, desk, incident, now)

    return act


def go_on(desk: Desk, order: EscalateOrder) -> Act:
    """The next step at once, whoever has it."""

    def act(session: Session, incident: Incident, who: PersonOnDuty, now: datetime) -> None:
        escalate(session, desk, incident, now, f"demandé par {who.name} : {order.reason}")

    return act


def note(order: NoteOrder) -> Act:
    """A line of the journal, whatever the state."""

    def act(session: Session, incident: Incident, who: PersonOnDuty, now: datetime) -> None:
        facts = {"person": who.id, "name": who.name, "text": order.text}
        write_line(session, now, "incident.note", incident.id, **facts)

    return act


def _instant(order: SnoozeOrder, now: datetime) -> datetime:
    if order.until is None:
        return now + timedelta(minutes=order.minutes or 0)
    try:
        return order.until.astimezone(UTC)
    except OverflowError:  # at the edge of what datetimes can hold
        return datetime.max.replace(tzinfo=UTC)


def _known(session: Session, desk: Desk, incident: Incident, who: PersonOnDuty) -> Paged:
    """As they were paged, else by the first channel that reaches them."""
    for reached in paged(session, incident):
        if reached.person == who.id:
            return reached
    channels = usable(desk.channels, who.addresses)
    if not channels:
        return Paged(who.id, who.name, "", "")
    return Paged(who.id, who.name, who.addresses[channels[0].reaches], channels[0].id)
