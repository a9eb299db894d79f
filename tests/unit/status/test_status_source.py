"""Servers that answer anything but what was agreed: said in a word, in bounded time and memory."""

from __future__ import annotations

import gzip
import resource
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest

from dashboards.status.source import PrometheusSource, SourceError, WebhookSource


class Odd(BaseHTTPRequestHandler):
    body, coding = b"", ""

    def do_GET(self):
        self.send_response(200)
        if self.coding:
            self.send_header("Content-Encoding", self.coding)
        self.send_header("Content-Length", str(len(self.body)))
        self.end_headers()
        try:
            self.wfile.write(self.body)
        except OSError:
            self.close_connection = True

    def do_POST(self):
        self.rfile.read(int(self.headers["Content-Length"]))
        self.do_GET()

    def log_message(self, *_):
        pass


@pytest.fixture
def server() -> Iterator[tuple[str, type[Odd]]]:
    class Handler(Odd):
        pass

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as http:
        thread = threading.Thread(target=http.serve_forever, args=(0.05,))
        thread.start()
        yield f"http://127.0.0.1:{http.server_port}", Handler
        http.shutdown()
        thread.join()


@pytest.fixture
def sources(server, tmp_path):
    token = tmp_path / "token"
    token.write_text("x" * 40)
    token.chmod(0o600)
    return WebhookSource(server[0], token), PrometheusSource(server[0], {"messagerie": "up"})


@pytest.mark.parametrize(
    ("body", "said"),
    [
        (b"[" * 100_000, "n'est pas du JSON"),
        (b"\xff\xfe{{{", "n'est pas du JSON"),
        (b" " * 4_000_001, "trop longue"),
    ],
)
def test_rubbish_is_a_source_that_cannot_be_read(server, sources, body, said):
    server[1].body = body
    for source in sources:
        with pytest.raises(SourceError, match=said):
            source.read()


def test_a_compressed_bomb_is_not_unpacked_in_memory(server, sources):
    server[1].body, server[1].coding = gzip.compress(b" " * 400_000_000, 1), "gzip"
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    for source in sources:
        with pytest.raises(SourceError, match="trop longue"):
            source.read()
    assert resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before < 100_000  # kilobytes
