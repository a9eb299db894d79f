"""The command line, in French; each installed collector has its own pair of flags."""

from __future__ import annotations

import argparse
import math
import re
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from exporters.toolkit.config import Choice
from exporters.toolkit.discovery import Catalogue
from inventory.config import ListenAddress
from inventory.process import FrenchParser, add_process_flags, flag_value
from inventory.process.logs import LogFormat

_SWITCH = re.compile(r"--(no-)?collector\.(?!disable-defaults$)([^=]+)")


@dataclass(frozen=True)
class Flags:
    """What the command line says."""

    config: Path
    check: bool
    choice: Choice
    listen_addresses: tuple[ListenAddress, ...]
    web_config: Path | None
    telemetry_path: str
    max_requests: int
    timeout_offset: float
    exporter_metrics: bool
    systemd_socket: bool
    log_level: str
    log_format: LogFormat


def _count(text: str) -> int:
    number = int(text)
    if number < 0:
        raise ValueError
    return number


def _seconds(text: str) -> float:
    number = float(text)
    if not 0 <= number < math.inf:
        raise ValueError
    return number


def _path(text: str) -> str:
    # Two slashes in front begin the name of a host, and no request would come through.
    good = re.fullmatch(r"/(?!/)[A-Za-z0-9_./~-]+", text)
    if not good or text.startswith("/-/") or text == "/probe":
        raise ValueError
    return text


def _parser(catalogue: Catalogue) -> argparse.ArgumentParser:
    parser = FrenchParser(
        "vigie-exporter", "Mesure cette machine pour Prometheus, source par source."
    )
    add_process_flags(parser, "exporter.yml", several_addresses=True)
    web = parser.add_argument_group("Serveur\u00a0")
    web.add_argument(
        "--web.config.file", dest="web_config", metavar="FICHIER", type=Path,
        help="TLS et mots de passe, au format de l'exporter-toolkit de Prometheus",
    )  # fmt: skip
    web.add_argument(
        "--web.systemd-socket", dest="systemd", action="store_true",
        help="sert les prises que systemd transmet (unité .socket), aucune autre adresse",
    )  # fmt: skip
    web.add_argument(
        "--web.telemetry-path", dest="path", metavar="CHEMIN", default="/metrics",
        type=flag_value(_path, "un chemin comme /metrics"),
        help="chemin des mesures (par défaut : %(default)s)",
    )  # fmt: skip
    web.add_argument(
        "--web.max-requests", dest="requests", metavar="N", default=40,
        type=flag_value(_count, "un nombre entier, 0 pour ne pas limiter"),
        help="relevés servis à la fois, 0 pour ne pas limiter (par défaut : %(default)s)",
    )  # fmt: skip
    web.add_argument(
        "--web.timeout-offset", dest="offset", metavar="SECONDES", default=0.5,
        type=flag_value(_seconds, "un nombre de secondes"),
        help="marge retirée au délai annoncé par Prometheus (par défaut : %(default)s)",
    )  # fmt: skip
    web.add_argument(
        "--web.disable-exporter-metrics", dest="bare", action="store_true",
        help="sans les mesures du programme lui-même (process_*, python_*, vigie_exporter_*)",
    )  # fmt: skip
    names = ", ".join(catalogue.names) or "aucun"
    collectors = parser.add_argument_group("Collecteurs\u00a0", f"Installés : {names}.")
    collectors.add_argument(
        "--collector.NOM",
        dest="documented_on",
        action="store_true",
        help="met ce collecteur en marche",
    )
    collectors.add_argument(
        "--no-collector.NOM",
        dest="documented_off",
        action="store_true",
        help="arrête ce collecteur",
    )
    collectors.add_argument(
        "--collector.disable-defaults", dest="no_defaults", action="store_true",
        help="seuls tournent ceux que le fichier ou une option nomme",
    )  # fmt: skip
    collectors.add_argument(
        "--compat", dest="compat", metavar="NOM", action="append", default=[],
        help="sert aussi les mesures sous les noms de cet autre exportateur ; peut être répétée",
    )  # fmt: skip
    return parser


def parse_flags(arguments: Sequence[str] | None, catalogue: Catalogue) -> Flags:
    """The flags. Exit 2 with a French sentence when one is wrong."""
    on: set[str] = set()
    off: set[str] = set()
    others = []
    for argument in sys.argv[1:] if arguments is None else arguments:
        switch = _SWITCH.fullmatch(argument)
        if switch is None:
            others.append(argument)
        else:
            # As everywhere on a command line, the last word counts.
            chosen, dropped = (off, on) if switch[1] else (on, off)
            chosen.add(switch[2])
            dropped.discard(switch[2])
    parsed = _parser(catalogue).parse_args(others)
    return Flags(
        config=parsed.config,
        check=parsed.check,
        choice=Choice(frozenset(on), frozenset(off), parsed.no_defaults, frozenset(parsed.compat)),
        listen_addresses=tuple(parsed.listen),
        web_config=parsed.web_config,
        telemetry_path=parsed.path,
        max_requests=parsed.requests,
        timeout_offset=parsed.offset,
        exporter_metrics=not parsed.bare,
        systemd_socket=parsed.systemd,
        log_level=parsed.level,
        log_format=parsed.form,
    )
