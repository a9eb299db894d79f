"""Who gains and who loses duty: the rosters as last told, against those of now. Pure."""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Literal

from alertmanager.rosters import RosterBook
from alertmanager.rosters.spans import Span, joined, missing

Told = Mapping[tuple[str, str], Sequence[Span]]
"""By (roster, person), when they answer: in order, without overlaps."""

_PAUSE = timedelta(hours=13)
"""No longer than an office is open: evenings in a row are one piece, single nights are not."""


@dataclass(frozen=True)
class Piece:
    """A piece of duty that `person` gains or loses; evenings in a row are one."""

    kind: Literal["gained", "lost"]
    roster: str
    person: str
    start: datetime
    end: datetime


def told_of(book: RosterBook, start: datetime, end: datetime) -> dict[tuple[str, str], list[Span]]:
    """When everybody answers in ``start <= t < end``."""
    found: dict[tuple[str, str], list[Span]] = {}
    for roster in book.roster_ids:
        for shift in book.shifts(roster, start, end):
            for person in shift.people:
                found.setdefault((roster, person.id), []).append((shift.start, shift.end))
    return {key: joined(spans) for key, spans in found.items()}


def pieces(before: Told, after: Told, whole: Span) -> list[Piece]:
    """What changed within `whole`, the first start first."""
    found: list[Piece] = []
    for roster, person in {*before, *after}:
        old = within(before.get((roster, person), ()), whole)
        new = within(after.get((roster, person), ()), whole)
        gained = joined(_left(new, old), _PAUSE)
        lost = joined(_left(old, new), _PAUSE)
        found += [Piece("gained", roster, person, *span) for span in gained]
        found += [Piece("lost", roster, person, *span) for span in lost]
    return sorted(found, key=lambda piece: (piece.start, piece.roster, piece.kind, piece.person))


def within(spans: Iterable[Span], whole: Span) -> list[Span]:
    """The parts of the spans that lie in `whole`."""
    cut = ((max(start, whole[0]), min(end, whole[1])) for start, end in spans)
    return [(start, end) for start, end in cut if start < end]


def to_json(told: Told) -> list[dict[str, Any]]:
    """As the snapshot keeps it."""
    return [
        {
            "roster": roster,
            "person": person,
            "spans": [[start.isoformat(), end.isoformat()] for start, end in spans],
        }
        for (roster, person), spans in sorted(told.items())
    ]


def from_json(rows: Iterable[Mapping[str, Any]]) -> dict[tuple[str, str], list[Span]]:
    """What `to_json` wrote."""
    return {
        (row["roster"], row["person"]): [
            (datetime.fromisoformat(low), datetime.fromisoformat(high))
            for low, high in row["spans"]
        ]
        for row in rows
    }


def _left(spans: Sequence[Span], others: Sequence[Span]) -> Iterator[Span]:
    """What is left of the spans without the others, both in order and without overlaps."""
    starts, ends = [low for low, _ in others], [high for _, high in others]
    for start, end in spans:
        first, last = bisect_right(ends, start), bisect_left(starts, end)
        yield from missing(others[first:last], (start, end))
