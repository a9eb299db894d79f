"""Whether the process lives, whether it can page, and its metrics."""

from __future__ import annotations

from http import HTTPStatus

from fastapi import APIRouter, Response
from fastapi.responses import PlainTextResponse
from prometheus_client import CONTENT_TYPE_LATEST, generate_latest

from alertmanager.store.database import StoreUnavailable
from alertmanager.webhook.pager import Pager
from alertmanager.webhook.problems import problem_response


def router(pager: Pager) -> APIRouter:
    """``/-/healthy``, ``/-/ready`` and ``/metrics``, open to all."""
    routes = APIRouter()

    @routes.get("/-/healthy", summary="The process runs", response_class=PlainTextResponse)
    def healthy() -> str:
        return "vigie-webhook vit.\n"

    @routes.get("/-/ready", summary="The store can be written and the loops run")
    def ready() -> Response:
        try:
            pager.store.check()
        except StoreUnavailable as error:
            return problem_response(HTTPStatus.SERVICE_UNAVAILABLE, str(error))
        for part, fault in (
            (pager.courier, "les boucles d'envoi ne tournent pas"),
            (pager.intake, "plus rien ne prend les envois"),
            (pager.fetching, "plus rien ne lit les réponses par courriel"),
        ):
            if not part.alive():
                return problem_response(HTTPStatus.SERVICE_UNAVAILABLE, fault)
        return PlainTextResponse("vigie-webhook est prêt.\n")

    @routes.get("/metrics", summary="Metrics of the pager itself")
    def metrics() -> Response:
        return Response(generate_latest(pager.telemetry.registry), media_type=CONTENT_TYPE_LATEST)

    return routes
