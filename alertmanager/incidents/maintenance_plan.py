"""Work is announced, or called off: what that does to the incidents it covers."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime

from sqlalchemy import select
from sqlalchemy.orm import Session

from alertmanager.delivery.outbox import cancel_pending_pages
from alertmanager.incidents.desk import Desk
from alertmanager.incidents.machine import State
from alertmanager.incidents.maintenance import covering
from alertmanager.incidents.paging import resume, suppress
from alertmanager.store.journal import write_line
from alertmanager.store.tables import Incident, Maintenance


def announce(
    session: Session,
    title: str,
    labels: Mapping[str, str],
    span: tuple[datetime, datetime],
    *,
    who: str,
    now: datetime,
) -> Maintenance:
    """Announce work over ``span[0] <= t < span[1]`` on what has all these labels.

    Incidents that page for it, if it goes on already, page no more. Raise ValueError if there is
    no label, or no time left.
    """
    starts, ends = span
    if not labels or not all(name and value for name, value in labels.items()):
        raise ValueError(
            "maintenance sans objet ; attendu : au moins un label, ex. member: valmont"
        )
    if ends <= starts or ends <= now:
        raise ValueError("maintenance déjà finie ; attendu : une fin après le début, et à venir")
    work = Maintenance(
        title=title,
        labels=dict(labels),
        starts_at=starts,
        ends_at=ends,
        created_at=now,
        created_by=who,
    )
    session.add(work)
    session.flush()
    write_line(
        session,
        now,
        "maintenance.announced",
        maintenance=work.id,
        title=title,
        labels=dict(labels),
        starts=starts.isoformat(),
        ends=ends.isoformat(),
        by=who,
    )
    waiting = select(Incident).where(Incident.state.in_((State.OPEN, State.PAGING)))
    for incident in session.scalars(waiting.order_by(Incident.id)):
        if suppress(session, incident, now):
            cancel_pending_pages(session, incident.id)
    return work


def call_off(session: Session, desk: Desk, work: Maintenance, who: str, now: datetime) -> None:
    """End the work now: what it covered pages if it still fires. Twice is once.

    Other work may cover it; and what slept for other work may have alerts that this one covered.
    """
    if work.cancelled_at is not None:
        return
    work.cancelled_at = now
    session.flush()
    write_line(session, now, "maintenance.cancelled", maintenance=work.id, by=who)
    asleep = select(Incident).where(Incident.state == State.SUPPRESSED)
    for incident in session.scalars(asleep.order_by(Incident.id)).all():
        if incident.maintenance_id == work.id or covering(session, incident, now) is None:
            resume(session, desk, incident, now, "maintenance annulée")
