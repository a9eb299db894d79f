"""One look at the webhook: it ends, whatever answers, and says why it is not well."""

from __future__ import annotations

import socket
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest

from alertmanager.sentinel import look as module
from alertmanager.sentinel.look import look

GOOD = b"# TYPE vigie_webhook_store_up gauge\nvigie_webhook_store_up 1\n"


class Served:
    """A webhook that answers what a test wants."""

    status, metrics = 200, GOOD
    drip = False


@pytest.fixture
def served() -> Iterator[tuple[Served, str]]:
    what, stop = Served(), threading.Event()

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            ready = self.path == "/-/ready"
            self.send_response(what.status if ready else 200)
            self.end_headers()
            self.wfile.write(b"" if ready else what.metrics)
            while what.drip and not stop.wait(0.05):
                self.wfile.write(b"#")

        def log_message(self, *arguments: object) -> None:
            """Quiet."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    server.daemon_threads = True
    thread = threading.Thread(target=server.serve_forever, args=(0.02,))
    thread.start()
    yield what, f"http://127.0.0.1:{server.server_port}"
    stop.set()
    server.shutdown()
    server.server_close()
    thread.join()


def test_one_that_is_well(served):
    seen = look(served[1], "watchdog")
    assert (seen.ready, seen.reason) == (True, "")
    assert seen.figures is not None


def test_one_that_is_not_ready_says_its_status(served):
    served[0].status = 503
    seen = look(served[1], "watchdog")
    assert (seen.ready, seen.reason) == (False, "réponse 503")


@pytest.mark.parametrize("metrics", [b"{", b"\xff\xfe", b"vigie_webhook_store_up x\n"])
def test_figures_that_cannot_be_read_are_not_well(served, metrics):
    served[0].metrics = metrics
    assert look(served[1], "watchdog").reason == "métriques illisibles"


def test_one_that_drips_for_ever_comes_to_an_end(served, monkeypatch):
    monkeypatch.setattr(module, "_SECONDS", 0.3)
    served[0].drip = True
    assert not look(served[1], "watchdog").ready


def test_one_that_takes_connections_and_says_nothing(monkeypatch):
    monkeypatch.setattr(module, "_SECONDS", 0.2)
    with socket.create_server(("127.0.0.1", 0)) as silent:
        seen = look(f"http://127.0.0.1:{silent.getsockname()[1]}", "watchdog")
    assert (seen.ready, seen.reason) == (False, "ne répond pas")
