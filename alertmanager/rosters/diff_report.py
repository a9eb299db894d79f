"""A diff as it is said to people, programs and the journal: the shapes of `vigie roster diff`."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime
from itertools import groupby
from typing import Annotated

from pydantic import AwareDatetime, BaseModel, Field

from alertmanager.rosters.book import RosterBook
from alertmanager.rosters.cost import CLEAR_DAYS, clear_days
from alertmanager.rosters.diff import (
    LOOK_AHEAD,
    ChangedTurn,
    Move,
    changed_turns,
    differences,
    moves,
)
from alertmanager.rosters.diff_contacts import ContactKind, contact_changes, office_change
from alertmanager.rosters.duty import Person


class Named(BaseModel):
    """A person, or a roster."""

    id: str
    name: str


class TurnView(BaseModel):
    """A turn of a roster; `hours`: on duty in it. `clear_days`: from now, neither end counted."""

    roster: Named
    starts_at: AwareDatetime
    ends_at: AwareDatetime
    hours: float
    clear_days: int


class ChangeView(TurnView):
    """A turn whose people change."""

    before: list[Named]
    after: list[Named]


class PersonMoves(Named):
    """What one person gains and loses; `late` are gained with under `CLEAR_DAYS` of notice."""

    gains: list[TurnView]
    losses: list[TurnView]
    late: int


class ContactView(Named):
    """How somebody is reached changes; the number or address itself is not shown."""

    what: ContactKind


class RosterDiff(BaseModel):
    """What changes from `starts_at`, which is now, to `ends_at`. `soon`: before `CLEAR_DAYS`."""

    starts_at: AwareDatetime
    ends_at: AwareDatetime
    timezone: str
    changes: list[ChangeView]
    people: list[PersonMoves]
    contacts: list[ContactView]
    office_changes_at: AwareDatetime | None
    notice_clear_days: Annotated[int, Field(description="under which a duty is told late")]
    soon: bool

    @property
    def empty(self) -> bool:
        """Whether nothing that Vigie uses changes, on duty or beside."""
        return not (self.changes or self.contacts or self.office_changes_at)


def roster_diff(old: RosterBook, new: RosterBook, now: datetime) -> RosterDiff:
    """What would change over the coming 400 days if `new` took the place of `old` now."""
    end = now + LOOK_AHEAD
    found = differences(old, new, now, end)
    names = {roster: old.roster_name(roster) for roster in old.roster_ids}
    names |= {roster: new.roster_name(roster) for roster in new.roster_ids}

    def turn(one: ChangedTurn | Move) -> TurnView:
        return TurnView(
            roster=Named(id=one.roster, name=names[one.roster]),
            starts_at=one.start,
            ends_at=one.end,
            hours=one.held.total_seconds() / 3600,
            clear_days=max(0, clear_days(new, now, one.start)),
        )

    changes = [
        ChangeView(**dict(turn(one)), before=_named(one.before), after=_named(one.after))
        for one in changed_turns(found)
    ]
    people = []
    for (name, identifier), theirs in groupby(
        moves(found), lambda move: (move.person.name, move.person.id)
    ):
        told = [(move.gained, turn(move)) for move in theirs]
        gains = [view for gained, view in told if gained]
        people.append(
            PersonMoves(
                id=identifier,
                name=name,
                gains=gains,
                losses=[view for gained, view in told if not gained],
                late=sum(view.clear_days < CLEAR_DAYS for view in gains),
            )
        )
    contacts = contact_changes(old, new, now)
    return RosterDiff(
        starts_at=now,
        ends_at=end,
        timezone=new.zone.key,
        changes=changes,
        people=people,
        contacts=[ContactView(id=one.id, name=one.name, what=one.what) for one in contacts],
        office_changes_at=office_change(old, new, now, end),
        notice_clear_days=CLEAR_DAYS,
        soon=any(change.clear_days < CLEAR_DAYS for change in changes),
    )


def _named(people: Iterable[Person]) -> list[Named]:
    return [Named(id=person.id, name=person.name) for person in people]
