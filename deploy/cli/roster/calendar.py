"""`vigie roster calendar`: the duty of a roster, or of a person, as a file for a calendar."""

from __future__ import annotations

import argparse
from datetime import datetime, timedelta

from alertmanager.duty.rows import changes, leaves
from alertmanager.rosters import RosterBook, Shift
from alertmanager.rosters.ical import person_feed, roster_feed
from alertmanager.rosters.spans import Span
from deploy.cli.roster import asked, database
from deploy.cli.roster.written import add_out, write
from inventory.process import Clock

LOOK_BACK = timedelta(days=31)
LOOK_AHEAD = timedelta(days=400)


def configure(parser: argparse.ArgumentParser) -> None:
    """Declare the arguments."""
    asked.add_span(parser)
    asked.add_book(parser)
    parser.add_argument("--roster", metavar="ID", help="les tours de ce tour d'astreinte, ou")
    parser.add_argument("--person", metavar="ID", help="ceux de cette personne, où que ce soit")
    parser.add_argument("--database", metavar="BASE", help=f"échanges et congés : {database.HELP}")
    add_out(parser)


def run(arguments: argparse.Namespace, clock: Clock) -> int:
    """Write the calendar, from 31 days ago to 400 days ahead unless told otherwise.

    Raise AskedWrongly.
    """
    if bool(arguments.roster) == bool(arguments.person):
        raise asked.AskedWrongly("un agenda de qui ? attendu : --roster ID ou --person ID")
    book = asked.book_of(arguments)
    now = clock()
    start, end = _span(arguments, book, clock)
    if arguments.database:
        # A shift that begins before the window is told whole.
        since = start - LOOK_AHEAD
        with database.reading(arguments.database) as session:
            book = book.with_changes(changes(session, since), leaves(session, since))

    def version(_roster: str, _shift: Shift) -> int:
        # A file does not know the one before it; that it is newer is all a calendar needs.
        return int(now.timestamp()) // 60

    if arguments.person:
        feed = person_feed(book, arguments.person, start, end, version, stamp=now)
    else:
        feed = roster_feed(book, arguments.roster, start, end, version, stamp=now)
    write(feed, arguments.out)
    return 0


def _span(arguments: argparse.Namespace, book: RosterBook, clock: Clock) -> Span:
    start, end = asked.span_of(arguments, book, clock, LOOK_AHEAD)
    if arguments.start:
        return start, end
    local = start.astimezone(book.zone)
    return datetime(local.year, local.month, local.day, tzinfo=book.zone) - LOOK_BACK, end
