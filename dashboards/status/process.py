"""`vigie-status`: the members' status page as a process."""

from __future__ import annotations

import argparse
import socket
import sys
import threading
from collections.abc import Sequence
from dataclasses import replace
from importlib.metadata import version

import structlog
import uvicorn
from prometheus_client import CollectorRegistry, Gauge

from dashboards.status.app import Shelf, build_app
from dashboards.status.poller import Poller, proofs
from dashboards.status.render_html import Contact
from dashboards.status.settings import StatusConfig, load_status_config
from dashboards.status.site import Site
from dashboards.status.source import PrometheusSource, WebhookSource
from inventory import Inventory, load_inventory
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
log = structlog.get_logger("vigie-status")


def parser() -> argparse.ArgumentParser:
    """The flags of the process."""
    flags = FrenchParser("vigie-status", "Page d'état des services, pour les membres et le public.")
    add_process_flags(flags, "status.yml")
    add_clock_flag(flags)
    return flags


def serve(
    config: StatusConfig, inventory: Inventory, listener: socket.socket, base: str, clock: Clock
) -> bool:
    """Poll and answer until SIGTERM, as `base`. False: the server ended by itself."""
    registry = CollectorRegistry()
    Gauge("vigie_status_build_info", "Version of vigie-status.", ["version"], registry=registry
          ).labels(version("vigie")).set(1)  # fmt: skip
    contact = Contact(**config.contact.model_dump())
    site = Site(
        inventory,
        config.link_key(),
        base=base,
        contact=contact,
        versions=config.member_link_versions,
        patience=config.unknown_after,
    )
    shelf = Shelf()
    poller = Poller(
        site,
        incidents=WebhookSource(config.webhook.url, config.webhook.token_file),
        watch=PrometheusSource(
            config.prometheus.url, proofs(inventory, config.prometheus.services)
        ),
        publish=shelf.put,
        clock=clock,
        registry=registry,
    )
    stop = threading.Event()
    thread = threading.Thread(
        target=poller.run, args=(stop, config.refresh_interval), name="poller", daemon=True
    )
    thread.start()
    # No access log: the path of a member's page is its secret.
    server = uvicorn.Server(
        uvicorn.Config(
            build_app(shelf, site.tokens, registry),
            log_config=None,
            access_log=False,
            server_header=False,
            lifespan="off",
            timeout_graceful_shutdown=5,
        )
    )
    try:
        return serve_until_stopped(server, listener)
    finally:
        stop.set()


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the process; its exit status."""
    flags = parser().parse_args(arguments)
    configure_logs(flags.level, flags.form)
    try:
        config = load_status_config(flags.config)
        inventory = load_inventory(config.inventory)
    except ConfigurationError as error:
        refuse_to_start(error)
    if flags.check:
        print(f"{flags.config} : configuration valide.")
        return 0
    clock = clock_of(flags)
    wanted: ListenAddress = flags.listen or config.web.listen_address
    try:
        listener = listen(wanted)
    except ListenError as error:
        print(error, file=sys.stderr)
        return EXIT_CANNOT_LISTEN
    address = replace(wanted, port=address_of(listener).port)
    log.info("listening", address=str(address), members=len(inventory.members))
    with listener:
        asked = serve(config, inventory, listener, config.base_url(address), clock)
    log.info("stopped")
    return 0 if asked else EXIT_CANNOT_RUN
