"""What the actions of `vigie roster` are asked alike: which file, which roster, which span."""

from __future__ import annotations

import argparse
from datetime import UTC, datetime, timedelta
from pathlib import Path

from alertmanager.rosters import RosterBook, load_rosters
from alertmanager.rosters.spans import Span
from inventory import load_inventory
from inventory.process import Clock

_YEARS = (1970, 9000)  # beyond, an hour before or after some instants is no instant any more


class AskedWrongly(Exception):
    """An argument that makes no sense with these rosters; the message is French."""


def add_book(parser: argparse.ArgumentParser) -> None:
    """Declare the files that make a book."""
    parser.add_argument("--config", metavar="FICHIER", type=Path, required=True, help="rosters.yml")
    parser.add_argument(
        "--inventory", metavar="FICHIER", type=Path, help="inventory.yml, pour son fuseau"
    )


def add_roster(parser: argparse.ArgumentParser) -> None:
    """Declare one roster of the book."""
    parser.add_argument("--roster", metavar="ID", help="ce tour d'astreinte seulement")


def add_format(parser: argparse.ArgumentParser) -> None:
    """Declare text or JSON."""
    parser.add_argument(
        "--format", choices=("text", "json"), default="text", help="text par défaut"
    )


def add_span(parser: argparse.ArgumentParser) -> None:
    """Declare a beginning and an end."""
    parser.add_argument("--from", dest="start", metavar="INSTANT", help="début, inclus")
    parser.add_argument("--to", dest="end", metavar="INSTANT", help="fin, exclue")


def book_of(arguments: argparse.Namespace) -> RosterBook:
    """The book of the files. Raise ConfigurationError."""
    inventory = load_inventory(arguments.inventory) if arguments.inventory else None
    return load_rosters(arguments.config, inventory)


def rosters_of(arguments: argparse.Namespace, book: RosterBook) -> tuple[str, ...]:
    """The roster asked for, or all."""
    return (arguments.roster,) if arguments.roster else book.roster_ids


def instant_of(text: str, book: RosterBook) -> datetime:
    """An ISO 8601 date or instant; without an offset, by the clocks of the rosters.

    Raise AskedWrongly.
    """
    try:
        value = datetime.fromisoformat(text)
    except ValueError:
        raise AskedWrongly(
            f"« {text} » n'est pas un instant ; attendu : 2026-05-01, 2026-05-01T07:12"
            " ou 2026-05-01T07:12:00+02:00"
        ) from None
    if not _YEARS[0] < value.year < _YEARS[1]:
        raise AskedWrongly(f"« {text} » : année hors limites ; attendu : de 1971 à 8999")
    return (value if value.tzinfo else value.replace(tzinfo=book.zone)).astimezone(UTC)


def span_of(
    arguments: argparse.Namespace, book: RosterBook, clock: Clock, length: timedelta
) -> Span:
    """From the instant asked, or now, to the one asked, or `length` later. Raise AskedWrongly."""
    start = instant_of(arguments.start, book) if arguments.start else clock()
    end = instant_of(arguments.end, book) if arguments.end else start + length
    if end <= start:
        raise AskedWrongly("la période est vide ; attendu : --to après --from")
    return start, end
