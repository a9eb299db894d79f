"""`vigie roster gaps`: where nobody answers, or somebody who cannot as they should."""

from __future__ import annotations

import json
import sys
from collections.abc import Iterator, Sequence
from datetime import datetime, timedelta

from alertmanager.rosters import RosterBook
from alertmanager.rosters.explain import french_instant
from alertmanager.rosters.holes import Hole, HoleKind, find_holes
from alertmanager.rosters.spans import Span

EXIT_HOLES = 1
LOOK_AHEAD = timedelta(days=400)
"""Unless told otherwise: over a year, so that every public holiday is looked at."""
_TOLD_ONE_BY_ONE = 3
_WORDS: dict[HoleKind, str] = {
    "gap": "personne",
    "no_contact": "contact non vérifié",
    "on_leave": "en congé",
    "two_places": "à deux endroits",
    "rest": "repos",
}


def show(
    book: RosterBook, rosters: Sequence[str], start: datetime, end: datetime, as_json: bool
) -> int:
    """Print the holes of these rosters over ``start <= t < end``. Return 1 if there are any."""
    names = {name: book.roster_name(name) for name in rosters}
    holes = [hole for hole in find_holes(book, start, end) if hole.roster in names]
    if as_json:
        _print_json(book, rosters, (start, end), holes)
    else:
        for name, title in names.items():
            own = [hole for hole in holes if hole.roster == name]
            number = f"{len(own)} trou{'s' if len(own) > 1 else ''}" if own else "aucun trou"
            print(f"{title} ({name}) : {number}")
            for line in _lines(own, book):
                print(f"  {line}")
    return EXIT_HOLES if holes else 0


def _lines(holes: Sequence[Hole], book: RosterBook) -> Iterator[str]:
    """Every span where nobody answers; of the rest, what repeats itself is told once."""
    alike: dict[tuple[HoleKind, str], list[Hole]] = {}
    for hole in holes:
        alike.setdefault((hole.kind, hole.why), []).append(hole)
    for (kind, why), same in alike.items():
        told = same if kind == "gap" or len(same) <= _TOLD_ONE_BY_ONE else same[:1]
        for hole in told:
            yield f"{_between((hole.start, hole.end), book)} : {_WORDS[kind]} ; {why}"
        if len(told) < len(same):
            last = french_instant(same[-1].end, book.zone, year=True)
            yield f"  et {len(same) - 1} fois encore, la dernière jusqu'au {last}"


def _print_json(
    book: RosterBook, rosters: Sequence[str], span: Span, holes: Sequence[Hole]
) -> None:
    gaps = [
        {"roster": name, "start": _iso(gap.start), "end": _iso(gap.end)}
        for name in rosters
        for gap in book.gaps(name, *span)
    ]
    rows = [
        {
            "kind": hole.kind,
            "roster": hole.roster,
            "start": _iso(hole.start),
            "end": _iso(hole.end),
            "person": hole.person,
            "why": hole.why,
        }
        for hole in holes
    ]
    start, end = map(_iso, span)
    answer = {"from": start, "to": end, "timezone": book.zone.key, "gaps": gaps, "holes": rows}
    json.dump(answer, sys.stdout, ensure_ascii=False, indent=2)
    print()


def _between(span: Span, book: RosterBook) -> str:
    low, high = (french_instant(instant, book.zone, year=True) for instant in span)
    return f"du {low} au {high}"


def _iso(instant: datetime) -> str:
    return instant.isoformat().replace("+00:00", "Z")
