"""Where two books name other people: span by span, then the turns that each person gains or loses.

Pure. Only who is paged counts: a layer that says the same of the same people is no difference.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from alertmanager.rosters.book import RosterBook
from alertmanager.rosters.duty import Person
from alertmanager.rosters.spans import Span, joined
from alertmanager.rosters.walltime import as_utc

LOOK_AHEAD = timedelta(days=400)
"""Over a year, so that every public holiday is looked at."""
_SAME_TURN = timedelta(hours=24)
"""A week of nights is one turn: the days at the office in between do not part it."""

People = tuple[Person, ...]


@dataclass(frozen=True)
class Difference:
    """`after` instead of `before` over ``start <= t < end`` (aware, UTC); nobody is empty."""

    roster: str
    start: datetime
    end: datetime
    before: People
    after: People

    @property
    def gaining(self) -> People:
        """Who is on duty then and was not."""
        return _others(self.after, self.before)

    @property
    def losing(self) -> People:
        """Who was on duty then and is no more."""
        return _others(self.before, self.after)


@dataclass(frozen=True)
class ChangedTurn:
    """Differences between the same people, less than a day apart; `held`: all of them together."""

    roster: str
    start: datetime
    end: datetime
    before: People
    after: People
    held: timedelta


@dataclass(frozen=True)
class Move:
    """A turn that one person gains, or loses; `held`: the time on duty in it."""

    person: Person
    gained: bool
    roster: str
    start: datetime
    end: datetime
    held: timedelta


def differences(
    old: RosterBook, new: RosterBook, start: datetime, end: datetime
) -> list[Difference]:
    """Every difference over ``start <= t < end``, roster by roster, adjoining equal ones joined.

    A roster that only one of the two knows has nobody in the other. People are known by their id.
    """
    start, end = as_utc(start), as_utc(end)
    found: list[Difference] = []
    for roster in dict.fromkeys((*old.roster_ids, *new.roster_ids)):
        lines = [_line(book, roster, start, end) for book in (old, new)]
        for low, high, before, after in _both(*lines):
            last = found[-1] if found else None
            if _ids(before) == _ids(after):
                continue
            if (
                last is not None
                and (last.roster, last.end) == (roster, low)
                and _ids(last.before) == _ids(before)
                and _ids(last.after) == _ids(after)
            ):
                found[-1] = Difference(roster, last.start, high, last.before, last.after)
            else:
                found.append(Difference(roster, low, high, before, after))
    return found


def changed_turns(found: Iterable[Difference]) -> list[ChangedTurn]:
    """Differences as people would tell them, roster by roster, by the instant they start at."""
    alike: dict[tuple[str, frozenset[str], frozenset[str]], list[Difference]] = {}
    for one in found:
        alike.setdefault((one.roster, _ids(one.before), _ids(one.after)), []).append(one)
    turns = [
        ChangedTurn(same[0].roster, *span, same[0].before, same[0].after, held)
        for same in alike.values()
        for span, held in _turns((one.start, one.end) for one in same)
    ]
    order = {roster: place for place, (roster, _, _) in enumerate(alike)}
    return sorted(turns, key=lambda turn: (order[turn.roster], turn.start))


def moves(found: Iterable[Difference]) -> list[Move]:
    """What each person gains and loses, by name, then by the instant the turn starts at."""
    theirs: dict[tuple[str, bool, str], list[Span]] = {}
    known: dict[str, Person] = {}
    for one in found:
        for gained, people in ((True, one.gaining), (False, one.losing)):
            for person in people:
                known[person.id] = person
                spans = theirs.setdefault((person.id, gained, one.roster), [])
                spans.append((one.start, one.end))
    listed = [
        Move(known[person], gained, roster, *span, held)
        for (person, gained, roster), spans in theirs.items()
        for span, held in _turns(spans)
    ]
    return sorted(listed, key=lambda move: (move.person.name, move.person.id, move.start))


def _ids(people: People) -> frozenset[str]:
    return frozenset(person.id for person in people)


def _others(people: People, known: People) -> People:
    ids = _ids(known)
    return tuple(person for person in people if person.id not in ids)


def _turns(spans: Iterable[Span]) -> Iterator[tuple[Span, timedelta]]:
    pieces = joined(spans)
    for start, end in joined(pieces, _SAME_TURN):
        inside = (high - low for low, high in pieces if start <= low < end)
        yield (start, end), sum(inside, timedelta(0))


_Piece = tuple[datetime, datetime, People]


def _line(book: RosterBook, roster: str, start: datetime, end: datetime) -> list[_Piece]:
    """Who, without holes from `start` to `end`."""
    pieces: list[_Piece] = []
    reached = start
    for shift in book.shifts(roster, start, end) if roster in book.roster_ids else ():
        if reached < shift.start:
            pieces.append((reached, shift.start, ()))
        pieces.append((shift.start, shift.end, shift.people))
        reached = shift.end
    if reached < end:
        pieces.append((reached, end, ()))
    return pieces


def _both(
    ones: Sequence[_Piece], others: Sequence[_Piece]
) -> Iterator[tuple[datetime, datetime, People, People]]:
    """The two lines side by side, cut wherever either is."""
    one = other = 0
    while one < len(ones) and other < len(others):
        start = max(ones[one][0], others[other][0])
        end = min(ones[one][1], others[other][1])
        yield start, end, ones[one][2], others[other][2]
        one, other = one + (ones[one][1] == end), other + (others[other][1] == end)
