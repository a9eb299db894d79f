"""`vigie-webhook`: receives alerts, decides who must know, pages them, proves it."""

from __future__ import annotations

import argparse
import socket
import sys
from collections.abc import Sequence
from dataclasses import replace

import structlog
import uvicorn

from alertmanager.store.database import StoreError
from alertmanager.webhook.app import build_app
from alertmanager.webhook.pager import Pager, build_pager
from alertmanager.webhook.settings import WebhookConfig, load_webhook_config
from inventory.config import ConfigurationError, ListenAddress
from inventory.process import (
    EXIT_CANNOT_LISTEN,
    Clock,
    FrenchParser,
    ListenError,
    add_clock_flag,
    add_process_flags,
    address_of,
    clock_of,
    configure_logs,
    listen,
    refuse_to_start,
    serve_until_stopped,
)

EXIT_CANNOT_RUN = 1
_DRAIN_SECONDS = 8

log = structlog.get_logger("vigie.webhook")


def parser() -> argparse.ArgumentParser:
    """The flags of the process."""
    flags = FrenchParser(
        "vigie-webhook", "Reçoit les alertes, trouve qui est d'astreinte, le prévient, le prouve."
    )
    add_process_flags(flags, "webhook.yml")
    add_clock_flag(flags)
    return flags


def main(arguments: Sequence[str] | None = None) -> int:
    """Exit status: 0 after a clean stop, 1 if it cannot run, 2 if the configuration is wrong."""
    flags = parser().parse_args(arguments)
    configure_logs(flags.level, flags.form)
    try:
        config = load_webhook_config(flags.config)
    except ConfigurationError as error:
        refuse_to_start(error)
    if flags.check:
        print(f"{flags.config} : configuration valide.")
        return 0
    return _run(config, clock_of(flags), flags.listen or config.file.web.listen_address)


def _run(config: WebhookConfig, clock: Clock, wanted: ListenAddress) -> int:
    try:
        listener = listen(wanted)
    except ListenError as error:
        print(error, file=sys.stderr)
        return EXIT_CANNOT_LISTEN
    address = replace(wanted, port=address_of(listener).port)
    with listener:
        try:
            pager = build_pager(config, clock, config.file.public_url or address.url)
        except (StoreError, ValueError) as error:
            return _cannot_run(error)
        log.info("listening", address=str(address))
        try:
            return _serve(pager, listener)
        except StoreError as error:
            return _cannot_run(error)


def _cannot_run(error: Exception) -> int:
    print(f"vigie-webhook : {error}.", file=sys.stderr)
    return EXIT_CANNOT_RUN


def _serve(pager: Pager, listener: socket.socket) -> int:
    for notifier in pager.notifiers.values():
        log.info("notifier", what=notifier.describe())
    server = uvicorn.Server(
        uvicorn.Config(
            build_app(pager),
            log_config=None,
            # Callback URLs carry phone numbers and message tokens.
            access_log=False,
            proxy_headers=False,
            server_header=False,
            timeout_graceful_shutdown=_DRAIN_SECONDS,
            lifespan="off",
        )
    )
    try:
        pager.courier.start()
        asked = serve_until_stopped(server, listener)
    finally:
        pager.close()
    log.info("stopped")
    return 0 if asked else EXIT_CANNOT_RUN
