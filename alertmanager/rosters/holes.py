"""Holes of the rosters: nobody there, or somebody who cannot answer as they should. Pure."""

from __future__ import annotations

from collections.abc import Container, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Literal, get_args

from alertmanager.rosters import rest
from alertmanager.rosters.book import RosterBook
from alertmanager.rosters.changes import Leave
from alertmanager.rosters.duty import Person
from alertmanager.rosters.explain import french_instant
from alertmanager.rosters.limits import Limits
from alertmanager.rosters.spans import Span, common, joined, missing

HoleKind = Literal["gap", "no_contact", "on_leave", "two_places", "rest"]
HOLE_KINDS: tuple[HoleKind, ...] = get_args(HoleKind)

_Held = Mapping[str, Mapping[str, Sequence[Span]]]
"""When each person answers: by person, then by roster."""


@dataclass(frozen=True)
class Hole:
    """Something wrong with `roster` over ``start <= t < end`` (aware, UTC). `why` is French.

    `gap`: nobody answers. `no_contact`: it is not proven that `person` can be reached.
    `on_leave`: whoever should answer is away. `two_places`: `person` answers for another roster
    too. `rest`: `person` rests too little; see `rosters.rest`.
    """

    kind: HoleKind
    roster: str
    start: datetime
    end: datetime
    person: str | None
    why: str


def find_holes(
    book: RosterBook,
    start: datetime,
    end: datetime,
    *,
    leaves: Iterable[Leave] = (),
    verified: Container[str] | None = None,
    limits: Limits | None = None,
    planned: RosterBook | None = None,
) -> list[Hole]:
    """Every hole of ``start <= t < end``, the first one first, cut at both ends.

    `planned` is the book with its changes but as if nobody were on leave (`book` itself when
    left out): who should have answered. `verified`: ids of the people who are known to be
    reachable; None: not known of anybody, so whoever has an address is. `limits`: the book's own
    when left out.
    """
    limits = limits or book.limits
    since = start - rest.lookback(limits.longest_duty)
    before = _held(book, since, end)
    held = _cut(before, start, end)
    should = held if planned is None else _held(planned, start, end)
    found = [
        *_gaps(book, held, (start, end), limits),
        *_no_contact(book, held, verified),
        *_on_leave(book, should, _away(leaves)),
        *_two_places(book, held, limits),
        *_rest(book, before, (since, start, end), limits),
    ]
    order = {roster: place for place, roster in enumerate(book.roster_ids)}
    return sorted(
        found, key=lambda hole: (hole.start, order[hole.roster], hole.kind, hole.person or "")
    )


def _held(book: RosterBook, start: datetime, end: datetime) -> _Held:
    raw: dict[str, dict[str, list[Span]]] = {}
    for roster in book.roster_ids:
        for shift in book.shifts(roster, start, end):
            for person in shift.people:
                raw.setdefault(person.id, {}).setdefault(roster, []).append(
                    (shift.start, shift.end)
                )
    return {
        person: {roster: joined(spans) for roster, spans in rosters.items()}
        for person, rosters in raw.items()
    }


def _cut(held: _Held, start: datetime, end: datetime) -> _Held:
    return {
        person: {roster: list(common(spans, [(start, end)])) for roster, spans in rosters.items()}
        for person, rosters in held.items()
    }


def _away(leaves: Iterable[Leave]) -> dict[str, list[Span]]:
    raw: dict[str, list[Span]] = {}
    for leave in leaves:
        raw.setdefault(leave.person, []).append((leave.start, leave.end))
    return {person: joined(spans) for person, spans in raw.items()}


def _gaps(book: RosterBook, held: _Held, whole: Span, limits: Limits) -> Iterator[Hole]:
    for roster in book.roster_ids:
        if roster in limits.part_time:
            continue
        why = f"personne ne répond pour « {book.roster_name(roster)} »"
        somebody = joined(span for rosters in held.values() for span in rosters.get(roster, ()))
        for start, end in missing(somebody, whole):
            yield Hole("gap", roster, start, end, None, why)


def _no_contact(book: RosterBook, held: _Held, verified: Container[str] | None) -> Iterator[Hole]:
    for identifier, rosters in held.items():
        person = book.person(identifier)
        if not person.addresses:
            why = f"{person.name} n'a ni numéro ni adresse"
        elif verified is not None and identifier not in verified:
            why = f"rien ne prouve que les messages arrivent à {person.name}"
        else:
            continue
        for roster, spans in rosters.items():
            for start, end in spans:
                yield Hole("no_contact", roster, start, end, identifier, why)


def _on_leave(
    book: RosterBook, should: _Held, away: Mapping[str, Sequence[Span]]
) -> Iterator[Hole]:
    for identifier, rosters in should.items():
        for roster, spans in rosters.items():
            for leave in away.get(identifier, ()):
                for start, end in common(spans, (leave,)):
                    why = _leave_why(book, book.person(identifier), leave)
                    yield Hole("on_leave", roster, start, end, identifier, why)


def _leave_why(book: RosterBook, person: Person, leave: Span) -> str:
    since, until = (french_instant(instant, book.zone, year=True) for instant in leave)
    return f"{person.name} est en congé du {since} au {until}"


def _two_places(book: RosterBook, held: _Held, limits: Limits) -> Iterator[Hole]:
    ids = book.roster_ids
    for identifier, rosters in held.items():
        name = book.person(identifier).name
        for place, second in enumerate(ids):
            for first in ids[:place]:
                if limits.may_share(first, second):
                    continue
                why = f"{name} répond au même moment pour « {book.roster_name(first)} »"
                both = common(rosters.get(first, ()), rosters.get(second, ()))
                for start, end in both:
                    yield Hole("two_places", second, start, end, identifier, why)


def _rest(
    book: RosterBook, before: _Held, bounds: tuple[datetime, datetime, datetime], limits: Limits
) -> Iterator[Hole]:
    since, start, end = bounds
    openings = list(_openings(book, since, end))
    days = limits.longest_duty // timedelta(days=1)
    for identifier, rosters in before.items():
        duties = {name: spans for name, spans in rosters.items() if name not in limits.not_duty}
        duty = joined(span for spans in duties.values() for span in spans)
        name = book.person(identifier).name
        for found, why in (
            (
                rest.too_long(duty, limits.longest_duty),
                f"plus de {days} jours d'astreinte sans 35 h de répit",
            ),
            (rest.short_nights(duty, openings), "moins de 11 h entre deux journées de permanence"),
            (
                rest.weeks_without_rest(duty, openings),
                "sept jours de permanence sans 35 h de repos",
            ),
        ):
            inside = list(common(list(found), [(start, end)]))
            for roster, spans in duties.items():
                for low, high in common(spans, inside):
                    yield Hole("rest", roster, low, high, identifier, f"{name} : {why}")


def _openings(book: RosterBook, start: datetime, end: datetime) -> Iterator[Span]:
    instant = start
    while instant < end:
        opens = book.next_support_opening(instant)
        opened = book.support_hours_at(opens) if opens is not None and opens < end else None
        if opens is None or opened is None or opened.ends is None:
            return
        yield opens, min(opened.ends, end)
        instant = opened.ends
