"""What two books differ in beside who is on duty: how people are reached, teams, office hours.

Pure. A number or an address is said to change, and never shown.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from itertools import zip_longest
from typing import Literal

from alertmanager.rosters.book import RosterBook
from alertmanager.rosters.spans import Span

ContactKind = Literal["added", "removed", "name", "phone", "email", "team", "duty_phone"]


@dataclass(frozen=True)
class ContactChange:
    """`id` is a person's; a team's or a roster's for ``team`` and ``duty_phone``."""

    what: ContactKind
    id: str
    name: str


def contact_changes(old: RosterBook, new: RosterBook, instant: datetime) -> list[ContactChange]:
    """People that come, go or are reached elsewhere; teams and telephones of rosters.

    `instant` is any: the number of a duty telephone does not depend on it.
    """
    return [*_people(old, new), *_teams(old, new), *_duty_phones(old, new, instant)]


def office_change(
    old: RosterBook, new: RosterBook, start: datetime, end: datetime
) -> datetime | None:
    """From when the office's hours are others, in ``start <= t < end``. None: they are the same."""
    for one, other in zip_longest(_openings(old, start, end), _openings(new, start, end)):
        if one == other:
            continue
        known = [span for span in (one, other) if span is not None]
        starts = {span[0] for span in known}
        return min(starts) if len(starts) != 1 or len(known) == 1 else min(s[1] for s in known)
    return None


def _people(old: RosterBook, new: RosterBook) -> Iterator[ContactChange]:
    before = {person.id: person for person in old.persons}
    after = {person.id: person for person in new.persons}
    for name, person in before.items():
        if name not in after:
            yield ContactChange("removed", name, person.name)
    for name, person in after.items():
        known = before.get(name)
        if known is None:
            yield ContactChange("added", name, person.name)
            continue
        if known.name != person.name:
            yield ContactChange("name", name, person.name)
        if known.phone != person.phone:
            yield ContactChange("phone", name, person.name)
        if known.email != person.email:
            yield ContactChange("email", name, person.name)


def _teams(old: RosterBook, new: RosterBook) -> Iterator[ContactChange]:
    for team in dict.fromkeys((*old.team_ids, *new.team_ids)):
        before, after = (
            [person.id for person in book.team(team)] if team in book.team_ids else []
            for book in (old, new)
        )
        if before != after:
            yield ContactChange("team", team, team)


def _duty_phones(old: RosterBook, new: RosterBook, instant: datetime) -> Iterator[ContactChange]:
    for roster in dict.fromkeys((*old.rosters_with_a_phone, *new.rosters_with_a_phone)):
        phones = [
            carried.phone
            for book in (old, new)
            if roster in book.rosters_with_a_phone
            and (carried := book.duty_phone(roster, instant)) is not None
        ]
        if len(phones) != 2 or phones[0] != phones[1]:
            book = new if roster in new.roster_ids else old
            yield ContactChange("duty_phone", roster, book.roster_name(roster))


def _openings(book: RosterBook, start: datetime, end: datetime) -> Iterator[Span]:
    instant = book.next_support_opening(start)
    while instant is not None and instant < end:
        opened = book.support_hours_at(instant)
        if opened is None or opened.ends is None:
            return
        yield instant, min(opened.ends, end)
        instant = book.next_support_opening(opened.ends)
