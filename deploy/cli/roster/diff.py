"""`vigie roster diff`: what a file would change for people, before it is applied."""

from __future__ import annotations

import argparse
from pathlib import Path

from alertmanager.duty.rows import changes, leaves
from alertmanager.rosters import load_rosters
from alertmanager.rosters.diff_report import RosterDiff, roster_diff
from deploy.cli.roster import asked, database, diff_told
from deploy.cli.roster.running import DEFAULT_FILE, diff_of_running
from inventory import load_inventory
from inventory.process import Clock

EXIT_SOON = 1


def configure(parser: argparse.ArgumentParser) -> None:
    """Declare the arguments."""
    asked.add_book(parser)
    against = parser.add_mutually_exclusive_group(required=True)
    against.add_argument("--against", metavar="FICHIER", type=Path, help="le rosters.yml d'avant")
    against.add_argument(
        "--running",
        metavar="OÙ",
        nargs="?",
        const=str(DEFAULT_FILE),
        help="le vigie-webhook qui tourne, avec ses remplacements et congés : son webhook.yml"
        f" ({DEFAULT_FILE} si rien n'est dit) ou son adresse http",
    )
    parser.add_argument(
        "--token-file",
        metavar="FICHIER",
        type=Path,
        help="jeton d'opérateur, avec --running et une adresse http",
    )
    parser.add_argument(
        "--database",
        metavar="BASE",
        help=f"avec --against : compter remplacements, échanges et congés ({database.HELP})",
    )
    asked.add_format(parser)


def run(arguments: argparse.Namespace, clock: Clock) -> int:
    """Print the diff. Return 1 if it changes anything for anybody soon. Raise AskedWrongly."""
    diff = _diff(arguments, clock)
    if arguments.format == "json":
        print(diff.model_dump_json(indent=2))
    else:
        for line in diff_told.lines(diff):
            print(line)
    return EXIT_SOON if diff.soon else 0


def _diff(arguments: argparse.Namespace, clock: Clock) -> RosterDiff:
    new = asked.book_of(arguments)  # its own faults, with their lines, before anybody is asked
    if arguments.running is not None:
        if arguments.database is not None:
            raise asked.AskedWrongly(
                "--database : seulement avec --against ; ce qui tourne a la sienne"
            )
        return diff_of_running(arguments.running, arguments.token_file, arguments.config)
    inventory = load_inventory(arguments.inventory) if arguments.inventory else None
    old, now = load_rosters(arguments.against, inventory), clock()
    if arguments.database is not None:
        with database.reading(arguments.database) as session:
            over = changes(session, now), leaves(session, now)
        old, new = old.with_changes(*over), new.with_changes(*over)
    return roster_diff(old, new, now)
