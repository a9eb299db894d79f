"""The process: flags and files in, a server out, until it is told to stop."""

from __future__ import annotations

import os
import socket
import sys
from collections.abc import Sequence

import structlog

from exporters.toolkit.assembly import announce, close, make_runners, prepare
from exporters.toolkit.config import ExporterConfig, load_exporter_config
from exporters.toolkit.discovery import Catalogue, discover
from exporters.toolkit.flags import Flags, parse_flags
from exporters.toolkit.routes import Application
from exporters.toolkit.runner import Runner
from exporters.toolkit.scrape import Scraper
from exporters.toolkit.server import Server
from exporters.toolkit.telemetry import Telemetry
from exporters.toolkit.webgate import WebGate
from inventory.config import ConfigurationError, Gathering, ListenAddress
from inventory.process import (
    EXIT_CANNOT_RUN,
    ListenError,
    SignalInbox,
    address_of,
    bind,
    configure_logs,
    refuse_to_start,
    system_clock,
)

DRAIN_SECONDS = 10.0

_log = structlog.get_logger("vigie.exporter")


def _read(flags: Flags, catalogue: Catalogue) -> tuple[ExporterConfig, WebGate]:
    """Both files. Raise ConfigurationError with the faults of both."""
    gathering = Gathering()
    config = gathering.attempt(lambda: load_exporter_config(flags.config, flags.choice, catalogue))
    gate = gathering.attempt(lambda: WebGate(flags.web_config))
    if config is None or gate is None:
        raise ConfigurationError(gathering.faults)
    return config, gate


def _bind_all(addresses: Sequence[ListenAddress]) -> list[socket.socket]:
    """Sockets bound to every address. Raise ListenError; none is left open then."""
    sockets: list[socket.socket] = []
    try:
        for address in addresses:
            sockets.append(bind(address))  # noqa: PERF401 - those bound so far must be closed
    except ListenError:
        for bound in sockets:
            bound.close()
        raise
    return sockets


def _serve(
    flags: Flags,
    config: ExporterConfig,
    gate: WebGate,
    runners: Sequence[Runner],
    sockets: Sequence[socket.socket],
) -> None:
    telemetry = Telemetry(process=flags.exporter_metrics)
    application = Application(
        Scraper(runners, config.broken, telemetry.collect),
        gate,
        telemetry_path=flags.telemetry_path,
        timeout_offset=flags.timeout_offset,
        max_requests=flags.max_requests,
    )
    server = Server(sockets, gate, application.answer)
    signals = SignalInbox()
    addresses = [str(address_of(bound)) for bound in sockets]
    server.start()
    application.ready = True
    _log.info(
        "à l'écoute",
        addresses=",".join(addresses),
        collectors=",".join(r.name for r in runners) or "aucun",
    )
    signals.wait_for_stop()
    application.ready = False
    _log.info("arrêt demandé, les relevés en cours se terminent")
    if not server.stop(DRAIN_SECONDS):
        _log.warning("des relevés n'étaient pas terminés", seconds=DRAIN_SECONDS)


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the exporter until SIGTERM. Exit 2: bad configuration; 1: cannot listen; 0: stopped."""
    catalogue = discover()
    flags = parse_flags(arguments, catalogue)
    configure_logs(flags.log_level, flags.log_format)
    for sentence in catalogue.set_aside:
        _log.warning("collecteur écarté", reason=sentence)
    try:
        config, gate = _read(flags, catalogue)
        if flags.check:
            names = ", ".join(e.plugin.name for e in config.collectors) or "aucun"
            print(f"Configuration valide : {flags.config}. Collecteurs : {names}.")
            return 0
        announce(config, os.geteuid())
        runners = make_runners(config, system_clock)
        # Bound before anything is opened, so that a second copy touches no state of the first.
        sockets = _bind_all(flags.listen_addresses or config.listen_addresses)
        prepare(config, runners)
    except ConfigurationError as error:
        refuse_to_start(error)
    except ListenError as error:
        print(error, file=sys.stderr)
        return EXIT_CANNOT_RUN
    _serve(flags, config, gate, runners, sockets)
    close(runners)
    _log.info("arrêté")
    return 0
