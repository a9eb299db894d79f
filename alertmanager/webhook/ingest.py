"""``POST /api/v1/alertmanager/{integration}``: committed before it is answered, or 503."""

from __future__ import annotations

import hashlib
import re
from dataclasses import dataclass
from datetime import datetime
from http import HTTPStatus

from fastapi import APIRouter, Request, Response
from fastapi.concurrency import run_in_threadpool
from sqlalchemy.orm import Session
from starlette.requests import ClientDisconnect

from alertmanager.incidents.intake import receive
from alertmanager.incidents.malformed import note_malformed
from alertmanager.store.journal import write_line
from alertmanager.store.tables import Heartbeat, Receipt
from alertmanager.webhook.pager import Pager
from alertmanager.webhook.payload import Payload, read_payload
from alertmanager.webhook.problems import Problem
from inventory.process.logs import get_logger

BODY_LIMIT = 8 * 1024 * 1024  # bytes; 1000 alerts are about 1 MB
_KEPT_OF_TOO_LARGE = 64 * 1024
_NAME = re.compile(r"[a-z0-9][a-z0-9._-]{0,63}")
_OTHER = "autre"  # the label of whatever the configuration does not name

log = get_logger("vigie.webhook")


@dataclass(frozen=True)
class Post:
    """One POST, authenticated and read."""

    integration: str
    source: str
    body: bytes
    too_large: bool


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
        source = request.client.host if request.client else ""
        try:
            body, too_large = await _read(request)
        except ClientDisconnect:
            log.warning("sender_hung_up", integration=integration[:64], source=source)
            raise Problem(HTTPStatus.BAD_REQUEST, "corps interrompu") from None
        taken = Post(
            integration if _NAME.fullmatch(integration) else _OTHER, source, body, too_large
        )
        await run_in_threadpool(ingest, pager, taken)
        return Response(status_code=HTTPStatus.OK)

    return routes


def _authenticate(pager: Pager, integration: str, request: Request) -> None:
    known = pager.tokens.integrations
    # An address that nobody declared but that knows a token is a slip, not an attack: take it.
    allowed = [known[integration]] if integration in known else list(known.values())
    try:
        pager.tokens.check(request.headers.get("authorization"), *allowed)
    except Problem:
        label = integration if integration in known else _OTHER
        pager.telemetry.receipts.labels(label, "unauthorized").inc()
        source = request.client.host if request.client else ""
        log.warning("token_refused", integration=label, source=source)
        raise


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


def ingest(pager: Pager, post: Post) -> None:
    """Take one body in, in one transaction. Raise Problem 400 or 413, StoreUnavailable."""
    now = pager.clock()
    label = post.integration if post.integration in pager.integrations else _OTHER
    problem = ""
    payload: Payload | None = None
    if post.too_large:
        problem = f"corps de plus de {BODY_LIMIT // 1024 // 1024} Mo"
    else:
        payload, problem = read_payload(post.body)
    with pager.store.write() as session:
        outcome = _take(session, pager, post, payload, now) if payload is not None else "malformed"
        if problem:
            note_malformed(session, pager.desk, post.integration, problem, now)
            # Answered 2xx all the same if the rest was taken: without that, Alertmanager
            # never tells the end of what it thinks nobody was told of.
            outcome = "malformed"
        if outcome != "heartbeat":
            _store(session, post, outcome, now)
    pager.courier.wake()
    pager.telemetry.receipts.labels(label, outcome).inc()
    if problem:
        log.error("payload_unreadable", integration=post.integration, reason=problem)
    if payload is None:
        status = HTTPStatus.REQUEST_ENTITY_TOO_LARGE if post.too_large else HTTPStatus.BAD_REQUEST
        raise Problem(status, f"{problem} ; conservé, et signalé à l'astreinte")
    if payload.truncated_alerts:
        pager.telemetry.truncated.inc(payload.truncated_alerts)
        log.warning("alerts_truncated", integration=label, count=payload.truncated_alerts)
    log.info("payload_taken", integration=post.integration, outcome=outcome)


def _store(session: Session, post: Post, outcome: str, now: datetime) -> None:
    session.add(
        Receipt(
            received_at=now,
            integration=post.integration,
            source=post.source,
            sha256=hashlib.sha256(post.body).hexdigest(),
            size=len(post.body),
            body=post.body,
            outcome=outcome,
        )
    )


def _take(session: Session, pager: Pager, post: Post, payload: Payload, now: datetime) -> str:
    known = pager.integrations.get(post.integration)
    if known is not None and known.kind == "heartbeat":
        session.merge(Heartbeat(integration=post.integration, last_at=now))
        return "heartbeat"
    if known is None:
        write_line(session, now, "receipt.unknown_integration", integration=post.integration)
    alerts = [alert.received(now) for alert in payload.alerts]
    changed = receive(session, pager.desk, post.integration, alerts, now)
    return "accepted" if changed else "duplicate"
