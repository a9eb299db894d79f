"""A real vigie-status before a webhook that speaks the contract and a real Prometheus."""

from __future__ import annotations

import json
import subprocess
import sys
import tempfile
import threading
from collections.abc import Iterator
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from importlib.resources import files
from pathlib import Path
from typing import Any

import pytest
import requests

from deploy.estate.child import Child, start_child, wait_until
from deploy.estate.monitoring import answers, launch_prometheus
from deploy.estate.ports import Ports, free_base

COMMAND = [sys.executable, "-m", "dashboards.status"]
TOKEN = "jeton-du-lecteur"
RULES = """\
groups:
  - name: veille
    rules:
      - {alert: Watchdog, expr: vector(1)}
"""
SCRAPE = """\
global: {scrape_interval: 1s, evaluation_interval: 1s}
rule_files: [rules.yml]
"""


@dataclass
class FakeWebhook:
    """Serves `incidents` as GET /api/v1/status/incidents does; `status` other than 200 fails."""

    incidents: list[dict[str, Any]] = field(default_factory=list)
    status: int = 200
    seen_tokens: set[str] = field(default_factory=set)
    port: int = 0

    def answer(self, handler: BaseHTTPRequestHandler) -> None:
        self.seen_tokens.add(handler.headers.get("Authorization", ""))
        allowed = handler.headers.get("Authorization") == f"Bearer {TOKEN}"
        wanted = handler.path == "/api/v1/status/incidents"
        body = {"generated_at": "2026-05-01T05:20:00Z", "incidents": self.incidents}
        payload = json.dumps(body).encode()
        handler.send_response(404 if not wanted else 401 if not allowed else self.status)
        handler.send_header("Content-Type", "application/json")
        handler.send_header("Content-Length", str(len(payload)))
        handler.end_headers()
        handler.wfile.write(payload)


@pytest.fixture(scope="module")
def webhook() -> Iterator[FakeWebhook]:
    state = FakeWebhook()

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self):
            state.answer(self)

        def log_message(self, *_):
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    state.port = server.server_address[1]
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    yield state
    server.shutdown()
    server.server_close()
    thread.join()


@pytest.fixture(scope="module")
def workshop() -> Iterator[Path]:
    with tempfile.TemporaryDirectory(prefix="vigie-status-") as name:
        yield Path(name)


def write_config(folder: Path, ports: Ports, webhook: int) -> Path:
    """status.yml and what it names."""
    example = files("inventory").joinpath("example.yml").read_text("utf-8")
    (folder / "inventory.yml").write_text(example, "utf-8")
    for name, secret in (("token", TOKEN), ("key", "0123456789abcdef" * 3)):
        (folder / name).write_text(secret + "\n")
        (folder / name).chmod(0o600)
    config = folder / "status.yml"
    config.write_text(
        f"""\
inventory: inventory.yml
web: {{listen_address: "127.0.0.1:{ports["status"]}"}}
webhook: {{url: "http://127.0.0.1:{webhook}", token_file: token}}
prometheus: {{url: "{ports.url("prometheus")}"}}
member_link_key_file: key
contact:
  text: Le centre de services répond de 8 h à 18 h, du lundi au vendredi.
  email: assistance@deux-rives.test
  phone: 03 20 00 00 00
refresh_interval: 1s
unknown_after: 4s
""",
        "utf-8",
    )
    return config


@dataclass
class Bench:
    """A vigie-status, its Prometheus and its webhook; the first two can be stopped and started."""

    folder: Path
    ports: Ports
    webhook: FakeWebhook
    config: Path
    children: dict[str, Child] = field(default_factory=dict)

    @property
    def url(self) -> str:
        """Root of the status page."""
        return self.ports.url("status")

    def start_prometheus(self) -> None:
        """Debian's Prometheus with the Watchdog rule alone."""
        (self.folder / "prometheus.yml").write_text(SCRAPE)
        (self.folder / "rules.yml").write_text(RULES)
        self.children["prometheus"] = launch_prometheus(self.folder, self.ports["prometheus"])

    def run_status(self, *flags: str) -> subprocess.CompletedProcess[str]:
        """vigie-status run to its end, for when it should not stay."""
        return subprocess.run(
            [*COMMAND, *flags], capture_output=True, text=True, timeout=30, check=False
        )

    def start_status(self) -> None:
        """vigie-status, at the hour of the drill."""
        flags = ["--config", self.config, "--clock.start", "2026-05-01T07:12:00+02:00"]
        child = start_child("vigie-status", [*COMMAND, *flags], self.folder / "status.log")
        self.children["status"] = child
        child.wait_ready(answers(f"{self.url}/-/ready"))

    def stop(self, name: str) -> Child:
        """Stop a child, and give it back for its exit status and its log."""
        child = self.children.pop(name)
        child.stop()
        return child

    def page(self, path: str = "/") -> str:
        """The page at `path`."""
        answer = requests.get(self.url + path, timeout=5)
        answer.raise_for_status()
        return answer.content.decode()

    def shows(self, sentence: str, path: str = "/", seconds: float = 15) -> None:
        """Return once the page at `path` has `sentence`. Raise EstateError otherwise."""
        wait_until(lambda: sentence in self.page(path), f"« {sentence} » sur {path}", seconds)


@pytest.fixture(scope="module")
def shared_bench(workshop: Path, webhook: FakeWebhook) -> Iterator[Bench]:
    ports = Ports(free_base())
    bench = Bench(workshop, ports, webhook, write_config(workshop, ports, webhook.port))
    try:
        bench.start_prometheus()
        bench.start_status()
        yield bench
    finally:
        for name in list(bench.children):
            bench.stop(name)


@pytest.fixture
def bench(shared_bench: Bench) -> Iterator[Bench]:
    """The bench, everything running, its webhook silent and well; left so after the test."""
    if "prometheus" not in shared_bench.children:
        shared_bench.start_prometheus()
    if "status" not in shared_bench.children:
        shared_bench.start_status()
    shared_bench.shows("Tous les services fonctionnent")
    yield shared_bench
    shared_bench.webhook.incidents, shared_bench.webhook.status = [], 200
