"""`vigie-status`: the members' status page as a process."""

from __future__ import annotations

import argparse
import contextlib
import errno
import signal
import socket
import sys
import threading
from collections.abc import Iterator, Sequence
from datetime import datetime
from importlib.metadata import version
from pathlib import Path

import structlog
import uvicorn
from prometheus_client import CollectorRegistry, Gauge

from dashboards.status.app import Shelf, build_app
from dashboards.status.poller import Poller, proofs
from dashboards.status.render_html import Contact
from dashboards.status.settings import StatusConfig, load_status_config, split_address
from dashboards.status.site import Site
from dashboards.status.source import PrometheusSource, WebhookSource
from inventory import Inventory, load_inventory
from inventory.config import ConfigurationError
from inventory.process import (
    Clock,
    clock_starting_at,
    configure_logs,
    refuse_to_start,
    system_clock,
)

EXIT_CANNOT_LISTEN = 1
_REFUSALS = {
    errno.EADDRINUSE: "un autre programme tient déjà ce port",
    errno.EACCES: "ce port est réservé à root",
    errno.EADDRNOTAVAIL: "cette adresse n'est pas celle de cette machine",
}
log = structlog.get_logger("vigie-status")


def _clock(text: str) -> Clock:
    try:
        return clock_starting_at(datetime.fromisoformat(text))
    except ValueError:
        raise argparse.ArgumentTypeError(
            f"« {text} » n'est pas un instant ; attendu : 2026-05-01T07:12:00+02:00"
        ) from None


def _address(text: str) -> str:
    try:
        split_address(text)
    except ValueError as error:
        raise argparse.ArgumentTypeError(str(error)) from None
    return text


def parser() -> argparse.ArgumentParser:
    """The flags of the process."""
    flags = argparse.ArgumentParser(
        prog="vigie-status", description="Page d'état des services, pour les membres et le public."
    )
    flags.add_argument("--config", metavar="FICHIER", type=Path, default="/etc/vigie/status.yml")
    flags.add_argument("--config.check", dest="check", action="store_true",
                       help="vérifier la configuration et s'arrêter")  # fmt: skip
    flags.add_argument("--web.listen-address", dest="listen", metavar="HÔTE:PORT", type=_address)
    flags.add_argument("--log.level", dest="level", default="info",
                       choices=("debug", "info", "warning", "error"))  # fmt: skip
    flags.add_argument("--log.format", dest="form", default="logfmt", choices=("logfmt", "json"))
    flags.add_argument("--clock.start", dest="clock", metavar="INSTANT", type=_clock,
                       default=system_clock,
                       help="faire comme s'il était cet instant (exercices seulement)")  # fmt: skip
    flags.add_argument("--version", action="version", version=f"vigie-status {version('vigie')}")
    return flags


def _listen(address: str) -> socket.socket:
    """A listening socket, taken before anything else starts. Exit with a message if refused."""
    host, port = split_address(address)
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    listener = socket.socket(family, socket.SOCK_STREAM)
    listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        listener.bind((host, port))
        listener.listen(512)
    except OSError as error:
        print(
            f"Impossible d'écouter sur {address} : "
            + _REFUSALS.get(error.errno or 0, error.strerror or "raison inconnue")
            + ". Choisissez une autre adresse avec --web.listen-address ou web.listen_address.",
            file=sys.stderr,
        )
        raise SystemExit(EXIT_CANNOT_LISTEN) from None
    return listener


class _Server(uvicorn.Server):
    """Uvicorn that ends with status 0 on SIGTERM, instead of dying of the signal once drained."""

    @contextlib.contextmanager
    def capture_signals(self) -> Iterator[None]:
        for number in (signal.SIGTERM, signal.SIGINT):
            signal.signal(number, lambda *_: setattr(self, "should_exit", True))
        yield


def serve(config: StatusConfig, inventory: Inventory, address: str, clock: Clock) -> None:
    """Listen, poll and answer until SIGTERM."""
    listener = _listen(address)
    registry = CollectorRegistry()
    Gauge("vigie_status_build_info", "Version of vigie-status.", ["version"], registry=registry
          ).labels(version("vigie")).set(1)  # fmt: skip
    contact = Contact(**config.contact.model_dump())
    site = Site(
        inventory,
        config.link_key(),
        base=config.base_url(address),
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
    server = _Server(
        uvicorn.Config(
            build_app(shelf, site.tokens, registry),
            log_config=None,
            access_log=False,
            server_header=False,
            lifespan="off",
            timeout_graceful_shutdown=5,
        )
    )
    log.info("listening", address=address, members=len(inventory.members))
    try:
        server.run(sockets=[listener])
    finally:
        stop.set()
    log.info("stopped")


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
        print(f"{flags.config} : configuration correcte.")
        return 0
    serve(config, inventory, flags.listen or config.web.listen_address, flags.clock)
    return 0
