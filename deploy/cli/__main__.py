"""`vigie`: finds its sub-commands among the modules beside this one."""

from __future__ import annotations

import argparse
import importlib
import pkgutil
import sys
from collections.abc import Sequence
from importlib.metadata import version

import deploy.cli


def _names() -> list[str]:
    return sorted(
        module.name for module in pkgutil.iter_modules(deploy.cli.__path__) if module.name[0] != "_"
    )


def main(arguments: Sequence[str] | None = None) -> int:
    """Run one sub-command; its exit status is ours."""
    parser = argparse.ArgumentParser(
        prog="vigie", description="Vigie : surveiller le datacenter partagé, prévenir l'astreinte."
    )
    parser.add_argument("--version", action="version", version=f"vigie {version('vigie')}")
    commands = parser.add_subparsers(dest="command", metavar="COMMANDE", required=True)
    for name in _names():
        module = importlib.import_module(f"deploy.cli.{name}")
        command = commands.add_parser(name, help=module.SUMMARY, description=module.SUMMARY)
        module.configure(command)
        command.set_defaults(run=module.run)
    parsed = parser.parse_args(arguments)
    status: int = parsed.run(parsed)
    return status


if __name__ == "__main__":
    sys.exit(main())
