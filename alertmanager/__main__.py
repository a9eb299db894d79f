"""`vigie-webhook`: receives alerts, decides who must know, pages them, proves it."""

from __future__ import annotations

import argparse
import contextlib
import socket
import sys
from collections.abc import Sequence
from datetime import datetime
from importlib.metadata import version
from pathlib import Path

import structlog

from alertmanager.store.database import StoreError
from alertmanager.webhook.app import build_app
from alertmanager.webhook.file import split_address
from alertmanager.webhook.pager import Pager, build_pager
from alertmanager.webhook.server import PortTaken, listen, serve
from alertmanager.webhook.settings import WebhookConfig, load_webhook_config
from inventory.config import ConfigurationError
from inventory.process import (
    Clock,
    clock_starting_at,
    configure_logs,
    refuse_to_start,
    system_clock,
)

log = structlog.get_logger("vigie.webhook")


def _instant(text: str) -> datetime:
    instant: datetime | None = None
    with contextlib.suppress(ValueError):
        instant = datetime.fromisoformat(text)
    if instant is None or instant.tzinfo is None:
        raise argparse.ArgumentTypeError(
            f"« {text} » n'est pas un instant ; attendu : 2026-05-01T07:12:00+02:00"
        )
    return instant


def _address(text: str) -> str:
    try:
        split_address(text)
    except ValueError as error:
        raise argparse.ArgumentTypeError(str(error)) from None
    return text


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="vigie-webhook",
        description="Reçoit les alertes, trouve qui est d'astreinte, le prévient, le prouve.",
    )
    add = parser.add_argument
    add("--config", type=Path, required=True, metavar="FICHIER", help="webhook.yml")
    add("--config.check", dest="check", action="store_true", help="valider seulement")
    add("--log.level", dest="level", default="info", choices=("debug", "info", "warning", "error"))
    add("--log.format", dest="format", default="logfmt", choices=("logfmt", "json"))
    add(
        "--web.listen-address",
        dest="address",
        type=_address,
        metavar="HÔTE:PORT",
        help="remplace celle du fichier",
    )
    add(
        "--clock.start",
        dest="start",
        type=_instant,
        metavar="INSTANT",
        help="exercices seulement : l'heure qu'il est",
    )
    add("--version", action="version", version=f"vigie-webhook {version('vigie')}")
    return parser


def main(arguments: Sequence[str] | None = None) -> int:
    """Exit status: 0 after a clean stop, 1 if it cannot run, 2 if the configuration is wrong."""
    options = _parser().parse_args(arguments)
    try:
        config = load_webhook_config(options.config)
    except ConfigurationError as error:
        refuse_to_start(error)
    if options.check:
        print(f"{options.config} : configuration valide.")
        return 0
    configure_logs(options.level, options.format)
    clock: Clock = clock_starting_at(options.start) if options.start else system_clock
    if options.start:
        log.warning("drill_clock", now=clock().isoformat(), real=system_clock().isoformat())
    return _run(config, clock, options.address or config.file.web.listen_address)


def _run(config: WebhookConfig, clock: Clock, address: str) -> int:
    try:
        listener = listen(*split_address(address))
    except PortTaken as error:
        print(f"vigie-webhook : {error}.", file=sys.stderr)
        return 1
    with listener:
        try:
            pager = build_pager(config, clock, config.file.public_url or f"http://{address}")
        except (StoreError, ValueError) as error:
            print(f"vigie-webhook : {error}.", file=sys.stderr)
            return 1
        return _serve(pager, listener, address)


def _serve(pager: Pager, listener: socket.socket, address: str) -> int:
    for notifier in pager.notifiers.values():
        log.info("notifier", what=notifier.describe())
    try:
        pager.courier.start()
        serve(build_app(pager), listener, lambda: log.info("listening", address=address))
    except StoreError as error:
        print(f"vigie-webhook : {error}.", file=sys.stderr)
        return 1
    finally:
        pager.close()
    log.info("stopped")
    return 0


if __name__ == "__main__":
    sys.exit(main())
