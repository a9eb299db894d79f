"""A turn that changes hands: offered, taken by somebody, approved by whoever keeps the rosters.

Both consents are kept with what it was said to cost, and told in the journal. Until it is approved
nothing changes: a swap that nobody decided in time leaves the duty where it was. Where the rosters
have no keeper, two consents are enough.
"""

from __future__ import annotations

import uuid
from collections.abc import Mapping
from datetime import datetime
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from alertmanager.duty.errors import DutyNotFound, DutyRefused
from alertmanager.duty.planning import enter_change
from alertmanager.rosters import RosterBook
from alertmanager.store.duty_tables import RosterSwap
from alertmanager.store.journal import write_line

OPEN = ("offered", "taken")


def open_swaps(session: Session, now: datetime) -> list[RosterSwap]:
    """Those that somebody may still take or decide, the first turn first."""
    return list(
        session.scalars(
            select(RosterSwap)
            .where(RosterSwap.state.in_(OPEN), RosterSwap.starts_at > now)
            .order_by(RosterSwap.starts_at, RosterSwap.id)
        )
    )


def offer(
    session: Session,
    book: RosterBook,
    roster: str,
    span: tuple[datetime, datetime],
    person: str,
    *,
    now: datetime,
    to: str | None = None,
    note: str = "",
) -> RosterSwap:
    """`person` offers what they have of the span, to one person or to all. Raise DutyRefused.

    It is cut to what is theirs; what was offered already is not offered twice.
    """
    start, end = span
    if to == person:
        raise DutyRefused("un tour ne s'offre pas à soi-même")
    if to is not None and to not in {known.id for known in book.persons}:
        raise DutyRefused(f"personne « {to} » inconnue ; attendu : quelqu'un de rosters.yml")
    start, end, held = _held(book, roster, (start, end), person)
    if start <= now:
        raise DutyRefused(
            "ce tour a commencé ; attendu : un tour à venir, ou un remplacement par un responsable"
        )
    for other in open_swaps(session, now):
        same = other.roster == roster and other.offered_by == person
        if same and other.starts_at < end and start < other.ends_at:
            raise DutyRefused("une partie de ce tour est déjà offerte ; attendu : la retirer avant")
    swap = RosterSwap(
        id=uuid.uuid4().hex,
        roster=roster,
        starts_at=start,
        ends_at=end,
        offered_by=person,
        offered_to=to,
        note=note,
        held_seconds=held,
        state="offered",
        created_at=now,
        cost={},
    )
    session.add(swap)
    session.flush()
    _journal(session, swap, now, "swap.offered", by=person, to=to)
    return swap


def take(
    session: Session,
    book: RosterBook,
    identifier: str,
    person: str,
    *,
    now: datetime,
    cost: Mapping[str, Any],
) -> RosterSwap:
    """`person` agrees to it, having seen that `cost`. Raise DutyNotFound or DutyRefused."""
    swap = _found(session, identifier, now)
    if swap.state == "taken" and swap.taken_by == person:
        return swap
    if swap.state != "offered":
        raise DutyRefused("ce tour n'est plus à prendre")
    if person == swap.offered_by:
        raise DutyRefused("c'est votre tour ; attendu : quelqu'un d'autre, ou le retirer")
    if swap.offered_to is not None and swap.offered_to != person:
        raise DutyRefused("ce tour est proposé à quelqu'un d'autre")
    if person not in {known.id for known in book.persons}:
        raise DutyRefused(f"personne « {person} » inconnue ; attendu : quelqu'un de rosters.yml")
    _check_unchanged(book, swap)
    _check_not_there(book, swap, person)
    swap.state, swap.taken_by, swap.taken_at, swap.cost = "taken", person, now, dict(cost)
    _journal(session, swap, now, "swap.taken", by=person, cost=dict(cost))
    if not book.keepers:
        _apply(session, book, swap, person, now=now)
    return swap


def approve(
    session: Session, book: RosterBook, identifier: str, person: str, now: datetime
) -> RosterSwap:
    """A keeper of the rosters agrees: the duty changes hands. Raise DutyNotFound or DutyRefused."""
    swap = _found(session, identifier, now)
    if swap.state == "approved":
        return swap
    if swap.state not in OPEN:
        raise DutyRefused("cet échange est déjà décidé")
    if swap.state != "taken":
        raise DutyRefused("personne n'a encore pris ce tour ; attendu : un tour pris")
    _check_keeper(book, swap, person)
    _check_unchanged(book, swap)
    _apply(session, book, swap, person, now=now)
    return swap


def refuse(
    session: Session, book: RosterBook, identifier: str, person: str, now: datetime
) -> RosterSwap:
    """A keeper of the rosters says no. Raise DutyNotFound or DutyRefused."""
    swap = _found(session, identifier, now)
    if swap.state not in OPEN:
        raise DutyRefused("cet échange est déjà décidé")
    _check_keeper(book, swap, person)
    swap.state, swap.decided_by, swap.decided_at = "refused", person, now
    _journal(session, swap, now, "swap.refused", by=person)
    return swap


def withdraw(session: Session, identifier: str, person: str, now: datetime) -> RosterSwap:
    """Whoever offered it keeps it, or whoever took it takes their word back: it is offered again.

    Raise DutyNotFound or DutyRefused.
    """
    swap = _found(session, identifier, now)
    if swap.state not in OPEN:
        raise DutyRefused("cet échange est déjà décidé")
    if person == swap.offered_by:
        swap.state = "withdrawn"
    elif person == swap.taken_by:
        swap.state, swap.taken_by, swap.taken_at, swap.cost = "offered", None, None, {}
    else:
        raise DutyRefused("cet échange est à d'autres")
    _journal(session, swap, now, "swap.withdrawn", by=person)
    return swap


def _found(session: Session, identifier: str, now: datetime) -> RosterSwap:
    swap = session.get(RosterSwap, identifier)
    if swap is None:
        raise DutyNotFound("aucun échange de ce numéro")
    if swap.state in OPEN and swap.starts_at <= now:
        raise DutyRefused("ce tour a commencé ; attendu : un remplacement, par le responsable")
    return swap


def _held(
    book: RosterBook, roster: str, span: tuple[datetime, datetime], person: str
) -> tuple[datetime, datetime, int]:
    """(start, end) of what `person` has of the span, and how many seconds. Raise DutyRefused."""
    if roster not in book.roster_ids:
        known = ", ".join(book.roster_ids)
        raise DutyRefused(f"tour d'astreinte « {roster} » inconnu ; attendu : l'un de {known}")
    theirs = [
        shift
        for shift in book.shifts(roster, *span)
        if person in {known.id for known in shift.people}
    ]
    if not theirs:
        raise DutyRefused("cette personne n'est pas d'astreinte pendant cette période")
    held = sum((shift.end - shift.start).total_seconds() for shift in theirs)
    return theirs[0].start, theirs[-1].end, round(held)


def _check_unchanged(book: RosterBook, swap: RosterSwap) -> None:
    """Raise DutyRefused if the turn is not what was offered any more."""
    try:
        held = _held(book, swap.roster, (swap.starts_at, swap.ends_at), swap.offered_by)
    except DutyRefused:
        held = None
    if held != (swap.starts_at, swap.ends_at, swap.held_seconds):
        raise DutyRefused(
            "ce tour a changé depuis qu'il est proposé ; attendu : le proposer à neuf"
        )


def _check_not_there(book: RosterBook, swap: RosterSwap, person: str) -> None:
    """Raise DutyRefused if they answer there already: two would become one."""
    for shift in book.shifts(swap.roster, swap.starts_at, swap.ends_at):
        if person in {known.id for known in shift.people}:
            raise DutyRefused("vous y êtes déjà d'astreinte ; attendu : quelqu'un d'autre")


def _check_keeper(book: RosterBook, swap: RosterSwap, person: str) -> None:
    if person in (swap.offered_by, swap.taken_by):
        raise DutyRefused("un échange est décidé par un tiers ; attendu : un responsable")
    if book.keepers and person not in book.keepers:
        names = ", ".join(book.person(keeper).name for keeper in book.keepers)
        raise DutyRefused(f"un responsable des tours décide des échanges ; attendu : {names}")


def _apply(
    session: Session, book: RosterBook, swap: RosterSwap, person: str, *, now: datetime
) -> None:
    if swap.taken_by is None:
        raise DutyRefused("personne n'a encore pris ce tour ; attendu : un tour pris")
    change = enter_change(
        session,
        book,
        swap.roster,
        (swap.starts_at, swap.ends_at),
        (swap.taken_by,),
        who=book.person(person).name,
        now=now,
        kind="swap",
        instead_of=swap.offered_by,
        reason=swap.note,
    )
    swap.state, swap.decided_by, swap.decided_at = "approved", person, now
    swap.change_id = change.id
    _journal(session, swap, now, "swap.approved", by=person, change=change.id)


def _journal(session: Session, swap: RosterSwap, now: datetime, event: str, **detail: Any) -> None:
    write_line(
        session,
        now,
        event,
        swap=swap.id,
        roster=swap.roster,
        starts=swap.starts_at.isoformat(),
        ends=swap.ends_at.isoformat(),
        **detail,
    )
