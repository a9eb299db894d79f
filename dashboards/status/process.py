"""`vigie-status`: the members' status page as a process."""

from __future__ import annotations

import threading
from importlib.metadata import version
from pathlib import Path

import uvicorn
from prometheus_client import CollectorRegistry, Gauge

from dashboards.status.app import Shelf, build_app
from dashboards.status.poller import Poller, proofs
from dashboards.status.render_html import Contact
from dashboards.status.settings import StatusConfig, load_status_config
from dashboards.status.site import Site
from dashboards.status.source import PrometheusSource, WebhookSource
from inventory import Inventory, load_inventory
from inventory.process import EXIT_CANNOT_RUN, Clock, Listening, WebProcess, serve_until_stopped

Loaded = tuple[StatusConfig, Inventory]


def _load(path: Path) -> Loaded:
    config = load_status_config(path)
    return config, load_inventory(config.inventory)


def _run(loaded: Loaded, listening: Listening, clock: Clock) -> int:
    """Poll and answer until SIGTERM."""
    config, inventory = loaded
    registry = CollectorRegistry()
    Gauge("vigie_status_build_info", "Version of vigie-status.", ["version"], registry=registry
          ).labels(version("vigie")).set(1)  # fmt: skip
    contact = Contact(**config.contact.model_dump())
    site = Site(
        inventory,
        config.link_key(),
        base=config.base_url(listening.address),
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
        return 0 if serve_until_stopped(server, listening.socket) else EXIT_CANNOT_RUN
    finally:
        stop.set()


main = WebProcess(
    name="vigie-status",
    description="Page d'état des services, pour les membres et le public.",
    file="status.yml",
    load=_load,
    address=lambda loaded: loaded[0].web.listen_address,
    run=_run,
).main
