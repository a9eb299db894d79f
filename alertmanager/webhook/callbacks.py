"""What gateways call back: delivery reports, and the messages people send us."""

from __future__ import annotations

from collections.abc import Callable
from http import HTTPStatus
from ipaddress import ip_address

from fastapi import APIRouter, Request, Response
from fastapi.concurrency import run_in_threadpool
from starlette.requests import ClientDisconnect

from alertmanager.notifiers.contract import Callback, Incoming, Notifier, NotUnderstood, Report
from alertmanager.webhook import answers
from alertmanager.webhook.pager import Pager
from alertmanager.webhook.problems import Problem
from inventory.process.logs import get_logger

_BODY_LIMIT = 64 * 1024
"""Bytes: a report or an answer is a few hundred."""

log = get_logger("vigie.webhook")

Understand = Callable[[Callback], Report | Incoming]


def router(pager: Pager) -> APIRouter:
    """``/api/v1/<notifier>/report`` and ``/reply`` for each notifier, by GET and by POST."""
    routes = APIRouter()
    for name, notifier in pager.notifiers.items():
        _add(routes, pager, name, "report", notifier.understand_report)
        _add(routes, pager, name, "reply", notifier.understand_reply)
    return routes


def _add(routes: APIRouter, pager: Pager, name: str, what: str, understand: Understand) -> None:
    notifier = pager.notifiers[name]

    # Nothing in the answer: a gateway may send it to the person as a message.
    async def called_back(request: Request) -> Response:
        _admit(request, name, notifier)
        understood = await _understood(understand, request)
        await run_in_threadpool(answers.take, pager, name, understood)
        return Response()

    for method in ("GET", "POST"):
        routes.add_api_route(
            f"/api/v1/{name}/{what}",
            called_back,
            methods=[method],
            operation_id=f"{name}_{what}_{method.lower()}",
            summary=f"What the gateway calls back: {what} ({name})",
            responses={400: {}, 403: {}, 413: {}, 503: {}},
        )


async def _understood(understand: Understand, request: Request) -> Report | Incoming:
    """What the notifier makes of it. Raise Problem 400 or 413 when it makes nothing of it."""
    try:
        body = await request.body()
    except ClientDisconnect:
        raise Problem(HTTPStatus.BAD_REQUEST, "corps interrompu") from None
    if len(body) > _BODY_LIMIT:
        limit = f"corps de plus de {_BODY_LIMIT // 1024} Kio"
        raise Problem(HTTPStatus.REQUEST_ENTITY_TOO_LARGE, limit)
    raw_query = request.scope["query_string"].decode("utf-8", "replace")
    try:
        return understand(Callback.received(raw_query, request.headers, body))
    except NotUnderstood as error:
        raise Problem(HTTPStatus.BAD_REQUEST, str(error)) from None


def _admit(request: Request, name: str, notifier: Notifier) -> None:
    """Raise Problem 403 unless the caller's address is allowed."""
    source = request.client.host if request.client else ""
    try:
        address = ip_address(source)
    except ValueError:
        address = None
    if address is None or not any(address in network for network in notifier.callback_allow):
        log.warning("callback_refused", channel=name, source=source)
        raise Problem(HTTPStatus.FORBIDDEN, "adresse d'origine refusée (callback_allow)")
