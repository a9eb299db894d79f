"""What a person's own page shows: their turns, the swaps that wait for them, and for others."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from sqlalchemy.orm import Session

from alertmanager.duty.swaps import open_swaps
from alertmanager.duty.turns import coming_turns
from alertmanager.rosters import Person, RosterBook
from alertmanager.rosters.cost import CostLine
from alertmanager.rosters.holes import Hole
from alertmanager.store.duty_tables import RosterSwap

AHEAD = timedelta(days=120)
_SOON, _MOST_HOLES = timedelta(days=60), 20


@dataclass(frozen=True)
class ShownTurn:
    """One of the person's turns; `number` is how the page's addresses name it."""

    number: str
    roster: str
    name: str
    start: datetime
    end: datetime | None
    begun: bool
    offered: bool


@dataclass(frozen=True)
class ShownSwap:
    """A swap, with names for people; `warnings` are what its taker was shown that costs."""

    id: str
    name: str
    start: datetime
    end: datetime
    offered_by: str
    offered_to: str
    taken_by: str
    note: str
    state: str
    warnings: Sequence[str] = ()


@dataclass(frozen=True)
class PersonView:
    """The whole page. For keepers: `to_decide`, what was taken and waits for them, and `holes`."""

    person: Person
    on_duty: Sequence[tuple[str, datetime | None]]
    turns: Sequence[ShownTurn]
    offers: Sequence[ShownSwap]
    mine: Sequence[ShownSwap]
    to_decide: Sequence[ShownSwap]
    others: Sequence[Person] = ()
    rosters: Sequence[tuple[str, str]] = ()
    turn: ShownTurn | None = None
    swap: ShownSwap | None = None
    cost: Sequence[CostLine] = field(default_factory=tuple)
    holes: Sequence[Hole] = ()


def view_of(
    session: Session,
    book: RosterBook,
    person: Person,
    now: datetime,
    holes: Sequence[Hole] = (),
) -> PersonView:
    """The page of that person at `now`; `holes` are those that are known, the first one first."""
    swaps = open_swaps(session, now)
    shown = {swap.id: shown_swap(book, swap) for swap in swaps}
    mine, offers, to_decide = [], [], []
    for swap in swaps:
        if person.id in (swap.offered_by, swap.taken_by):
            mine.append(shown[swap.id])
        elif swap.state == "taken" and person.id in book.keepers:
            to_decide.append(shown[swap.id])
        elif swap.state == "offered" and swap.offered_to in (None, person.id):
            offers.append(shown[swap.id])
    return PersonView(
        person=person,
        on_duty=[
            (book.roster_name(roster), duty.ends)
            for roster in book.roster_ids
            if roster not in book.limits.not_duty
            for duty in (book.on_duty(roster, now),)
            if person.id in {one.id for one in duty.people}
        ],
        turns=_turns(book, person, now, swaps),
        offers=offers,
        mine=mine,
        to_decide=to_decide,
        others=[one for one in book.persons if one.id != person.id],
        holes=_soon(holes, now) if person.id in book.keepers else (),
        rosters=[(roster, book.roster_name(roster)) for roster in book.roster_ids],
    )


def _soon(holes: Sequence[Hole], now: datetime) -> list[Hole]:
    """The first of each: somebody whom nothing proves reachable is so at every turn."""
    first: dict[tuple[str, str, str], Hole] = {}
    for hole in holes:
        if hole.start < now + _SOON:
            key = hole.roster, hole.kind, f"{hole.start}" if hole.kind == "gap" else hole.why
            first.setdefault(key, hole)
    return list(first.values())[:_MOST_HOLES]


def _turns(
    book: RosterBook, person: Person, now: datetime, swaps: Sequence[RosterSwap]
) -> list[ShownTurn]:
    found = []
    for turn in coming_turns(book, now, AHEAD):
        if turn.person.id != person.id or (turn.end is not None and turn.end <= now):
            continue
        offered = any(
            swap.roster == turn.roster
            and swap.offered_by == person.id
            and swap.starts_at < (turn.end or now + AHEAD)
            and turn.start < swap.ends_at
            for swap in swaps
        )
        number = f"{turn.roster}~{turn.start:%Y%m%dT%H%M}"
        name = book.roster_name(turn.roster)
        begun = turn.start <= now
        found.append(ShownTurn(number, turn.roster, name, turn.start, turn.end, begun, offered))
    return found


def shown_swap(book: RosterBook, swap: RosterSwap) -> ShownSwap:
    """The swap with names for people."""
    names = {person.id: person.name for person in book.persons}

    def name(identifier: str | None) -> str:
        return names.get(identifier, identifier) if identifier else ""

    roster = book.roster_name(swap.roster) if swap.roster in book.roster_ids else swap.roster
    lines = swap.cost.get("lines", [])
    return ShownSwap(
        swap.id,
        roster,
        swap.starts_at,
        swap.ends_at,
        name(swap.offered_by),
        name(swap.offered_to),
        name(swap.taken_by),
        swap.note,
        swap.state,
        [line["text"] for line in lines if line["warns"]],
    )
