"""`vigie`: finds its sub-commands among the modules beside this one."""

from __future__ import annotations

import argparse
import importlib
import pkgutil
import sys
from collections.abc import Sequence
from importlib.metadata import version

import deploy.cli
from deploy.cli._output import drop_output
from inventory.process.french_parser import CommandParser

EXIT_MISSING_LIBRARY = 1
# As a shell says of a command that SIGINT or SIGPIPE ended.
EXIT_INTERRUPTED, EXIT_NOBODY_READS = 130, 141


def _names() -> list[str]:
    return sorted(
        module.name for module in pkgutil.iter_modules(deploy.cli.__path__) if module.name[0] != "_"
    )


def _add(commands: argparse._SubParsersAction[CommandParser], name: str) -> None:
    """Add the command; one whose libraries are not on this host says so when it is run."""
    try:
        module = importlib.import_module(f"deploy.cli.{name}")
    except ModuleNotFoundError as error:
        missing = error.name

        def refuse(_: argparse.Namespace) -> int:
            print(
                f"vigie {name} : bibliothèque absente ({missing}) ;"
                " attendu : pip install 'vigie[all]'",
                file=sys.stderr,
            )
            return EXIT_MISSING_LIBRARY

        command = commands.add_parser(name, help=f"(indisponible ici : {missing} manque)")
        command.add_argument("rest", nargs=argparse.REMAINDER, help=argparse.SUPPRESS)
        command.set_defaults(run=refuse)
        return
    command = commands.add_parser(name, help=module.SUMMARY, description=module.SUMMARY)
    module.configure(command)
    command.set_defaults(run=module.run)


def main(arguments: Sequence[str] | None = None) -> int:
    """Run one sub-command; its exit status is ours."""
    parser = CommandParser(
        "vigie", "Vigie : surveiller le datacenter partagé, prévenir l'astreinte."
    )
    parser.add_argument(
        "--version",
        action="version",
        version=f"vigie {version('vigie')}",
        help="affiche la version",
    )
    commands = parser.add_subparsers(
        dest="command", metavar="COMMANDE", required=True, parser_class=CommandParser
    )
    names, given = _names(), sys.argv[1:] if arguments is None else arguments
    # The others' libraries take seconds to import that an engineer at night does not have.
    for name in given[:1] if given[:1] and given[0] in names else names:
        _add(commands, name)
    parsed = parser.parse_args(arguments)
    try:
        status: int = parsed.run(parsed)
        sys.stdout.flush()
    except KeyboardInterrupt:
        print("\nvigie : interrompu", file=sys.stderr)
        return EXIT_INTERRUPTED
    except BrokenPipeError:
        drop_output()
        return EXIT_NOBODY_READS
    return status


if __name__ == "__main__":
    sys.exit(main())
