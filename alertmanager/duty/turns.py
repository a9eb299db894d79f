"""Turns: what one person takes over and hands on, put together from the shifts of a roster. Pure.

Somebody on duty outside office hours has a shift every evening, but takes over once a week: a turn
lasts until another person answers by the same layer, or a change puts others in their place. Who
answers by a layer that is always theirs never takes over, and has no turn that begins.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from alertmanager.rosters import Person, RosterBook, Shift

BEGUN = timedelta(days=1)
"""How long a turn that began is of interest."""
_LOOKS_BACK = timedelta(days=40)
"""Longer than a layer rests between two shifts of one person: a bridge, a closed month."""
_LOOKS_AHEAD = timedelta(days=70)
"""Turns that are longer than what is left of it have no end to tell of."""


@dataclass(frozen=True)
class Turn:
    """`person` answers for `roster` from `start` on (aware, UTC), with pauses perhaps.

    `end` is None when it lies further ahead than was looked.
    """

    roster: str
    person: Person
    start: datetime
    end: datetime | None


def coming_turns(book: RosterBook, now: datetime, ahead: timedelta) -> list[Turn]:
    """The turns that begin after ``now - BEGUN`` and before ``now + ahead``, in order.

    Those of the rosters that are nobody's duty are left out.
    """
    start, last = now - _LOOKS_BACK, now + ahead
    end = last + _LOOKS_AHEAD
    found: list[Turn] = []
    for roster in book.roster_ids:
        if roster in book.limits.not_duty:
            continue
        for turn in _turns(roster, book.shifts(roster, start, end)):
            if now - BEGUN < turn.start < last:
                unended = turn.end is not None and turn.end >= end
                found.append(replace(turn, end=None) if unended else turn)
    return sorted(found, key=lambda turn: (turn.start, turn.roster, turn.person.id))


def _turns(roster: str, shifts: Iterable[Shift]) -> list[Turn]:
    """The turns of one roster, given its shifts in order."""
    found: list[Turn] = []
    open_: dict[tuple[str, str], Turn] = {}
    for shift in shifts:
        answering = {person.id for person in shift.people}
        changed = shift.layer.startswith("change:")
        for layer, name in list(open_):
            # A change stands in for whatever the layers say; a layer only for itself.
            if name not in answering and (changed or layer == shift.layer):
                found.append(open_.pop((layer, name)))
        for person in shift.people:
            key = (shift.layer, person.id)
            begun = open_.get(key)
            start = shift.start if begun is None else begun.start
            open_[key] = Turn(roster, person, start, shift.end)
    return [*found, *open_.values()]
