"""What gateways call back: delivery reports, and the messages people send us."""

from __future__ import annotations

from collections.abc import Callable
from http import HTTPStatus
from ipaddress import ip_address
from typing import TypeVar

from fastapi import APIRouter, Request, Response

from alertmanager.delivery.outbox import note_report
from alertmanager.incidents.inbox import take_reply
from alertmanager.incidents.paging import message_ended
from alertmanager.notifiers.contract import Callback, Notifier, NotUnderstood
from alertmanager.webhook.pager import Pager
from alertmanager.webhook.problems import Problem
from inventory.process.logs import get_logger

log = get_logger("vigie.webhook")
T = TypeVar("T")


def router(pager: Pager) -> APIRouter:
    """``GET /api/v1/<notifier>/report`` and ``/reply`` for each notifier."""
    routes = APIRouter()
    for name, notifier in pager.notifiers.items():
        _add(routes, pager, name, notifier)
    return routes


def _add(routes: APIRouter, pager: Pager, name: str, notifier: Notifier) -> None:
    channel = pager.channel_of(name)

    # Nothing in the answer: a gateway may send it to the person as a message.
    @routes.get(f"/api/v1/{name}/report", summary=f"Delivery report ({name})")
    def report(request: Request) -> Response:
        _admit(request, name, notifier)
        said = _understood(notifier.understand_report, request)
        now = pager.clock()
        with pager.store.write() as session:
            failed = note_report(session, now, said, notifier.delivery_deadline)
            if failed is not None:
                message_ended(session, pager.desk, failed, now)
        log.info("report_received", channel=name, outcome=said.outcome)
        pager.courier.wake()
        return Response()

    @routes.get(f"/api/v1/{name}/reply", summary=f"Message from a person ({name})")
    def reply(request: Request) -> Response:
        _admit(request, name, notifier)
        incoming = _understood(notifier.understand_reply, request)
        with pager.store.write() as session:
            outcome = take_reply(session, pager.desk, channel, incoming, pager.clock())
        pager.telemetry.replies.labels(outcome).inc()
        log.info("reply_received", channel=name, outcome=outcome)
        pager.courier.wake()
        return Response()


def _understood(understand: Callable[[Callback], T], request: Request) -> T:
    """What the notifier makes of the callback. Raise Problem 400 when it makes nothing of it."""
    try:
        return understand(Callback(request.query_params, request.headers))
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
