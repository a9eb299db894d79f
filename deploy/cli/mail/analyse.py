"""`vigie mail analyse`: when a log would have called the duty engineer, and why."""

from __future__ import annotations

import argparse
import json
import sys
from pathlib import Path
from zoneinfo import ZoneInfo

import holidays

from deploy.cli.mail.reasons_text import french, gaps, rfc3339
from deploy.cli.mail.trail import events_of
from exporters.mailqueue.detector import Analysis, BulkSenders, Detection, Detector
from exporters.mailqueue.detector.bulk_senders import BulkSendersFile
from exporters.mailqueue.log.events import Unparsed
from inventory.config import ConfigurationError, load_config
from inventory.config.reason import reason

HELP = "rejoue un journal : quand l'astreinte aurait été appelée, et pourquoi"
EXIT_USAGE = 2


def _zone(text: str) -> ZoneInfo:
    try:
        return ZoneInfo(text)
    except (ValueError, OSError, KeyError):
        raise argparse.ArgumentTypeError(
            f"fuseau inconnu : « {text} » ; attendu : Europe/Paris"
        ) from None


def _year(text: str) -> int:
    if not (text.isascii() and text.isdigit() and 1970 <= int(text) <= 9000):
        raise argparse.ArgumentTypeError(f"« {text} » n'est pas une année ; attendu : 2026")
    return int(text)


def _after_its_line(page: Detection) -> Detection:
    """At the next whole second: events have none of the stamp's fraction, which came before it."""
    return page._replace(time=page.time + 1)


def configure(analyse: argparse.ArgumentParser) -> None:
    """Declare the arguments."""
    analyse.add_argument(
        "logs", metavar="JOURNAL", type=Path, nargs="+", help="mail.log, aussi .gz, .bz2, .xz"
    )
    analyse.add_argument(
        "--bulk-senders", metavar="FICHIER", type=Path, help="les envois en nombre admis (YAML)"
    )
    analyse.add_argument(
        "--year",
        metavar="ANNÉE",
        type=_year,
        help="celle de la première ligne, si elle ne la dit pas",
    )
    analyse.add_argument(
        "--timezone",
        metavar="FUSEAU",
        type=_zone,
        default="Europe/Paris",
        help="celui des bureaux, et du journal s'il ne le dit pas (Europe/Paris)",
    )
    analyse.add_argument(
        "--format", choices=("text", "json"), default="text", help="text par défaut"
    )
    analyse.add_argument(
        "--json", dest="format", action="store_const", const="json", help="comme --format json"
    )


def run(arguments: argparse.Namespace) -> int:
    """Print what was found. Exit status 2: a file that cannot be read."""
    try:
        listed = arguments.bulk_senders
        entries = load_config(listed, BulkSendersFile).bulk_senders if listed else []
    except ConfigurationError as error:
        print(error, file=sys.stderr)
        return EXIT_USAGE
    zone: ZoneInfo = arguments.timezone
    holiday = holidays.country_holidays("FR").__contains__
    analysis = Analysis(Detector(zone, holiday, BulkSenders(entries)))
    found: list[Detection] = []
    read = unread = 0
    try:
        for event in events_of(arguments.logs, zone, arguments.year):
            if isinstance(event, Unparsed):
                unread += 1
            else:
                read += 1
                found += [_after_its_line(page) for page in analysis.feed(event)]
    except OSError as error:
        where = f"{error.filename} : " if error.filename else ""
        print(f"vigie mail : {where}{reason(error)}", file=sys.stderr)
        return EXIT_USAGE
    if unread or not read:
        print(f"vigie mail : {gaps(read, unread)}", file=sys.stderr)
    if arguments.format == "json":
        rows = [{**d._asdict(), "time": rfc3339(d.time, zone)} for d in found]
        json.dump({"detections": rows}, sys.stdout, ensure_ascii=False, indent=2)
        print()
    else:
        sys.stdout.write(french(found, zone))
    return 0
