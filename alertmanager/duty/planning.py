"""Overrides, temporary schedules and leave: entered and called off, in the caller's transaction.

Nothing is ever deleted: the journal and the duty statement need what was in force, and since when.
"""

from __future__ import annotations

import uuid
from collections.abc import Sequence
from datetime import datetime, timedelta

from sqlalchemy import select
from sqlalchemy.orm import Session

from alertmanager.duty.errors import DutyNotFound, DutyRefused
from alertmanager.rosters import RosterBook
from alertmanager.rosters.changes import ChangeKind, Leave
from alertmanager.store.duty_tables import RosterChange, RosterLeave
from alertmanager.store.journal import write_line

LONGEST = timedelta(days=400)
"""Of one change or leave: what is longer belongs in the file, or is a slip of the pen."""


def enter_change(
    session: Session,
    book: RosterBook,
    roster: str,
    span: tuple[datetime, datetime],
    people: Sequence[str],
    *,
    who: str,
    now: datetime,
    kind: ChangeKind = "override",
    instead_of: str | None = None,
    reason: str = "",
) -> RosterChange:
    """`people` answer for `roster` over ``span[0] <= t < span[1]``. Raise DutyRefused."""
    _check_span(span, now)
    if roster not in book.roster_ids:
        known = ", ".join(book.roster_ids)
        raise DutyRefused(f"tour d'astreinte « {roster} » inconnu ; attendu : l'un de {known}")
    if not people:
        raise DutyRefused("personne pour répondre ; attendu : au moins une personne")
    for person in (*people, *((instead_of,) if instead_of else ())):
        _check_person(book, person)
    change = RosterChange(
        id=uuid.uuid4().hex,
        roster=roster,
        starts_at=span[0],
        ends_at=span[1],
        people=list(dict.fromkeys(people)),
        kind=kind,
        instead_of=instead_of,
        reason=reason,
        created_at=now,
        created_by=who,
    )
    session.add(change)
    session.flush()
    write_line(
        session,
        now,
        "roster.changed",
        change=change.id,
        roster=roster,
        starts=span[0].isoformat(),
        ends=span[1].isoformat(),
        people=change.people,
        instead_of=instead_of,
        kind=kind,
        reason=reason,
        by=who,
    )
    return change


def cancel_change(session: Session, identifier: str, *, who: str, now: datetime) -> RosterChange:
    """Call a change off: what the file says, or an earlier change, holds again. Twice is once.

    One that has begun ends now: what it did stays done. Raise DutyNotFound, or DutyRefused if it
    is over.
    """
    change = session.get(RosterChange, identifier)
    if change is None:
        raise DutyNotFound("aucun remplacement de ce numéro")
    if change.cancelled_at is not None:
        return change
    if change.ends_at <= now:
        raise DutyRefused("ce remplacement est passé : il a eu lieu, il ne s'annule plus")
    if change.starts_at < now:
        change.ends_at = now
    else:
        change.cancelled_at, change.cancelled_by = now, who
    write_line(
        session, now, "roster.change_cancelled", change=change.id, roster=change.roster, by=who
    )
    return change


def enter_leave(
    session: Session,
    book: RosterBook,
    person: str,
    span: tuple[datetime, datetime],
    *,
    who: str,
    now: datetime,
    note: str = "",
) -> RosterLeave:
    """`person` is away over ``span[0] <= t < span[1]``. Raise DutyRefused."""
    _check_span(span, now)
    _check_person(book, person)
    leave = RosterLeave(
        id=uuid.uuid4().hex,
        person=person,
        starts_at=span[0],
        ends_at=span[1],
        source="manual",
        note=note,
        created_at=now,
        created_by=who,
    )
    session.add(leave)
    session.flush()
    _journal_leave(session, leave, now)
    return leave


def cancel_leave(session: Session, identifier: str, *, who: str, now: datetime) -> RosterLeave:
    """Call a leave off, or what is left of it. Twice is once. Raise DutyNotFound."""
    leave = session.get(RosterLeave, identifier)
    if leave is None:
        raise DutyNotFound("aucun congé de ce numéro")
    if leave.cancelled_at is None and leave.ends_at > now:
        if leave.starts_at < now:
            leave.ends_at = now
        else:
            leave.cancelled_at = now
        write_line(
            session, now, "roster.leave_cancelled", leave=leave.id, person=leave.person, by=who
        )
    return leave


def replace_calendar(
    session: Session,
    person: str,
    source: str,
    read: Sequence[Leave],
    *,
    who: str,
    now: datetime,
) -> tuple[int, int]:
    """Take what a person's calendar says instead of what it said before: (new ones, gone ones).

    Leaves of other sources stay. The same calendar again changes nothing.
    """
    known = {
        (leave.starts_at, leave.ends_at, leave.note): leave
        for leave in session.scalars(
            select(RosterLeave).where(
                RosterLeave.person == person,
                RosterLeave.source == source,
                RosterLeave.cancelled_at.is_(None),
            )
        )
    }
    wanted = {(leave.start, leave.end, leave.note): leave for leave in read}
    new = [leave for key, leave in wanted.items() if key not in known]
    gone = [leave for key, leave in known.items() if key not in wanted and leave.ends_at > now]
    for leave in gone:
        cancel_leave(session, leave.id, who=who, now=now)
    for one in new:
        row = RosterLeave(
            id=uuid.uuid4().hex,
            person=person,
            starts_at=one.start,
            ends_at=one.end,
            source=source,
            note=one.note,
            created_at=now,
            created_by=who,
        )
        session.add(row)
        session.flush()
        _journal_leave(session, row, now)
    return len(new), len(gone)


def _journal_leave(session: Session, leave: RosterLeave, now: datetime) -> None:
    write_line(
        session,
        now,
        "roster.leave",
        leave=leave.id,
        person=leave.person,
        starts=leave.starts_at.isoformat(),
        ends=leave.ends_at.isoformat(),
        source=leave.source,
        by=leave.created_by,
    )


def _check_span(span: tuple[datetime, datetime], now: datetime) -> None:
    starts, ends = span
    if ends <= starts:
        raise DutyRefused("la période est vide ; attendu : une fin après le début")
    if ends <= now:
        raise DutyRefused("la période est passée ; attendu : une fin à venir")
    if ends - starts > LONGEST:
        raise DutyRefused("la période dépasse 400 jours ; attendu : plus court, ou rosters.yml")


def _check_person(book: RosterBook, person: str) -> None:
    if person not in {known.id for known in book.persons}:
        raise DutyRefused(f"personne « {person} » inconnue ; attendu : quelqu'un de rosters.yml")
