"""An SMS gateway that speaks Kannel's sendsms, behaves as told, and remembers all it took.

Kannel 1.4 user guide: "Using the HTTP interface to send SMS messages", "Delivery reports".
"""

from __future__ import annotations

import queue
import threading
import time
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Literal
from urllib.parse import parse_qs, urlsplit

import requests

from deploy.estate.ports import LOOPBACK

Mood = Literal["takes", "refuses", "fails", "slow", "body", "silent", "mute", "flaps"]
"""takes: 202 · refuses: 403, this number never · fails: 503 · slow: takes after eight seconds ·
body: 200 with an error in the body, not taken · silent: never answers, not taken ·
mute: takes, reports, never answers ·
flaps: takes, fails and cuts the line in turn."""

SLOW_SECONDS = 8.0
_ACCEPTED = "0: Accepted for delivery"
_NOT_TAKEN = "Temporal failure, try again later."


@dataclass(frozen=True)
class Taken:
    """One SMS that the gateway took: from then on a telephone rings."""

    at: float
    token: str
    to: str
    text: str


class _Server(ThreadingHTTPServer):
    daemon_threads = True
    block_on_close = False
    request_queue_size = 128

    def handle_error(self, request: object, client_address: object) -> None:
        """Whoever posts is killed in the middle of it: nothing to say."""


class ScriptedGateway:
    """A sendsms on loopback. `on_taken` is called between taking a message and answering."""

    def __init__(self, port: int = 0, *, reports: bool = True) -> None:
        self.mood: Mood = "takes"
        self.first: list[Mood] = []  # moods for the next requests, before `mood` holds
        self.reports = reports
        self.on_taken: Callable[[Taken], None] | None = None
        self._lock = threading.Lock()
        self._taken: list[Taken] = []
        self.asked = 0
        self._due: queue.Queue[tuple[float, str]] = queue.Queue()
        self._stopping = threading.Event()
        self._port = port
        self._server: _Server | None = None
        self._reporter = threading.Thread(target=self._report, name="reports", daemon=True)

    @property
    def url(self) -> str:
        """Where messages are posted."""
        return f"http://{LOOPBACK}:{self._port}/cgi-bin/sendsms"

    def start(self) -> None:
        """Listen, on the same port as before after a stop."""
        gateway = self

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"
            disable_nagle_algorithm = True
            wbufsize = -1  # head and body leave in one packet

            def do_POST(self) -> None:
                gateway._answer(self)

            def log_message(self, *_: object) -> None:
                """A gateway that says nothing."""

        self._server = _Server((LOOPBACK, self._port), Handler)
        self._port = self._server.server_address[1]
        threading.Thread(target=self._server.serve_forever, args=(0.05,), daemon=True).start()
        if not self._reporter.is_alive():
            self._reporter.start()

    def down(self) -> None:
        """Nobody listens any more: connections are refused."""
        if self._server is not None:
            self._server.shutdown()
            self._server.server_close()
            self._server = None

    def stop(self) -> None:
        """End for good."""
        self._stopping.set()
        self.down()
        self._reporter.join(5)

    def taken(self) -> list[Taken]:
        """All it took since `forget`, oldest first."""
        with self._lock:
            return list(self._taken)

    def forget(self) -> None:
        """A new trial: nothing was taken, no report is due."""
        with self._lock:
            self._taken.clear()
            self.asked = 0
        while not self._due.empty():
            self._due.get_nowait()
        self.mood, self.first, self.on_taken, self.reports = "takes", [], None, True

    def repeats(self) -> int:
        """How many messages were taken that had been taken before."""
        return sum(count - 1 for count in Counter(t.token for t in self.taken()).values())

    def _answer(self, request: BaseHTTPRequestHandler) -> None:
        body = request.rfile.read(int(request.headers.get("Content-Length", "0")))
        report = request.headers.get("X-Kannel-DLR-Url", "")
        token = parse_qs(urlsplit(report).query).get("message", [""])[0]
        with self._lock:
            self.asked += 1
            turn = self.asked
            mood = self.first.pop(0) if self.first else self.mood
        if mood == "flaps":
            mood = ("fails", "takes", "silent")[turn % 3]  # type: ignore[assignment]
            if mood == "silent":
                request.close_connection = True
                return
        if mood == "silent":
            self._stopping.wait(60)
            request.close_connection = True
            return
        if mood in ("refuses", "fails", "body"):
            status = {"refuses": 403, "fails": 503, "body": 200}[mood]
            text = "Destination not allowed." if mood == "refuses" else _NOT_TAKEN
            _reply(request, status, text)
            return
        if mood == "slow":
            self._stopping.wait(SLOW_SECONDS)
        taken = Taken(time.time(), token, request.headers.get("X-Kannel-To", ""), body.decode())
        with self._lock:
            self._taken.append(taken)
        if self.on_taken is not None:
            self.on_taken(taken)
        if self.reports and report:
            self._due.put((time.monotonic(), report.replace("%d", "1")))
        if mood == "mute":
            self._stopping.wait(60)
            request.close_connection = True
            return
        _reply(request, 202, _ACCEPTED)

    def _report(self) -> None:
        """Delivery reports, each again until it is answered 200, as Kannel does for a while."""
        with requests.Session() as session:
            session.trust_env = False
            while not self._stopping.is_set():
                try:
                    due, url = self._due.get(timeout=0.1)
                except queue.Empty:
                    continue
                self._stopping.wait(max(0.0, due - time.monotonic()))
                try:
                    done = session.get(url, timeout=5).status_code == 200
                except requests.RequestException:
                    done = False
                if not done:
                    self._due.put((time.monotonic() + 0.1, url))


def _reply(request: BaseHTTPRequestHandler, status: int, text: str) -> None:
    body = text.encode()
    request.send_response(status)
    request.send_header("Content-Type", "text/plain")
    request.send_header("Content-Length", str(len(body)))
    request.end_headers()
    request.wfile.write(body)
