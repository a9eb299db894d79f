"""The flags that every process takes, with their help in French."""

from __future__ import annotations

import argparse
import platform
from datetime import datetime
from importlib.metadata import version
from pathlib import Path

from inventory.config.address import parse_address
from inventory.process.clock import Clock, clock_starting_at, system_clock
from inventory.process.french_parser import flag_value
from inventory.process.logs import get_logger

_INSTANT = "2026-05-01T07:12:00+02:00"


def add_process_flags(
    parser: argparse.ArgumentParser, file: str, *, several_addresses: bool = False
) -> None:
    """Add what all processes share; `file` is the name of the configuration file.

    Read them as `config`, `check`, `listen`, `level` and `form`. `listen` is an
    address or None; with `several_addresses`, a list that may be empty.
    """
    general = parser.add_argument_group("Général\u00a0")
    general.add_argument("-h", "--help", action="help", help="affiche cette aide")
    general.add_argument(
        "--version",
        action="version",
        version=f"{parser.prog} {version('vigie')} (Python {platform.python_version()})",
        help="affiche la version",
    )
    general.add_argument(
        "--config", "--config.file", dest="config", metavar="FICHIER", type=Path,
        default=Path("/etc/vigie", file),
        help="fichier de configuration (par défaut : %(default)s)",
    )  # fmt: skip
    general.add_argument(
        "--config.check", dest="check", action="store_true",
        help="contrôle la configuration et s'arrête : 0 si elle est valide, 2 sinon",
    )  # fmt: skip
    general.add_argument(
        "--web.listen-address", dest="listen", metavar="HÔTE:PORT",
        type=flag_value(parse_address, "hôte:port"),
        action="append" if several_addresses else "store",
        default=[] if several_addresses else None,
        help="adresse d'écoute, à la place de celle du fichier"
        + (" ; peut être répétée" if several_addresses else ""),
    )  # fmt: skip
    logs = parser.add_argument_group("Journal\u00a0")
    logs.add_argument(
        "--log.level", dest="level", default="info", choices=("debug", "info", "warning", "error"),
        help="niveau (par défaut : %(default)s)",
    )  # fmt: skip
    logs.add_argument(
        "--log.format", dest="form", default="logfmt", choices=("logfmt", "json"),
        help="forme (par défaut : %(default)s)",
    )  # fmt: skip


def _clock(text: str) -> Clock:
    return clock_starting_at(datetime.fromisoformat(text))


def add_clock_flag(parser: argparse.ArgumentParser) -> None:
    """Add ``--clock.start``, for drills; read it with `clock_of`."""
    drills = parser.add_argument_group("Exercices\u00a0")
    drills.add_argument(
        "--clock.start", dest="clock", metavar="INSTANT", default=system_clock,
        type=flag_value(_clock, _INSTANT),
        help="fait comme s'il était cet instant (exercices seulement)",
    )  # fmt: skip


def clock_of(flags: argparse.Namespace) -> Clock:
    """The clock that the flags ask for. One that is not the machine's is told in the log."""
    clock: Clock = flags.clock
    if clock is not system_clock:
        get_logger("vigie").warning(
            "drill_clock", now=clock().isoformat(), real=system_clock().isoformat()
        )
    return clock
