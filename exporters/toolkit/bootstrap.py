"""The process: flags and files in, a server out, until it is told to stop."""

from __future__ import annotations

import gc
import os
import socket
import sys
from collections.abc import Sequence

from exporters.toolkit.assembly import announce, close, make_runners, prepare
from exporters.toolkit.config import ExporterConfig, load_exporter_config
from exporters.toolkit.discovery import Catalogue, discover
from exporters.toolkit.flags import Flags, parse_flags
from exporters.toolkit.listening import open_sockets
from exporters.toolkit.routes import Application
from exporters.toolkit.runner import Runner
from exporters.toolkit.scrape import Scraper
from exporters.toolkit.server import Server
from exporters.toolkit.systemd import Service, SocketError, service_of
from exporters.toolkit.targets import Targets
from exporters.toolkit.telemetry import Telemetry, configuration_loaded
from exporters.toolkit.traffic import Traffic, shared
from exporters.toolkit.watchdog import Watchdog
from exporters.toolkit.webgate import WebGate
from inventory.config import ConfigurationError, Gathering
from inventory.process import (
    EXIT_CANNOT_RUN,
    ListenError,
    SignalInbox,
    address_of,
    configure_logs,
    refuse_to_start,
    system_clock,
)
from inventory.process.logs import get_logger

DRAIN_SECONDS = 10.0

_log = get_logger("vigie.exporter")


def _read(flags: Flags, catalogue: Catalogue) -> tuple[ExporterConfig, WebGate]:
    """Both files. Raise ConfigurationError with the faults of both."""
    gathering = Gathering()
    config = gathering.attempt(lambda: load_exporter_config(flags.config, flags.choice, catalogue))
    gate = gathering.attempt(lambda: WebGate(flags.web_config))
    if config is None or gate is None:
        raise ConfigurationError(gathering.faults)
    return config, gate


def _serve(
    flags: Flags,
    config: ExporterConfig,
    gate: WebGate,
    runners: Sequence[Runner],
    *,
    sockets: Sequence[socket.socket],
    service: Service,
    signals: SignalInbox,
) -> None:
    traffic = Traffic()
    loaded = configuration_loaded(system_clock().timestamp())
    telemetry = Telemetry(
        process=flags.exporter_metrics,
        parts=(
            lambda: [loaded, shared((runner.name, runner.shared) for runner in runners)],
            gate.collect,
            traffic.collect,
        ),
    )
    application = Application(
        Scraper(runners, config.broken, telemetry.collect, limits=config.limits),
        gate,
        telemetry_path=flags.telemetry_path,
        timeout_offset=flags.timeout_offset,
        max_requests=flags.max_requests,
        targets=Targets(runners),
        traffic=traffic,
    )
    server = Server(sockets, gate, application.answer, health=application.health)
    addresses = [str(address_of(bound)) for bound in sockets]
    server.start()
    application.ready = True
    names = ", ".join(runner.name for runner in runners) or "aucun collecteur"
    service.notifier.tell("READY=1", f"STATUS=À l'écoute sur {', '.join(addresses)} : {names}")
    watchdog = Watchdog(service, server.answers)
    watchdog.start()
    _log.info(
        "à l'écoute",
        addresses=",".join(addresses),
        collectors=",".join(r.name for r in runners) or "aucun",
    )
    signals.wait_for_stop(gate.recheck)
    application.ready = False
    watchdog.stop()
    service.notifier.tell("STOPPING=1", "STATUS=Les relevés en cours se terminent")
    _log.info("arrêt demandé, les relevés en cours se terminent")
    if not server.stop(DRAIN_SECONDS):
        _log.warning("des relevés n'étaient pas terminés", seconds=DRAIN_SECONDS)


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the exporter until SIGTERM. Exit 2: bad configuration; 1: cannot listen; 0: stopped."""
    service = service_of(os.environ, os.getpid())
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
        # Listening before anything is opened, so that a second copy touches no state of the
        # first; who calls meanwhile waits.
        addresses = flags.listen_addresses or config.listen_addresses
        sockets = open_sockets(addresses, systemd=flags.systemd_socket)
        # From here on there is something to close.
        signals = SignalInbox()
        prepare(config, runners)
        # What was imported and read stays for ever: the garbage collector need not look at it
        # again and again during scrapes.
        gc.collect()
        gc.freeze()
    except ConfigurationError as error:
        refuse_to_start(error)
    except (ListenError, SocketError) as error:
        print(error, file=sys.stderr)
        return EXIT_CANNOT_RUN
    _serve(flags, config, gate, runners, sockets=sockets, service=service, signals=signals)
    close(runners)
    _log.info("arrêté")
    return 0
