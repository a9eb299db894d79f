"""`vigie roster`: who is on duty now, over a span, and where nobody is."""

from __future__ import annotations

import argparse
import sys

from alertmanager.rosters import RosterError
from deploy.cli.roster import calendar, diff, gaps, interventions, now, shifts, statement
from deploy.cli.roster.asked import AskedWrongly
from inventory.config import ConfigurationError
from inventory.process import Clock, refuse_to_start, system_clock

SUMMARY = "Qui est d'astreinte, maintenant ou sur une période, et où il manque quelqu'un."
EXIT_USAGE = 2
_ACTIONS = {
    "now": now,
    "shifts": shifts,
    "gaps": gaps,
    "calendar": calendar,
    "diff": diff,
    "statement": statement,
    "interventions": interventions,
}


def configure(parser: argparse.ArgumentParser) -> None:
    """Declare the actions and their arguments."""
    actions = parser.add_subparsers(dest="action", metavar="ACTION", required=True)
    for name, action in _ACTIONS.items():
        action.configure(actions.add_parser(name, help=action.HELP, description=action.HELP))


def run(arguments: argparse.Namespace, clock: Clock = system_clock) -> int:
    """Run the action. Exit status 2: faulty file or argument; 1: `gaps` found some."""
    try:
        status: int = _ACTIONS[arguments.action].run(arguments, clock)
    except ConfigurationError as error:
        refuse_to_start(error)
    except (AskedWrongly, RosterError) as error:
        print(f"vigie roster : {error}", file=sys.stderr)
        return EXIT_USAGE
    return status
