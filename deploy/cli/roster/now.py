"""`vigie roster now`: who is on duty, why, and until when."""

from __future__ import annotations

import argparse
from collections.abc import Iterable
from typing import Any

from alertmanager.rosters import Verdict
from alertmanager.rosters.explain import french_instant
from deploy.cli.roster import asked
from deploy.cli.roster.told import iso, people_data, print_json
from inventory.process import Clock


def configure(parser: argparse.ArgumentParser) -> None:
    """Declare the arguments."""
    parser.add_argument("--at", metavar="INSTANT", help="un autre instant que maintenant")
    parser.add_argument("--why", action="store_true", help="ce que dit chaque couche")
    asked.add_book(parser)
    asked.add_roster(parser)
    asked.add_format(parser)


def run(arguments: argparse.Namespace, clock: Clock) -> int:
    """Print who, roster by roster."""
    book = asked.book_of(arguments)
    at = asked.instant_of(arguments.at, book) if arguments.at else clock()
    duties = {name: book.on_duty(name, at) for name in asked.rosters_of(arguments, book)}
    if arguments.format == "json":
        rows = [
            {
                "roster": name,
                "name": book.roster_name(name),
                "people": people_data(duty.people),
                "layer": duty.layer,
                "shadow": people_data(duty.shadow),
                "why": duty.why,
                **({"layers": _layers(book.explain(name, at))} if arguments.why else {}),
                "starts": iso(duty.starts) if duty.starts else None,
                "ends": iso(duty.ends) if duty.ends else None,
            }
            for name, duty in duties.items()
        ]
        print_json({"at": iso(at), "timezone": book.zone.key, "rosters": rows})
        return 0
    print(f"{french_instant(at, book.zone, year=True).capitalize()} ({book.zone.key})")
    for name, duty in duties.items():
        print(f"\n{book.roster_name(name)} ({name})")
        for person in duty.people:
            print(f"  {person.name}, {person.phone}")
        if not duty.people:
            print("  PERSONNE")
        for person in duty.shadow:
            print(f"  {person.name}, en doublure : ne reçoit pas les appels")
        print(f"  Pourquoi : {duty.why}")
        for verdict in book.explain(name, at) if arguments.why else ():
            mark = "→" if verdict.answers else "·"
            print(f"    {mark} {verdict.layer_name} ({verdict.layer_id}) : {verdict.why}")
        if duty.ends:
            print(f"  Prochain changement : {french_instant(duty.ends, book.zone)}")
    return 0


def _layers(verdicts: Iterable[Verdict]) -> list[dict[str, Any]]:
    return [
        {"layer": one.layer_id, "name": one.layer_name, "answers": one.answers, "why": one.why}
        for one in verdicts
    ]
