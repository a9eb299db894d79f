"""`vigie roster gaps`: where nobody answers, or somebody who cannot as they should."""

from __future__ import annotations

import argparse
from collections.abc import Iterator, Sequence
from datetime import datetime, timedelta
from pathlib import Path

from alertmanager.duty.holes import Standing, standing
from alertmanager.rosters import RosterBook
from alertmanager.rosters.explain import french_instant
from alertmanager.rosters.holes import Hole, HoleKind, find_holes
from alertmanager.rosters.spans import Span
from alertmanager.store.database import Store, StoreError
from alertmanager.webhook.settings import load_webhook_config
from deploy.cli.roster import asked
from deploy.cli.roster.told import between, iso, print_json
from inventory.process import Clock

EXIT_HOLES = 1
LOOK_AHEAD = timedelta(days=400)
"""Unless told otherwise: over a year, so that every public holiday is looked at."""
_TOLD_ONE_BY_ONE = 3


def configure(parser: argparse.ArgumentParser) -> None:
    """Declare the arguments."""
    asked.add_span(parser)
    asked.add_book(parser)
    asked.add_roster(parser)
    asked.add_format(parser)
    parser.add_argument(
        "--webhook",
        metavar="FICHIER",
        type=Path,
        help="webhook.yml : compter aussi congés, échanges, remplacements et preuves de remise",
    )


def run(arguments: argparse.Namespace, clock: Clock) -> int:
    """Print the holes of the span. Return 1 if there are any."""
    book = asked.book_of(arguments)
    start, end = asked.span_of(arguments, book, clock, LOOK_AHEAD)
    rosters = asked.rosters_of(arguments, book)
    names = {name: book.roster_name(name) for name in rosters}
    if arguments.webhook is None:
        found = find_holes(book, start, end)
    else:
        known = _standing(arguments.webhook, book, start, clock())
        book, found = known.book, known.holes(start, end)
    holes = [hole for hole in found if hole.roster in names]
    if arguments.format == "json":
        _print_json(book, rosters, (start, end), holes)
    else:
        for name, title in names.items():
            own = [hole for hole in holes if hole.roster == name]
            number = f"{len(own)} trou{'s' if len(own) > 1 else ''}" if own else "aucun trou"
            print(f"{title} ({name}) : {number}")
            for line in _lines(own, book):
                print(f"  {line}")
    return EXIT_HOLES if holes else 0


def _standing(path: Path, book: RosterBook, start: datetime, now: datetime) -> Standing:
    """What the pager's store knows. Raise ConfigurationError, AskedWrongly."""
    settings = load_webhook_config(path).file.store
    if settings.path is not None and not settings.path.exists():
        raise asked.AskedWrongly(
            f"aucune base à {settings.path} ; attendu : celle d'un vigie-webhook qui a tourné"
        )
    try:
        store = Store(settings.database_url())
        try:
            with store.read() as session:
                return standing(session, book, start, now)
        finally:
            store.close()
    except (StoreError, ValueError) as error:
        raise asked.AskedWrongly(f"base illisible : {error}") from None


def _lines(holes: Sequence[Hole], book: RosterBook) -> Iterator[str]:
    """Every span where nobody answers; of the rest, what repeats itself is told once."""
    alike: dict[tuple[HoleKind, str], list[Hole]] = {}
    for hole in holes:
        alike.setdefault((hole.kind, hole.why), []).append(hole)
    for (kind, why), same in alike.items():
        told = same if kind == "gap" or len(same) <= _TOLD_ONE_BY_ONE else same[:1]
        for hole in told:
            yield f"{between(hole.start, hole.end, book)} : {why}"
        if len(told) < len(same):
            last = french_instant(same[-1].end, book.zone, year=True)
            yield f"  et {len(same) - 1} fois encore, la dernière jusqu'au {last}"


def _print_json(
    book: RosterBook, rosters: Sequence[str], span: Span, holes: Sequence[Hole]
) -> None:
    gaps = [
        {"roster": name, "start": iso(gap.start), "end": iso(gap.end)}
        for name in rosters
        for gap in book.gaps(name, *span)
    ]
    rows = [
        {
            "kind": hole.kind,
            "roster": hole.roster,
            "start": iso(hole.start),
            "end": iso(hole.end),
            "person": hole.person,
            "why": hole.why,
        }
        for hole in holes
    ]
    start, end = map(iso, span)
    answer = {"from": start, "to": end, "timezone": book.zone.key, "gaps": gaps, "holes": rows}
    print_json(answer)
