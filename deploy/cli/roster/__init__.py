"""`vigie roster`: who is on duty now, over a span, and where nobody is."""

from __future__ import annotations

import argparse
import importlib
import sys
from types import ModuleType
from typing import Any

from alertmanager.rosters import RosterError
from deploy.cli.roster.asked import AskedWrongly
from inventory.config import ConfigurationError
from inventory.process import Clock, refuse_to_start, system_clock
from inventory.process.french_parser import CommandParser

SUMMARY = "Qui est d'astreinte, maintenant ou sur une période, et où il manque quelqu'un."
EXIT_MISSING_LIBRARY = 1
EXIT_USAGE = 2
_ACTIONS = {
    "now": "qui est d'astreinte, et pourquoi",
    "shifts": "les tours d'une période (14 jours si rien n'est dit)",
    "gaps": "les trous d'une période (400 jours si rien n'est dit) ; code 1 s'il y en a",
    "calendar": "les tours d'un tour d'astreinte ou d'une personne, pour un agenda (.ics)",
    "diff": "ce qu'un fichier changerait sur 400 jours, et pour qui ; code 1 si quelqu'un est"
    " concerné avant 15 jours francs",
    "statement": "l'état d'astreinte d'un mois : indemnités, interventions, repos, coût par"
    " commune",
    "interventions": "les interventions d'un mois proposées d'après le journal, à compléter et à"
    " confirmer",
}


def _module(action: str) -> ModuleType:
    return importlib.import_module(f"deploy.cli.roster.{action}")


class _ActionParser(CommandParser):
    """Reads the module of its action when it is the one asked for.

    Who is on duty is asked at night: it must not wait for the libraries of the others.
    """

    action = ""

    def parse_known_args(self, args: Any = None, namespace: Any = None) -> Any:
        """As argparse's, with the arguments of the action."""
        try:
            _module(self.action).configure(self)
        except ModuleNotFoundError as error:
            expected = "attendu : pip install 'vigie[all]'"
            self.exit(
                EXIT_MISSING_LIBRARY,
                f"{self.prog} : bibliothèque absente ({error.name}) ; {expected}\n",
            )
        return super().parse_known_args(args, namespace)


def configure(parser: argparse.ArgumentParser) -> None:
    """Declare the actions; each declares its own arguments."""
    actions = parser.add_subparsers(
        dest="action", metavar="ACTION", required=True, parser_class=_ActionParser
    )
    for name, text in _ACTIONS.items():
        actions.add_parser(name, help=text, description=text).action = name


def run(arguments: argparse.Namespace, clock: Clock = system_clock) -> int:
    """Run the action. Exit status 2: faulty file or argument; 1: `gaps` found some."""
    try:
        status: int = _module(arguments.action).run(arguments, clock)
    except ConfigurationError as error:
        refuse_to_start(error)
    except (AskedWrongly, RosterError) as error:
        print(f"vigie roster : {error}", file=sys.stderr)
        return EXIT_USAGE
    return status
