"""HTTP/1.1 on one connection: reads heads within a time and a size, writes responses."""

from __future__ import annotations

import socket
from collections.abc import Callable
from http import HTTPStatus
from http.server import BaseHTTPRequestHandler
from io import BytesIO
from time import monotonic
from typing import Any

from exporters.toolkit.connections import Connections, Link
from exporters.toolkit.routes import Request, Response, problem
from inventory.process.logs import get_logger

HEAD_SECONDS = 10.0
IDLE_SECONDS = 180.0
WRITE_SECONDS = 30.0
HEAD_LIMIT = 32768

_log = get_logger("vigie.web")
_END = b"\r\n\r\n"


class HeadReader:
    """Cuts the heads of requests out of a stream; a client that drips bytes is not waited for."""

    def __init__(self, stream: socket.socket, head_seconds: float, idle_seconds: float) -> None:
        self._stream = stream
        self._head_seconds = head_seconds
        self._idle_seconds = idle_seconds
        self._buffer = b""
        self._first = True

    def read(self) -> bytes:
        """The next head with its empty line, or what arrived of it (empty: the client left).

        Raise TimeoutError or OSError.
        """
        patience = self._head_seconds if self._first else self._idle_seconds
        end = monotonic() + patience
        started = bool(self._buffer)
        while _END not in self._buffer and len(self._buffer) <= HEAD_LIMIT:
            if self._buffer and not started:
                started = True
                end = min(end, monotonic() + self._head_seconds)
            # Never zero, which would mean not to wait at all and another error.
            self._stream.settimeout(max(end - monotonic(), 0.001))
            received = self._stream.recv(4096)
            if not received:
                break
            self._buffer += received
        self._first = False
        head, end_of_head, self._buffer = self._buffer.partition(_END)
        return head + end_of_head


class Handler(BaseHTTPRequestHandler):
    """Serves the requests of one connection."""

    protocol_version = "HTTP/1.1"
    server_version = "vigie-exporter"
    sys_version = ""

    def __init__(
        self,
        link: Link,
        peer: Any,
        connections: Connections,
        answer: Callable[[Request], Response],
        *,
        head_seconds: float = HEAD_SECONDS,
        idle_seconds: float = IDLE_SECONDS,
    ) -> None:
        self._link = link
        self._connections = connections
        self._answer = answer
        self._heads = HeadReader(link.stream, head_seconds, idle_seconds)
        super().__init__(link.stream, peer, server=None)  # type: ignore[arg-type] # never used

    def handle_one_request(self) -> None:
        """Read one request within its time, answer it."""
        self.close_connection = True
        if self._connections.draining:
            return
        head = self._heads.read()
        if not head:
            return
        with self._connections.at_work(self._link):
            self.connection.settimeout(WRITE_SECONDS)
            if not head.endswith(_END):
                self._refuse(
                    HTTPStatus.REQUEST_HEADER_FIELDS_TOO_LARGE, "En-tête trop long ou tronqué."
                )
                return
            self.rfile = BytesIO(head)
            self.raw_requestline = self.rfile.readline()
            if self.parse_request():
                self._respond()

    def _respond(self) -> None:
        if self.headers.defects:
            # A line that is no field (RFC 9112, section 5.1). The library reads no further, so
            # that a length behind it would be missed and a body taken for another request.
            self._refuse(HTTPStatus.BAD_REQUEST, "En-tête HTTP illisible.")
            return
        if "Content-Length" in self.headers or "Transfer-Encoding" in self.headers:
            # We read no body; what follows would be taken for another request.
            self.close_connection = True
        request = Request(
            self.command, self.path, {name.lower(): value for name, value in self.headers.items()}
        )
        try:
            response = self._answer(request)
        except Exception:  # noqa: BLE001 - one request that fails must not end in silence
            _log.exception("requête en échec", path=self.path.partition("?")[0])
            response = problem(HTTPStatus.INTERNAL_SERVER_ERROR, "Erreur interne, voir le journal.")
        self._write(response)

    def _refuse(self, status: HTTPStatus, detail: str) -> None:
        self.close_connection = True
        self.requestline, self.request_version, self.command = "", self.protocol_version, "GET"
        self._write(problem(status, detail))

    def _write(self, response: Response) -> None:
        self.send_response(response.status)
        self.send_header("Content-Type", response.content_type)
        self.send_header("Content-Length", str(len(response.body)))
        for name, value in response.headers:
            self.send_header(name, value)
        if self._connections.draining or self.close_connection:
            self.send_header("Connection", "close")
        self.end_headers()
        if self.command != "HEAD":
            self.wfile.write(response.body)

    def send_error(self, code: int, message: str | None = None, explain: str | None = None) -> None:  # noqa: ARG002
        """What the standard library refuses while parsing, said our way."""
        self._refuse(HTTPStatus(code), "Requête HTTP illisible.")

    def log_message(self, format: str, *args: Any) -> None:  # noqa: A002 - the library's name
        """Requests are not logged: scrapes are too many, and a URL may carry what logs must not."""
