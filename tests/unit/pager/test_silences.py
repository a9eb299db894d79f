"""Which silences end soon, as peers of Alertmanager tell it, odd answers included."""

from __future__ import annotations

import json
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import pytest

from alertmanager.webhook.silences import ending_silences

NOW = datetime(2026, 5, 1, 17, tzinfo=UTC)


def silence(name: str, hours: float, state: str = "active") -> dict[str, Any]:
    ends = (NOW + timedelta(hours=hours)).isoformat().replace("+00:00", "Z")
    return {"id": name, "status": {"state": state}, "endsAt": ends}


@contextmanager
def peer(body: Any, status: int = 200) -> Iterator[str]:
    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            self.send_response(status if self.path == "/api/v2/silences" else 404)
            self.end_headers()
            self.wfile.write(body if isinstance(body, bytes) else json.dumps(body).encode())

        def log_message(self, format: str, *args: Any) -> None:  # noqa: A002  (its name there)
            """Say nothing."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02})
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_port}"
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


def test_those_that_end_within_a_day_count_once_whoever_tells_of_them() -> None:
    one, other = silence("a", 3), silence("b", 23)
    later, over, ended = silence("c", 25), silence("d", 2, "expired"), silence("e", -1)
    with peer([one, later, over, ended]) as first, peer([other, one]) as second:
        assert ending_silences([first, second], NOW) == [
            NOW + timedelta(hours=3),
            NOW + timedelta(hours=23),
        ]


def test_what_makes_no_sense_hides_no_other() -> None:
    odd = [None, {}, {"status": "active"}, {**silence("x", 1), "endsAt": "demain"}]
    with peer([*odd, silence("a", 3)]) as url:
        assert ending_silences([url], NOW) == [NOW + timedelta(hours=3)]


@pytest.mark.parametrize(("body", "status"), [(b"<html>", 200), ([], 503)])
def test_none_is_not_known_when_nobody_answers(body: Any, status: int) -> None:
    with peer(body, status) as broken, peer([silence("a", 3)]) as sound:
        assert ending_silences([broken], NOW) is None
        assert ending_silences([broken, sound], NOW) == [NOW + timedelta(hours=3)]


def test_without_an_alertmanager_there_are_none() -> None:
    assert ending_silences([], NOW) == []
