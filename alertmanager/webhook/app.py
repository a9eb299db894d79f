"""The HTTP application, from its routes."""

from __future__ import annotations

from importlib.metadata import version

from fastapi import FastAPI

from alertmanager.webhook import (
    actions,
    callbacks,
    duty_routes,
    feed_routes,
    health,
    ingest,
    leave_routes,
    link_routes,
    maintenances,
    personal_routes,
    problems,
    reads,
    records,
    roster_diff,
)
from alertmanager.webhook.limits import BodyLimits
from alertmanager.webhook.pager import Pager


def build_app(pager: Pager) -> FastAPI:
    """The application over a running pager."""
    app = FastAPI(
        title="vigie-webhook",
        version=version("vigie"),
        openapi_url="/api/v1/openapi.json",
        docs_url=None,
        redoc_url=None,
    )
    problems.install(app)
    app.add_middleware(BodyLimits)
    for part in (
        ingest,
        callbacks,
        reads,
        records,
        actions,
        maintenances,
        duty_routes,
        leave_routes,
        roster_diff,
        link_routes,
        personal_routes,
        feed_routes,
        health,
    ):
        app.include_router(part.router(pager))
    return app
