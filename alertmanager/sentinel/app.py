"""The sentinel's HTTP interface: a beat comes in, gateways call back, its health is asked."""

from __future__ import annotations

import asyncio
import hashlib
import hmac
import json
from collections.abc import Callable
from http import HTTPStatus
from importlib.metadata import version
from ipaddress import ip_address

from fastapi import FastAPI, Request, Response
from fastapi.concurrency import run_in_threadpool
from fastapi.responses import JSONResponse, PlainTextResponse
from prometheus_client import CONTENT_TYPE_LATEST, generate_latest
from starlette.exceptions import HTTPException
from starlette.requests import ClientDisconnect

from alertmanager.notifiers.contract import Callback, Incoming, Notifier, NotUnderstood, Report
from alertmanager.sentinel.sentry import Sentry

_MOST_READ = 256 * 1024
"""Bytes of a body: a Watchdog is one thousand."""
_WITHIN = 10.0
"""Seconds for a whole body."""

Understand = Callable[[Callback], Report | Incoming]


def build_app(sentry: Sentry, token: str) -> FastAPI:
    """The application over a running sentry; `token` is Alertmanager's."""
    app = FastAPI(
        title="vigie-sentinel", version=version("vigie"), openapi_url=None, docs_url=None,
        redoc_url=None,
    )  # fmt: skip
    app.add_exception_handler(HTTPException, _problem)
    _add_beat(app, sentry, hashlib.sha256(token.encode()).digest())
    _add_health(app, sentry)
    for name, notifier in sentry.notifiers.items():
        _add_callback(app, sentry, name, "report", notifier.understand_report)
        _add_callback(app, sentry, name, "reply", notifier.understand_reply)
    return app


async def _problem(_request: Request, error: Exception) -> JSONResponse:
    status = HTTPStatus(getattr(error, "status_code", 500))
    detail = getattr(error, "detail", status.phrase)
    return JSONResponse(
        {"type": "about:blank", "title": status.phrase, "status": status, "detail": detail},
        status_code=status,
        media_type="application/problem+json",
    )


def _add_beat(app: FastAPI, sentry: Sentry, digest: bytes) -> None:
    @app.post("/api/v1/alertmanager/watchdog")
    async def beat(request: Request) -> Response:
        scheme, _, given = request.headers.get("authorization", "").partition(" ")
        right = hmac.compare_digest(hashlib.sha256(given.strip().encode()).digest(), digest)
        if scheme.lower() != "bearer" or not right:
            raise HTTPException(HTTPStatus.UNAUTHORIZED, "jeton absent ou refusé")
        body = await _body(request)
        try:
            said = json.loads(body)
        except (ValueError, RecursionError):
            said = None
        if not isinstance(said, dict) or said.get("status") not in ("firing", "resolved"):
            problem = "corps incompris ; attendu : celui d'Alertmanager (webhook, version 4)"
            raise HTTPException(HTTPStatus.BAD_REQUEST, problem)
        # A Watchdog that is over is the opposite of a beat.
        if said["status"] == "firing":
            await run_in_threadpool(sentry.beat)
        return Response()


def _add_health(app: FastAPI, sentry: Sentry) -> None:
    @app.get("/-/healthy")
    def healthy() -> Response:
        return PlainTextResponse("vigie-sentinel vit.\n")

    @app.get("/-/ready")
    def ready() -> Response:
        if not sentry.alive():
            problem = "les boucles de surveillance ne tournent pas"
            raise HTTPException(HTTPStatus.SERVICE_UNAVAILABLE, problem)
        if not sentry.keeper.saved:
            problem = "l'état ne s'écrit pas sur le disque"
            raise HTTPException(HTTPStatus.SERVICE_UNAVAILABLE, problem)
        return PlainTextResponse("vigie-sentinel est prêt.\n")

    @app.get("/metrics")
    def metrics() -> Response:
        return Response(generate_latest(sentry.telemetry.registry), media_type=CONTENT_TYPE_LATEST)


def _add_callback(
    app: FastAPI, sentry: Sentry, name: str, what: str, understand: Understand
) -> None:
    notifier = sentry.notifiers[name]

    # Nothing in the answer: a gateway may send it to the person as a message.
    async def called_back(request: Request) -> Response:
        _admit(request, notifier)
        body = await _body(request)
        raw_query = request.scope["query_string"].decode("utf-8", "replace")
        try:
            understood = understand(Callback.received(raw_query, request.headers, body))
        except NotUnderstood as error:
            raise HTTPException(HTTPStatus.BAD_REQUEST, str(error)) from None
        await run_in_threadpool(sentry.take, name, understood)
        return Response()

    app.add_api_route(f"/api/v1/{name}/{what}", called_back, methods=["GET", "POST"])


async def _body(request: Request) -> bytes:
    """The whole body. Raise HTTPException 400 if it is not whole in time, 413 if too large."""
    read = bytearray()
    try:
        async with asyncio.timeout(_WITHIN):
            async for part in request.stream():
                read += part
                if len(read) > _MOST_READ:
                    problem = f"corps de plus de {_MOST_READ // 1024} Kio"
                    raise HTTPException(HTTPStatus.REQUEST_ENTITY_TOO_LARGE, problem)
    except (ClientDisconnect, TimeoutError):
        raise HTTPException(HTTPStatus.BAD_REQUEST, "corps interrompu") from None
    return bytes(read)


def _admit(request: Request, notifier: Notifier) -> None:
    """Raise HTTPException 403 unless the caller's address is allowed."""
    try:
        address = ip_address(request.client.host if request.client else "")
    except ValueError:
        address = None
    if address is None or not any(address in network for network in notifier.callback_allow):
        raise HTTPException(HTTPStatus.FORBIDDEN, "adresse d'origine refusée (callback_allow)")
