"""`vigie-sentinel`: from its command line to its exit status."""

from __future__ import annotations

import sys

import uvicorn

from alertmanager.notifiers.contract import NotifierContext
from alertmanager.sentinel.app import build_app
from alertmanager.sentinel.sentry import Sentry
from alertmanager.sentinel.settings import SentinelConfig, load_sentinel_config
from alertmanager.sentinel.state import Keeper, StateError
from alertmanager.webhook.connections import HEAD_LIMIT, GuardedProtocol
from inventory.config import read_secret
from inventory.process import EXIT_CANNOT_RUN, Clock, Listening, WebProcess, serve_until_stopped
from inventory.process.logs import get_logger

_DRAIN_SECONDS = 5
_MOST_ANSWERED = 100

log = get_logger("vigie.sentinel")


def _run(config: SentinelConfig, listening: Listening, clock: Clock) -> int:
    file = config.file
    try:
        token = read_secret(file.watchdog.token_file).get_secret_value()
        keeper = Keeper(file.state_file)
    except (StateError, ValueError) as error:
        print(f"vigie-sentinel : {error}.", file=sys.stderr)
        return EXIT_CANNOT_RUN
    root = file.public_url or listening.address.url
    notifiers = {
        name: configured.plugin.build(configured.settings, NotifierContext(root, name, clock))
        for name, configured in config.notifiers.items()
    }
    for notifier in notifiers.values():
        log.info("notifier", what=notifier.describe())
    reaches = {name: configured.reaches for name, configured in config.notifiers.items()}
    sentry = Sentry(file, notifiers, reaches, keeper, clock)
    server = uvicorn.Server(
        uvicorn.Config(
            build_app(sentry, token),
            log_config=None,
            # Callback URLs carry phone numbers and message tokens.
            access_log=False,
            proxy_headers=False,
            server_header=False,
            timeout_graceful_shutdown=_DRAIN_SECONDS,
            lifespan="off",
            http=GuardedProtocol,
            ws="none",
            h11_max_incomplete_event_size=HEAD_LIMIT,
            limit_concurrency=_MOST_ANSWERED,
        )
    )
    sentry.start()
    try:
        return 0 if serve_until_stopped(server, listening.socket) else EXIT_CANNOT_RUN
    finally:
        sentry.stop()


main = WebProcess(
    name="vigie-sentinel",
    description="Surveille l'alerteur, et prévient par un autre chemin quand il se tait.",
    file="sentinel.yml",
    load=load_sentinel_config,
    address=lambda config: config.file.web.listen_address,
    run=_run,
).main
