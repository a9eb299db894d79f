"""Connections that are too many, or that take their time to say what they want.

uvicorn waits for ever for the head of a request, and for a client to read its answer: a few
hundred that do neither would take every connection there is, and no alert would come in.
"""

from __future__ import annotations

import asyncio
from typing import Any, Literal

from uvicorn.protocols.http.h11_impl import H11Protocol

from inventory.process.logs import get_logger

HEAD_WITHIN = 10.0
"""Seconds from the first byte of a request, or from the connection, to the end of its head."""
ANSWER_WITHIN = 60.0
"""Seconds from the head to the last byte of the answer that the client has taken."""
MOST_CONNECTIONS = 600
"""More than that are closed unheard: file descriptors must be left for the store and gateways."""
MOST_ANSWERED = 500
"""More than that at once are answered 503, which Alertmanager tries again."""
HEAD_LIMIT = 32 * 1024  # bytes of the request line and all headers

log = get_logger("vigie.webhook")


class GuardedProtocol(H11Protocol):
    """uvicorn's own protocol, with an end to its patience."""

    _awaited: Literal["", "head", "answer"] = ""
    _timer: asyncio.TimerHandle | None = None

    def connection_made(self, transport: Any) -> None:
        """Wait for a head from now on, unless there are too many of them."""
        super().connection_made(transport)
        if len(self.connections) > MOST_CONNECTIONS:
            transport.abort()
            return
        self._wait_for("head")

    def data_received(self, data: bytes) -> None:
        """Give the parser what came; a head that is whole ends the wait for it."""
        super().data_received(data)
        self._wait_for("answer" if self._answering() else "head")

    def on_response_complete(self) -> None:
        """Idle from now on, which has uvicorn's own limit, or at the next request at once."""
        super().on_response_complete()
        self._wait_for("answer" if self._answering() else "")

    def connection_lost(self, exc: Exception | None) -> None:
        """It is gone."""
        self._wait_for("")
        super().connection_lost(exc)

    def _answering(self) -> bool:
        return self.cycle is not None and not self.cycle.response_complete

    def _wait_for(self, what: Literal["", "head", "answer"]) -> None:
        if what == self._awaited:
            return
        if self._timer is not None:
            self._timer.cancel()
        self._awaited = what
        seconds = {"head": HEAD_WITHIN, "answer": ANSWER_WITHIN}.get(what)
        self._timer = None if seconds is None else self.loop.call_later(seconds, self._too_slow)

    def _too_slow(self) -> None:
        source = self.client[0] if self.client else ""
        log.warning("client_too_slow", awaited=self._awaited, source=source)
        self.transport.abort()
