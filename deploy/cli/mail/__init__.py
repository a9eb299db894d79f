"""`vigie mail`: what an account does, how to stop it, whether it is over."""

from __future__ import annotations

import argparse

from deploy.cli.mail import analyse, contain, contained, who

SUMMARY = "Courrier : qui envoie trop, comment l'arrêter, est-ce fini ; relire un journal."
_ACTIONS = {"who": who, "contain": contain, "contained": contained, "analyse": analyse}


def configure(parser: argparse.ArgumentParser) -> None:
    """Declare the actions and their arguments."""
    actions = parser.add_subparsers(dest="action", metavar="ACTION", required=True)
    for name, action in _ACTIONS.items():
        action.configure(actions.add_parser(name, help=action.HELP, description=action.HELP))


def run(arguments: argparse.Namespace) -> int:
    """Run the action; its exit status is ours."""
    status: int = _ACTIONS[arguments.action].run(arguments)
    return status
