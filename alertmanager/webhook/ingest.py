"""``POST /api/v1/alertmanager/{integration}``: committed before it is answered, or 503."""

from __future__ import annotations

import asyncio
import re
from http import HTTPStatus

from fastapi import APIRouter, Request, Response
from fastapi.concurrency import run_in_threadpool
from starlette.requests import ClientDisconnect

from alertmanager.webhook.pager import Pager
from alertmanager.webhook.payload import Payload
from alertmanager.webhook.posts import BODY_LIMIT, Post, read_post
from alertmanager.webhook.problems import Problem
from alertmanager.webhook.taking import OTHER
from inventory.process.logs import get_logger

_KEPT_OF_TOO_LARGE = 64 * 1024
_LARGE = 64 * 1024  # bytes that are read beside the event loop, not in it
_NAME = re.compile(r"[a-z0-9][a-z0-9._-]{0,63}")

log = get_logger("vigie.webhook")


def router(pager: Pager) -> APIRouter:
    """The route Alertmanager posts to."""
    routes = APIRouter()

    @routes.post(
        "/api/v1/alertmanager/{integration}",
        summary="Receive Alertmanager's payload (version 4)",
        responses={400: {}, 401: {}, 413: {}, 503: {}},
        openapi_extra={
            "requestBody": {
                "required": True,
                "content": {"application/json": {"schema": Payload.model_json_schema()}},
            }
        },
    )
    async def post(integration: str, request: Request) -> Response:
        _authenticate(pager, integration, request)
        posted = await _posted(pager, integration, request)
        await asyncio.wrap_future(pager.intake.submit(posted))
        if posted.payload is None:
            large, bad = HTTPStatus.REQUEST_ENTITY_TOO_LARGE, HTTPStatus.BAD_REQUEST
            detail = f"{posted.problem} ; conservé, et signalé à l'astreinte"
            raise Problem(large if posted.too_large else bad, detail)
        return Response(status_code=HTTPStatus.OK)

    return routes


def _authenticate(pager: Pager, integration: str, request: Request) -> None:
    known = pager.tokens.integrations
    # An address that nobody declared but that knows a token is a slip, not an attack: take it.
    allowed = [known[integration]] if integration in known else list(known.values())
    try:
        pager.tokens.check(request.headers.get("authorization"), *allowed)
    except Problem:
        label = integration if integration in known else OTHER
        pager.telemetry.receipts.labels(label, "unauthorized").inc()
        source = request.client.host if request.client else ""
        log.warning("token_refused", integration=label, source=source)
        raise


async def _posted(pager: Pager, integration: str, request: Request) -> Post:
    """The post, read. Raise Problem when its sender hangs up."""
    source = request.client.host if request.client else ""
    try:
        body, too_large = await _read(request)
    except ClientDisconnect:
        log.warning("sender_hung_up", integration=integration[:64], source=source)
        raise Problem(
            HTTPStatus.SERVICE_UNAVAILABLE, "corps interrompu ou trop lent, rien n'est enregistré"
        ) from None
    name = integration if _NAME.fullmatch(integration) else OTHER
    now = pager.clock()
    if len(body) < _LARGE and not too_large:
        return read_post(name, source, body, now)
    return await run_in_threadpool(read_post, name, source, body, now, too_large=too_large)


async def _read(request: Request) -> tuple[bytes, bool]:
    """(body, whether it was too large); the rest of a body that is too large is not kept."""
    parts: list[bytes] = []
    size = 0
    async for part in request.stream():
        size += len(part)
        if size > BODY_LIMIT:
            return b"".join(parts)[:_KEPT_OF_TOO_LARGE], True
        parts.append(part)
    return b"".join(parts), False
