"""A real Alertmanager with the shipped configuration, and a webhook that only remembers."""

from __future__ import annotations

import json
import tempfile
import threading
import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest
import requests

from deploy.estate.monitoring import Alertmanager
from deploy.estate.ports import LOOPBACK, Ports, free_base

TOKEN = "jeton-du-test"


@dataclass
class Received:
    """What the webhook was posted: (path, authorization, body, monotonic time)."""

    posts: list[tuple[str, str, dict[str, Any], float]] = field(default_factory=list)

    def alerts(self, integration: str) -> list[tuple[str, dict[str, Any], float]]:
        """(status, labels, time) of every alert of every post to an integration."""
        return [
            (alert["status"], alert["labels"], at)
            for path, _, body, at in list(self.posts)
            if path == f"/api/v1/alertmanager/{integration}"
            for alert in body["alerts"]
        ]

    def wait_for(self, integration: str, seconds: float, **labels: str) -> float:
        """The time at which an alert with these labels was posted. Fail after `seconds`."""
        end = time.monotonic() + seconds
        while time.monotonic() < end:
            for _, found, at in self.alerts(integration):
                if labels.items() <= found.items():
                    return at
            time.sleep(0.05)
        raise AssertionError(f"nothing with {labels} after {seconds} s: {self.posts}")


@pytest.fixture
def ports() -> Ports:
    return Ports(free_base())


@pytest.fixture
def webhook(ports: Ports) -> Iterator[Received]:
    received = Received()

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
            authorization = self.headers.get("Authorization", "")
            received.posts.append((self.path, authorization, body, time.monotonic()))
            self.send_response(200)
            self.end_headers()

        def log_message(self, *arguments: object) -> None:
            """Quiet."""

    server = ThreadingHTTPServer((LOOPBACK, ports["webhook"]), Handler)
    thread = threading.Thread(target=server.serve_forever, args=(0.05,))
    thread.start()
    yield received
    server.shutdown()
    server.server_close()
    thread.join()


@pytest.fixture
def alertmanager(ports: Ports, webhook: Received) -> Iterator[Any]:
    """A function that posts alerts to a running Alertmanager: labels each."""
    with tempfile.TemporaryDirectory(prefix="vigie-am-") as folder:
        token = Path(folder) / "token"
        token.write_text(TOKEN, encoding="ascii")
        server = Alertmanager(Path(folder) / "am", ports, token)
        server.start()

        def fire(*alerts: dict[str, str]) -> float:
            url = f"{ports.url('alertmanager')}/api/v2/alerts"
            requests.post(
                url, json=[{"labels": labels, "annotations": {}} for labels in alerts], timeout=5
            ).raise_for_status()
            return time.monotonic()

        yield fire
        server.stop()


@pytest.fixture
def silences(alertmanager, webhook):
    """Asserts that `cause` holds `symptom` back in Alertmanager, and not `other`."""

    def check(cause, symptom, other) -> None:
        alertmanager(cause)
        webhook.wait_for("default", 5, alertname=cause["alertname"])
        alertmanager(symptom, other)
        webhook.wait_for("default", 20, **other)
        time.sleep(2)  # twice the critical group_wait
        posted = [labels for _, labels, _ in webhook.alerts("default")]
        assert other in posted
        assert symptom not in posted

    return check
