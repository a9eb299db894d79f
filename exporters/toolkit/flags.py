"""The command line, in French; each installed collector has its own pair of flags."""

from __future__ import annotations

import argparse
import math
import platform
import re
import sys
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from importlib.metadata import version
from pathlib import Path
from typing import Any, NoReturn

from exporters.toolkit.address import ListenAddress, parse_address
from exporters.toolkit.config import Choice
from exporters.toolkit.discovery import Catalogue

DEFAULT_CONFIG = Path("/etc/vigie/exporter.yml")
_SWITCH = re.compile(r"--(no-)?collector\.(?!disable-defaults$)([^=]+)")
_TRANSLATIONS = (
    (re.compile(r"^argument ([^:]+): "), r"option \1 : "),
    (re.compile(r"expected one argument"), "attend une valeur"),
    (re.compile(r"ignored explicit argument .*"), "ne prend pas de valeur"),
    (
        re.compile(r"invalid choice: '(.*)' \(choose from (.*)\)"),
        r"« \1 » n'est pas admis ; attendu : \2",
    ),
    (re.compile(r"unrecognized arguments: (.*)"), r"option inconnue : \1"),
)


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
    log_level: str
    log_format: str


class _Help(argparse.HelpFormatter):
    def add_usage(
        self,
        usage: str | None,
        actions: Iterable[Any],
        groups: Iterable[Any],
        prefix: str | None = None,
    ) -> None:
        super().add_usage(usage, actions, groups, "Usage : " if prefix is None else prefix)


class _Parser(argparse.ArgumentParser):
    def error(self, message: str) -> NoReturn:
        for english, french in _TRANSLATIONS:
            message = english.sub(french, message)
        print(f"{self.prog} : {message}\nVoir {self.prog} --help.", file=sys.stderr)
        raise SystemExit(2)


def _value(convert: Callable[[str], Any], expected: str) -> Callable[[str], Any]:
    def parse(text: str) -> Any:
        try:
            return convert(text)
        except ValueError as error:
            words = str(error) if "attendu" in str(error) else f"« {text} » ; attendu : {expected}"
            raise argparse.ArgumentTypeError(words) from None

    return parse


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
    if not re.fullmatch(r"/[A-Za-z0-9_./~-]+", text) or text.startswith("/-/"):
        raise ValueError
    return text


def _parser(catalogue: Catalogue) -> argparse.ArgumentParser:
    parser = _Parser(
        prog="vigie-exporter",
        usage="vigie-exporter [OPTION]…",
        description="Mesure cette machine pour Prometheus, source par source.",
        formatter_class=_Help,
        add_help=False,
        allow_abbrev=False,
    )
    general = parser.add_argument_group("Général\u00a0")
    general.add_argument("-h", "--help", action="help", help="affiche cette aide")
    general.add_argument(
        "--version",
        action="version",
        version=f"vigie-exporter {version('vigie')} (Python {platform.python_version()})",
        help="affiche la version",
    )
    general.add_argument(
        "--config", "--config.file", dest="config", metavar="FICHIER", type=Path,
        default=DEFAULT_CONFIG, help="fichier de configuration (par défaut : %(default)s)",
    )  # fmt: skip
    general.add_argument(
        "--config.check", dest="check", action="store_true",
        help="contrôle la configuration et s'arrête : 0 si elle est valide, 2 sinon",
    )  # fmt: skip
    web = parser.add_argument_group("Serveur\u00a0")
    web.add_argument(
        "--web.listen-address", dest="listen", metavar="HÔTE:PORT", action="append", default=[],
        type=_value(parse_address, "hôte:port"),
        help="adresse d'écoute, à la place de celle du fichier ; peut être répétée",
    )  # fmt: skip
    web.add_argument(
        "--web.config.file", dest="web_config", metavar="FICHIER", type=Path,
        help="TLS et mots de passe, au format de l'exporter-toolkit de Prometheus",
    )  # fmt: skip
    web.add_argument(
        "--web.telemetry-path", dest="path", metavar="CHEMIN", default="/metrics",
        type=_value(_path, "un chemin comme /metrics"),
        help="chemin des mesures (par défaut : %(default)s)",
    )  # fmt: skip
    web.add_argument(
        "--web.max-requests", dest="requests", metavar="N", default=40,
        type=_value(_count, "un nombre entier, 0 pour ne pas limiter"),
        help="relevés servis à la fois, 0 pour ne pas limiter (par défaut : %(default)s)",
    )  # fmt: skip
    web.add_argument(
        "--web.timeout-offset", dest="offset", metavar="SECONDES", default=0.5,
        type=_value(_seconds, "un nombre de secondes"),
        help="marge retirée au délai annoncé par Prometheus (par défaut : %(default)s)",
    )  # fmt: skip
    web.add_argument(
        "--web.disable-exporter-metrics", dest="bare", action="store_true",
        help="sans les mesures du programme lui-même (process_*, python_*)",
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
        choice=Choice(frozenset(on), frozenset(off), parsed.no_defaults),
        listen_addresses=tuple(parsed.listen),
        web_config=parsed.web_config,
        telemetry_path=parsed.path,
        max_requests=parsed.requests,
        timeout_offset=parsed.offset,
        exporter_metrics=not parsed.bare,
        log_level=parsed.level,
        log_format=parsed.form,
    )
