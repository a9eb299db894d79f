"""`vigie roster shifts`: the turns of a span, one after the other."""

from __future__ import annotations

import argparse
from datetime import timedelta

from alertmanager.rosters.explain import french_people
from deploy.cli.roster import asked
from deploy.cli.roster.told import between, iso, people_data, print_json
from inventory.process import Clock

LOOK_AHEAD = timedelta(days=14)


def configure(parser: argparse.ArgumentParser) -> None:
    """Declare the arguments."""
    asked.add_span(parser)
    asked.add_book(parser)
    asked.add_roster(parser)
    asked.add_format(parser)


def run(arguments: argparse.Namespace, clock: Clock) -> int:
    """Print the turns, roster by roster."""
    book = asked.book_of(arguments)
    start, end = asked.span_of(arguments, book, clock, LOOK_AHEAD)
    found = {name: book.shifts(name, start, end) for name in asked.rosters_of(arguments, book)}
    if arguments.format == "json":
        rows = [
            {
                "roster": name,
                "start": iso(shift.start),
                "end": iso(shift.end),
                "people": people_data(shift.people),
                "layer": shift.layer,
                "why": shift.why,
            }
            for name, shifts in found.items()
            for shift in shifts
        ]
        span = {"from": iso(start), "to": iso(end), "timezone": book.zone.key}
        print_json({**span, "shifts": rows})
        return 0
    for name, shifts in found.items():
        print(f"{book.roster_name(name)} ({name})")
        for shift in shifts:
            span_text = between(shift.start, shift.end, book)
            print(f"  {span_text} : {french_people(shift.people)} ({shift.layer})")
        print()
    return 0
