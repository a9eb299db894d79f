"""Somebody puts an incident off until an instant."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy.orm import Session

from alertmanager.delivery.outbox import cancel_pending_pages
from alertmanager.incidents.machine import Event, after
from alertmanager.incidents.timers import SNOOZE_OVER, set_timer
from alertmanager.store.journal import write_line
from alertmanager.store.tables import Incident


def snooze(session: Session, incident: Incident, until: datetime, who: str, now: datetime) -> None:
    """Page nobody before `until`, unless something more urgent joins; then page again.

    `who` is the name of whoever decided it. Raise IllegalTransition if it is over, ValueError if
    `until` is not to come.
    """
    if until <= now:
        raise ValueError("fin de veille passée ; attendu : un instant à venir")
    incident.state = after(incident.state, Event.SNOOZE)
    incident.generation += 1
    incident.acknowledged_at = incident.acknowledged_by = incident.acknowledged_until = None
    incident.maintenance_id = None
    incident.snoozed_until, incident.snoozed_by = until, who
    cancel_pending_pages(session, incident.id)
    set_timer(session, incident, SNOOZE_OVER, until)
    write_line(session, now, "incident.snoozed", incident.id, name=who, until=until.isoformat())
