"""`vigie roster interventions`: what the journal suggests, for the agents to complete."""

from __future__ import annotations

import argparse
import sys
from pathlib import Path
from zoneinfo import ZoneInfo

from alertmanager.duty.worked import proposals
from alertmanager.statement.period import Period
from alertmanager.statement.proposals import proposals_yaml
from deploy.cli.roster import database
from deploy.cli.roster.asked import AskedWrongly, book_of
from deploy.cli.roster.written import add_out, write
from inventory.process import Clock


def configure(parser: argparse.ArgumentParser) -> None:
    """Declare the arguments."""
    parser.add_argument("--database", metavar="BASE", required=True, help=database.HELP)
    parser.add_argument("--month", metavar="AAAA-MM", required=True, help="le mois")
    parser.add_argument(
        "--config", metavar="FICHIER", type=Path, help="rosters.yml : son fuseau, ses personnes"
    )
    parser.add_argument("--inventory", metavar="FICHIER", type=Path, help="inventory.yml")
    add_out(parser)


def run(arguments: argparse.Namespace, _clock: Clock) -> int:
    """Write the file of the month."""
    try:
        period = Period.month(arguments.month)
    except ValueError as error:
        raise AskedWrongly(f"--month : {error}") from None
    book = book_of(arguments) if arguments.config else None
    zone = book.zone if book else ZoneInfo("Europe/Paris")
    with database.reading(arguments.database) as session:
        found = proposals(session, *period.span(zone))
    if book is not None:
        known = {person.id for person in book.persons}
        for one in found:
            if one.person not in known:
                print(
                    f"vigie roster : {one.name} a pris l'incident {one.incident} sans être dans"
                    " rosters.yml : non proposé",
                    file=sys.stderr,
                )
        found = [one for one in found if one.person in known]
    write(proposals_yaml(found, arguments.month, zone).encode(), arguments.out)
    return 0
