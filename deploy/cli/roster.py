"""`vigie roster`: who is on duty now, over a span, and where nobody is."""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from alertmanager.rosters import Person, RosterBook, RosterError, load_rosters
from alertmanager.rosters.explain import french_instant, french_people
from deploy.cli import roster_gaps
from inventory import load_inventory
from inventory.config import ConfigurationError
from inventory.process import Clock, refuse_to_start, system_clock

SUMMARY = "Qui est d'astreinte, maintenant ou sur une période, et où il manque quelqu'un."
EXIT_USAGE = 2
_SPANS = {"shifts": timedelta(days=14), "gaps": roster_gaps.LOOK_AHEAD}


class _Refused(Exception):
    """An argument that makes no sense with these rosters; the message is French."""


def configure(parser: argparse.ArgumentParser) -> None:
    """Declare the arguments."""
    actions = parser.add_subparsers(dest="action", metavar="ACTION", required=True)
    now = actions.add_parser("now", help="qui est d'astreinte, et pourquoi")
    now.add_argument("--at", metavar="INSTANT", help="un autre instant que maintenant")
    for name, text in (
        ("shifts", "les tours d'une période (14 jours si rien n'est dit)"),
        ("gaps", "les trous d'une période (400 jours si rien n'est dit) ; code 1 s'il y en a"),
    ):
        action = actions.add_parser(name, help=text)
        action.add_argument("--from", dest="start", metavar="INSTANT", help="début, inclus")
        action.add_argument("--to", dest="end", metavar="INSTANT", help="fin, exclue")
    for action in actions.choices.values():
        action.add_argument(
            "--config", metavar="FICHIER", type=Path, required=True, help="rosters.yml"
        )
        action.add_argument(
            "--inventory", metavar="FICHIER", type=Path, help="inventory.yml, pour son fuseau"
        )
        action.add_argument("--roster", metavar="ID", help="ce tour d'astreinte seulement")
        action.add_argument(
            "--format", choices=("text", "json"), default="text", help="text par défaut"
        )


def run(arguments: argparse.Namespace, clock: Clock = system_clock) -> int:
    """Print the answer. Exit status 2: faulty file or argument; 1: `gaps` found some."""
    try:
        inventory = load_inventory(arguments.inventory) if arguments.inventory else None
        book = load_rosters(arguments.config, inventory)
    except ConfigurationError as error:
        refuse_to_start(error)
    try:
        return _ACTIONS[arguments.action](arguments, book, clock)
    except (_Refused, RosterError) as error:
        print(f"vigie roster : {error}", file=sys.stderr)
        return EXIT_USAGE


def _rosters(arguments: argparse.Namespace, book: RosterBook) -> tuple[str, ...]:
    return (arguments.roster,) if arguments.roster else book.roster_ids


def _instant(text: str, book: RosterBook) -> datetime:
    """An ISO 8601 date or instant; without an offset, by the clocks of the rosters."""
    try:
        value = datetime.fromisoformat(text)
    except ValueError:
        raise _Refused(
            f"« {text} » n'est pas un instant ; attendu : 2026-05-01, 2026-05-01T07:12"
            " ou 2026-05-01T07:12:00+02:00"
        ) from None
    return (value if value.tzinfo else value.replace(tzinfo=book.zone)).astimezone(UTC)


def _span(
    arguments: argparse.Namespace, book: RosterBook, clock: Clock
) -> tuple[datetime, datetime]:
    start = _instant(arguments.start, book) if arguments.start else clock()
    end = _instant(arguments.end, book) if arguments.end else start + _SPANS[arguments.action]
    if end <= start:
        raise _Refused("la période est vide ; attendu : --to après --from")
    return start, end


def _print_json(data: Any) -> None:
    json.dump(data, sys.stdout, ensure_ascii=False, indent=2)
    print()


def _iso(instant: datetime | None) -> str | None:
    return instant.isoformat().replace("+00:00", "Z") if instant else None


def _people(people: tuple[Person, ...]) -> list[dict[str, str]]:
    return [{"id": p.id, "name": p.name, "phone": p.phone} for p in people]


def _now(arguments: argparse.Namespace, book: RosterBook, clock: Clock) -> int:
    at = _instant(arguments.at, book) if arguments.at else clock()
    duties = {name: book.on_duty(name, at) for name in _rosters(arguments, book)}
    if arguments.format == "json":
        rows = [
            {
                "roster": name,
                "name": book.roster_name(name),
                "people": _people(duty.people),
                "layer": duty.layer,
                "why": duty.why,
                "starts": _iso(duty.starts),
                "ends": _iso(duty.ends),
            }
            for name, duty in duties.items()
        ]
        _print_json({"at": _iso(at), "timezone": book.zone.key, "rosters": rows})
        return 0
    print(f"{french_instant(at, book.zone, year=True).capitalize()} ({book.zone.key})")
    for name, duty in duties.items():
        print(f"\n{book.roster_name(name)} ({name})")
        for person in duty.people:
            print(f"  {person.name}, {person.phone}")
        if not duty.people:
            print("  PERSONNE")
        print(f"  Pourquoi : {duty.why}")
        if duty.ends:
            print(f"  Prochain changement : {french_instant(duty.ends, book.zone)}")
    return 0


def _shifts(arguments: argparse.Namespace, book: RosterBook, clock: Clock) -> int:
    start, end = _span(arguments, book, clock)
    found = {name: book.shifts(name, start, end) for name in _rosters(arguments, book)}
    if arguments.format == "json":
        rows = [
            {
                "roster": name,
                "start": _iso(shift.start),
                "end": _iso(shift.end),
                "people": _people(shift.people),
                "layer": shift.layer,
                "why": shift.why,
            }
            for name, shifts in found.items()
            for shift in shifts
        ]
        span = {"from": _iso(start), "to": _iso(end), "timezone": book.zone.key}
        _print_json({**span, "shifts": rows})
        return 0
    for name, shifts in found.items():
        print(f"{book.roster_name(name)} ({name})")
        for shift in shifts:
            span_text = _between(shift.start, shift.end, book)
            print(f"  {span_text} : {french_people(shift.people)} ({shift.layer})")
        print()
    return 0


def _gaps(arguments: argparse.Namespace, book: RosterBook, clock: Clock) -> int:
    start, end = _span(arguments, book, clock)
    as_json = arguments.format == "json"
    return roster_gaps.show(book, _rosters(arguments, book), start, end, as_json)


def _between(start: datetime, end: datetime, book: RosterBook) -> str:
    low = french_instant(start, book.zone, year=True)
    return f"du {low} au {french_instant(end, book.zone, year=True)}"


_Action = Callable[[argparse.Namespace, RosterBook, Clock], int]
_ACTIONS: dict[str, _Action] = {"now": _now, "shifts": _shifts, "gaps": _gaps}
