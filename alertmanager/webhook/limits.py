"""Bodies that are too large or too slow, whatever the route: no thread and little memory for them.

Alertmanager's own route keeps the beginning of what is too large, so it counts by itself.
"""

from __future__ import annotations

import asyncio
from http import HTTPStatus

from starlette.types import ASGIApp, Message, Receive, Scope, Send

from alertmanager.webhook.problems import problem_response

BODY_LIMIT = 1024 * 1024
"""Bytes of any body but Alertmanager's: an operator's action, a form, a gateway's callback."""
BODY_WITHIN = 30.0
"""Seconds for a whole body; one of 8 MB over the slowest office line takes ten."""
_OWN_COUNT = "/api/v1/alertmanager/"


class BodyLimits:
    """ASGI middleware. A body that is not whole in time ends as if its sender had hung up."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one request."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        receive = _timed(receive)
        if not scope["path"].startswith(_OWN_COUNT):
            body = await _whole(receive)
            if body is None:
                limit = f"corps de plus de {BODY_LIMIT // 1024} Kio"
                answer = problem_response(HTTPStatus.REQUEST_ENTITY_TOO_LARGE, limit)
                await answer(scope, receive, send)
                return
            receive = _again(body, receive)
        await self._app(scope, receive, send)


def _timed(receive: Receive) -> Receive:
    end = asyncio.get_running_loop().time() + BODY_WITHIN
    more = True

    async def timed() -> Message:
        nonlocal more
        if not more:
            return await receive()
        try:
            async with asyncio.timeout_at(end):
                message = await receive()
        except TimeoutError:
            more = False
            return {"type": "http.disconnect"}
        more = message.get("more_body", False)
        return message

    return timed


async def _whole(receive: Receive) -> Message | None:
    """The body as one message, or the disconnection; None when it is too large."""
    parts: list[bytes] = []
    size = 0
    while True:
        message = await receive()
        if message["type"] == "http.disconnect":
            return message
        part: bytes = message.get("body", b"")
        size += len(part)
        if size > BODY_LIMIT:
            return None
        parts.append(part)
        if not message.get("more_body", False):
            return {"type": "http.request", "body": b"".join(parts), "more_body": False}


def _again(first: Message, receive: Receive) -> Receive:
    waiting = [first]

    async def again() -> Message:
        return waiting.pop() if waiting else await receive()

    return again
