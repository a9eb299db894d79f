"""`vigie journal`: whether the pager's journal is whole, and who was told what of an incident."""

from __future__ import annotations

import argparse
import json
import sys
from dataclasses import asdict
from datetime import datetime
from pathlib import Path
from zoneinfo import ZoneInfo

from sqlalchemy import select

from alertmanager.incidents.told import Told, incident_named, told
from alertmanager.rosters.explain import french_instant
from alertmanager.store.database import Store, StoreError
from alertmanager.store.journal import verify
from alertmanager.store.tables import Incident, JournalLine
from alertmanager.webhook.settings import WebhookConfig, load_webhook_config
from inventory.config import ConfigurationError
from inventory.process import refuse_to_start

SUMMARY = (
    "Journal des alertes : est-il intact, et qui a été prévenu de quoi, quand, avec quelle preuve."
)
EXIT_BROKEN = 1
EXIT_USAGE = 2
_KINDS = {
    "page": "alerte",
    "digest": "résumé",
    "resolution": "fin",
    "confirmation": "confirmation",
    "taken": "prise en charge par un autre",
    "help": "explication",
}
_STATES = {
    "pending": "attend de partir",
    "leased": "part à l'instant",
    "accepted": "accepté par la passerelle, remise pas encore prouvée",
    "delivered": "remis",
    "failed": "refusé",
    "unconfirmed": "remise jamais prouvée",
    "cancelled": "annulé : plus utile",
}


def configure(parser: argparse.ArgumentParser) -> None:
    """Declare the arguments."""
    actions = parser.add_subparsers(dest="action", metavar="ACTION", required=True)
    actions.add_parser(
        "verify", help="contrôler chaque ligne du journal ; code 1 si l'une a été changée"
    )
    of_one = actions.add_parser("told", help="qui a été prévenu d'un incident, et la preuve")
    of_one.add_argument(
        "incident", metavar="INCIDENT", help="son code de quatre chiffres, ou son id"
    )
    for action in actions.choices.values():
        action.add_argument(
            "--config",
            metavar="FICHIER",
            type=Path,
            default=Path("/etc/vigie/webhook.yml"),
            help="%(default)s par défaut",
        )
        action.add_argument(
            "--format", choices=("text", "json"), default="text", help="text par défaut"
        )


def run(arguments: argparse.Namespace) -> int:
    """Print the answer. Exit status 1: broken, or no such incident; 2: faulty configuration."""
    try:
        config = load_webhook_config(arguments.config)
    except ConfigurationError as error:
        refuse_to_start(error)
    path = config.file.store.path
    if path is not None and not path.exists():
        expected = "celle d'un vigie-webhook qui a tourné"
        print(f"vigie journal : aucune base à {path} ; attendu : {expected}", file=sys.stderr)
        return EXIT_USAGE
    store = Store(config.file.store.database_url())
    try:
        if arguments.action == "verify":
            return _verify(store, arguments.format)
        return _told(store, config, arguments)
    except StoreError as error:
        print(f"vigie journal : {error}", file=sys.stderr)
        return EXIT_USAGE
    finally:
        store.close()


def _verify(store: Store, form: str) -> int:
    with store.read() as session:
        count, broken = verify(session)
        last = session.scalar(select(JournalLine.hash).where(JournalLine.id == count))
    if form == "json":
        _print_json(
            {"sound": broken is None, "lines": count, "first_broken": broken, "last_hash": last}
        )
    elif broken is None:
        print(f"Journal intact : {count} lignes, dernière empreinte {last or '(aucune ligne)'}.")
    else:
        print(f"JOURNAL ALTÉRÉ à la ligne {broken} : changée, retirée ou ajoutée après coup.")
        print("Ce qui suit n'est plus prouvé ; comparer avec une sauvegarde de la base.")
    return 0 if broken is None else EXIT_BROKEN


def _told(store: Store, config: WebhookConfig, arguments: argparse.Namespace) -> int:
    with store.read() as session:
        incident = incident_named(session, arguments.incident)
        if incident is None:
            print(
                f"vigie journal : aucun incident « {arguments.incident} » ;"
                " attendu : un code de quatre chiffres, comme dans le SMS, ou un id",
                file=sys.stderr,
            )
            return EXIT_BROKEN
        messages = told(session, incident)
    if arguments.format == "json":
        _print_json(
            {"incident": incident.id, "code": incident.code, "told": list(map(asdict, messages))}
        )
        return 0
    zone = ZoneInfo(config.inventory.syndicate.timezone)
    _print_incident(incident, zone)
    for message in messages:
        _print_message(message, zone)
    if not messages:
        print("Personne n'a été prévenu.")
    return 0


def _print_incident(incident: Incident, zone: ZoneInfo) -> None:
    place = f", {incident.member}" if incident.member else ""
    print(f"Incident {incident.code}, {incident.service or incident.title}{place} ({incident.id})")
    print(f"Ouvert {_at(incident.opened_at, zone)}, {incident.title}")
    if incident.acknowledged_by and incident.acknowledged_at:
        print(
            f"Pris en charge par {incident.acknowledged_by} {_at(incident.acknowledged_at, zone)}"
        )
    if incident.resolved_at:
        print(f"Terminé {_at(incident.resolved_at, zone)}")


def _print_message(message: Told, zone: ZoneInfo) -> None:
    by = f"{message.channel} ({message.provider})" if message.provider else message.channel
    kind = _KINDS.get(message.kind, message.kind)
    print(f"\n{message.name}, {kind} par {by} : {_STATES[message.state]}")
    print(f"  « {message.text} »")
    for word, instant in (
        ("décidé", message.decided_at),
        ("accepté", message.accepted_at),
        ("remis", message.delivered_at),
        ("répondu", message.answered_at),
    ):
        if instant is not None:
            said = f" : « {message.answer} »" if word == "répondu" and message.answer else ""
            print(f"  {word} {_at(instant, zone)}{said}")
    for proof in message.proof:
        detail = f" « {proof.detail} »" if proof.detail else ""
        print(f"  preuve : ligne {proof.line}, {proof.event}{detail}, empreinte {proof.hash[:16]}…")


def _at(instant: datetime, zone: ZoneInfo) -> str:
    return f"le {french_instant(instant, zone, year=True)} min {instant.astimezone(zone):%S} s"


def _print_json(data: object) -> None:
    json.dump(data, sys.stdout, ensure_ascii=False, indent=2, default=_iso)
    print()


def _iso(value: object) -> str:
    if isinstance(value, datetime):
        return value.isoformat().replace("+00:00", "Z")
    raise TypeError(type(value).__name__)
