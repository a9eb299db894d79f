"""An LMTP server (RFC 2033) to which the site's own transport delivers canaries.

On loopback, for the addresses of canaries only. It keeps no mail: it reads the token in the
headers and says so. Other mail for these addresses is accepted and forgotten: a refusal
would have the mail server write to whoever the spam claims to come from.
"""

from __future__ import annotations

import re
import socketserver
import sys
from collections.abc import Callable
from threading import BoundedSemaphore, Thread
from time import monotonic
from typing import Any

from exporters.mailqueue.canary.letter import token_in
from inventory.process.logs import get_logger

CONNECTIONS = 20
LINE_BYTES = 2048
HEADER_BYTES = 32 << 10
MESSAGE_BYTES = 1 << 20
SILENCE_SECONDS = 30.0
SESSION_SECONDS = 300.0

_log = get_logger("vigie.mailcanary")
_RECIPIENT = re.compile(rb"TO: ?<([^<>\s]+)>", re.IGNORECASE)
_SENDER = re.compile(rb"FROM: ?<[^<>\s]*>", re.IGNORECASE)
_GREETING = b"250-vigie\r\n250-PIPELINING\r\n250-8BITMIME\r\n250-ENHANCEDSTATUSCODES\r\n250 SIZE %d"

Arrival = Callable[[str, str], None]
"""Told the address a mail came for, in lower case, and what its headers hold as a token."""


class LmtpServer(socketserver.ThreadingTCPServer):
    """Listens from the moment it is made; raise OSError if it cannot."""

    allow_reuse_address = True
    daemon_threads = True
    block_on_close = False

    def __init__(self, address: tuple[str, int], known: frozenset[str], arrival: Arrival) -> None:
        self.known, self.arrival = known, arrival
        self._places = BoundedSemaphore(CONNECTIONS)
        super().__init__(address, _Session)
        self._thread = Thread(
            target=self.serve_forever, args=(0.2,), name="canary-lmtp", daemon=True
        )
        self._thread.start()

    @property
    def port(self) -> int:
        """Where it listens."""
        return int(self.server_address[1])

    def stop(self) -> None:
        """Listen no more."""
        self.shutdown()
        self.server_close()

    def process_request(self, request: Any, client_address: Any) -> None:
        """A connection too many is closed: the mail server comes back later."""
        if not self._places.acquire(blocking=False):
            self.shutdown_request(request)
            return
        super().process_request(request, client_address)

    def process_request_thread(self, request: Any, client_address: Any) -> None:
        """One session."""
        try:
            super().process_request_thread(request, client_address)
        finally:
            self._places.release()

    def handle_error(self, _request: Any, _client_address: Any) -> None:
        """A client that hangs up is its own affair; anything else is ours."""
        error = sys.exception()
        if not isinstance(error, OSError):
            _log.error("session LMTP interrompue", error=repr(error)[:300])


class _Session(socketserver.StreamRequestHandler):
    server: LmtpServer
    timeout = SILENCE_SECONDS

    def handle(self) -> None:
        end = monotonic() + SESSION_SECONDS
        self._reset()
        self._say(b"220 vigie LMTP")
        while monotonic() < end:
            line = self.rfile.readline(LINE_BYTES)
            if not line.endswith(b"\n"):  # hung up, or too long a line
                return
            verb, _, rest = line.strip().partition(b" ")
            verb = verb.upper()
            if verb == b"QUIT":
                self._say(b"221 2.0.0 bye")
                return
            if verb == b"DATA" and self._recipients:
                if not self._data(end):
                    return
            else:
                self._say(self._answer(verb, rest))

    def _answer(self, verb: bytes, rest: bytes) -> bytes:
        match verb:
            case b"LHLO":
                self._reset()
                answer = _GREETING % MESSAGE_BYTES
            case b"MAIL" if _SENDER.match(rest):
                self._reset()
                answer = b"250 2.1.0 ok"
            case b"RCPT" if (found := _RECIPIENT.match(rest)) is not None:
                answer = self._recipient(found[1].decode("ascii", "replace").lower())
            case b"RSET":
                self._reset()
                answer = b"250 2.0.0 ok"
            case b"NOOP":
                answer = b"250 2.0.0 ok"
            case b"DATA":
                answer = b"503 5.5.1 no recipient"
            case _:
                answer = b"500 5.5.2 LHLO, MAIL, RCPT, DATA, RSET, NOOP or QUIT expected"
        return answer

    def _recipient(self, address: str) -> bytes:
        if address not in self.server.known:
            return b"550 5.1.1 not the address of a canary"
        if len(self._recipients) >= len(self.server.known):
            return b"452 4.5.3 too many recipients"
        self._recipients.append(address)
        return b"250 2.1.5 ok"

    def _data(self, end: float) -> bool:
        """Read one mail; whether the session may go on."""
        self._say(b"354 go ahead")
        headers, in_headers, size, at_start = b"", True, 0, True
        while monotonic() < end:
            line = self.rfile.readline(LINE_BYTES)
            size += len(line)
            if not line or size > MESSAGE_BYTES:
                return False
            if at_start and line in (b".\r\n", b".\n"):
                break
            at_start = line.endswith(b"\n")
            in_headers = in_headers and line not in (b"\r\n", b"\n")
            if in_headers and len(headers) < HEADER_BYTES:
                headers += line
        else:
            return False
        token = token_in(headers)
        for address in self._recipients:
            if token:
                self.server.arrival(address, token)
            self._say(b"250 2.0.0 ok")
        self._reset()
        return True

    def _reset(self) -> None:
        self._recipients: list[str] = []

    def _say(self, answer: bytes) -> None:
        self.wfile.write(answer + b"\r\n")
