"""What a change of the duty costs whoever takes it, said before it is confirmed. Pure.

Three things: the notice (under 15 clear days the indemnity of the technical stream's exploitation
and sécurité duties is raised by half: arrêté of 14 April 2015, art. 3), the rest, and how evenly
nights, week-ends and holidays are shared.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Literal

from alertmanager.rosters.book import RosterBook
from alertmanager.rosters.changes import Change
from alertmanager.rosters.equity import Load, loads
from alertmanager.rosters.holes import Hole, find_holes

CLEAR_DAYS = 15
_YEAR = timedelta(days=365)
_AROUND = timedelta(days=15)


@dataclass(frozen=True)
class CostLine:
    """One thing to know, in French. `warns`: it costs money, rest or fairness."""

    what: Literal["notice", "rest", "equity"]
    text: str
    warns: bool


def cost_of_taking(
    book: RosterBook,
    taken: Change,
    now: datetime,
) -> tuple[CostLine, ...]:
    """What it costs the person of `taken` to answer as it says; `book` is without that change."""
    (person,) = taken.people
    after = book.with_one_more(taken)
    return (
        _notice(book, taken.start, now),
        *_rest(book, after, taken, person),
        *_equity(book, after, taken, person),
    )


def clear_days(book: RosterBook, told: datetime, start: datetime) -> int:
    """Whole days between, by the dates that clocks show, neither end counted."""
    local = [instant.astimezone(book.zone).date() for instant in (told, start)]
    return (local[1] - local[0]).days - 1


def _notice(book: RosterBook, start: datetime, now: datetime) -> CostLine:
    days = max(0, clear_days(book, now, start))
    ahead = f"{days} jour{'s' if days > 1 else ''} franc{'s' if days > 1 else ''}"
    if days < CLEAR_DAYS:
        return CostLine(
            "notice",
            f"Délai de prévenance : {ahead}, moins de {CLEAR_DAYS}. L'indemnité d'astreinte de"
            " cette période peut être majorée de 50 %.",
            warns=True,
        )
    return CostLine("notice", f"Délai de prévenance : {ahead}. Pas de majoration.", warns=False)


def _rest(book: RosterBook, after: RosterBook, taken: Change, person: str) -> tuple[CostLine, ...]:
    span = (taken.start - _AROUND, taken.end + _AROUND)
    known = {_key(hole) for hole in _theirs(book, span, person)}
    new = [hole for hole in _theirs(after, span, person) if _key(hole) not in known]
    # One sentence for each reason, however many pieces it comes in.
    texts = dict.fromkeys(f"{hole.why[0].upper()}{hole.why[1:]}." for hole in new)
    if texts:
        return tuple(CostLine("rest", text, warns=True) for text in texts)
    return (CostLine("rest", "Repos : rien à signaler d'après le planning.", warns=False),)


def _theirs(book: RosterBook, span: tuple[datetime, datetime], person: str) -> Sequence[Hole]:
    kinds = ("rest", "two_places")
    return [h for h in find_holes(book, *span) if h.person == person and h.kind in kinds]


def _key(hole: Hole) -> tuple[str, str, datetime]:
    return hole.kind, hole.roster, hole.start


def _equity(
    book: RosterBook, after: RosterBook, taken: Change, person: str
) -> tuple[CostLine, ...]:
    end = taken.end.astimezone(book.zone).date() + timedelta(days=1)
    start = end - _YEAR
    old, new = (loads(one, start, end) for one in (book, after))
    sharing = [p for p, load in new.items() if load != Load()]
    said = []
    warns = False
    for name, one, many in (
        ("nights", "nuit", "nuits"),
        ("weekend_days", "jour de week-end", "jours de week-end"),
        ("holidays", "jour férié", "jours fériés"),
    ):
        before, then = (getattr(table[person], name) for table in (old, new))
        if before == then:
            continue
        mean = sum(getattr(new[p], name) for p in sharing) / max(1, len(sharing))
        warns = warns or then > mean
        words = many if then > 1 else one
        said.append(f"{before} → {then} {words} (moyenne {mean:.0f})")
    if not said:
        return ()
    text = "Équité sur 12 mois : " + ", ".join(said) + "."
    return (CostLine("equity", text, warns=warns),)
