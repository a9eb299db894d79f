"""`vigie-webhook`: receives alerts, decides who must know, pages them, proves it."""

from __future__ import annotations

import socket
import sys

import uvicorn

from alertmanager.store.database import StoreError
from alertmanager.webhook.app import build_app
from alertmanager.webhook.connections import HEAD_LIMIT, MOST_ANSWERED, GuardedProtocol
from alertmanager.webhook.pager import Pager, build_pager
from alertmanager.webhook.reload import Reload
from alertmanager.webhook.settings import WebhookConfig, load_webhook_config
from inventory.process import EXIT_CANNOT_RUN, Clock, Listening, WebProcess, serve_until_stopped
from inventory.process.logs import get_logger

_DRAIN_SECONDS = 8
_IDLE_SECONDS = 75  # Alertmanager comes back each minute: it need not connect anew

log = get_logger("vigie.webhook")


def _run(config: WebhookConfig, listening: Listening, clock: Clock) -> int:
    try:
        pager = build_pager(config, clock, config.file.public_url or listening.address.url)
    except (StoreError, ValueError) as error:
        return _cannot_run(error)
    try:
        return _serve(pager, listening.socket, Reload(pager))
    except StoreError as error:
        return _cannot_run(error)


def _cannot_run(error: Exception) -> int:
    print(f"vigie-webhook : {error}.", file=sys.stderr)
    return EXIT_CANNOT_RUN


def _serve(pager: Pager, listener: socket.socket, reload: Reload) -> int:
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
            http=GuardedProtocol,
            ws="none",
            h11_max_incomplete_event_size=HEAD_LIMIT,
            limit_concurrency=MOST_ANSWERED,
            timeout_keep_alive=_IDLE_SECONDS,
        )
    )
    try:
        pager.start()
        asked = serve_until_stopped(server, listener, on_hangup=reload.now)
        return 0 if asked else EXIT_CANNOT_RUN
    finally:
        pager.close()


main = WebProcess(
    name="vigie-webhook",
    description="Reçoit les alertes, trouve qui est d'astreinte, le prévient, le prouve.",
    file="webhook.yml",
    load=load_webhook_config,
    address=lambda config: config.file.web.listen_address,
    run=_run,
).main
