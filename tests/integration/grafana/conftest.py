"""A real Prometheus with our rules, before an exporter that serves what the test gives it."""

from __future__ import annotations

import shutil
import tempfile
import threading
import time
from collections.abc import Iterator
from dataclasses import dataclass
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from importlib.resources import files
from pathlib import Path

import pytest
import requests

from deploy.estate.child import Child, wait_until
from deploy.estate.monitoring import launch_prometheus
from deploy.estate.ports import Ports, free_base

SAMPLES = Path(__file__).with_name("exposition")


@dataclass
class Site:
    """Prometheus's root URL, and the exposition served to it now."""

    url: str
    text: str = ""
    edition: int = 0

    def serve(self, name: str, *, without: str | None = None) -> None:
        """Serve the recorded exposition `name`, less the metrics that start with `without`."""
        lines = (SAMPLES / f"{name}.prom").read_text("utf-8").splitlines()
        kept = [line for line in lines if without is None or not line.startswith(without)]
        self.edition += 1
        self.text = "\n".join([*kept, f"test_edition {self.edition}"])

    def answer(self, path: str) -> str:
        """What the exporter, or the webhook, says now; ``<now>`` is the time of the answer."""
        webhook = path == "/vigie-webhook"
        lines = [s for s in self.text.splitlines() if s.startswith("vigie_webhook") == webhook]
        return "\n".join(lines).replace("<now>", f"{time.time():.2f}") + "\n"

    def calm(self, *, without: str | None = None) -> None:
        """Serve the calm exposition, and return once no alert fires and all is scraped."""
        self.serve("calm", without=without)
        self.until(f"test_edition == {self.edition}")
        self.until("rate(vigie_host_cpu_seconds_total[30s]) > 0")
        self.until("host:memory_assigned:ratio")
        self.until('absent(ALERTS{alertstate="firing",severity=~"critical|warning"})', 60)

    def ask(self, query: str) -> list[dict[str, object]]:
        """The result of an instant query."""
        answer = requests.post(f"{self.url}/api/v1/query", data={"query": query}, timeout=5)
        found: list[dict[str, object]] = answer.json()["data"]["result"]
        return found

    def until(self, query: str, seconds: float = 30) -> None:
        """Return once `query` has a result."""
        wait_until(lambda: bool(self.ask(query)), query, seconds, every=0.5)


def _prometheus(folder: Path, port: int, target: int) -> Child:
    rules = Path(str(files("alertmanager").joinpath("rules")))
    shutil.copytree(rules, folder / "rules")
    for file in (folder / "rules").glob("*.yml"):  # as fast as the scrapes
        file.write_text(file.read_text("utf-8").replace("interval: 15s", "interval: 1s"), "utf-8")
    jobs = "".join(
        f"  - job_name: {job}\n    static_configs: [{{targets: ['127.0.0.1:{target}']}}]\n"
        f"    metrics_path: /{job}\n"
        for job in ("vigie-exporter", "vigie-webhook")
    )
    (folder / "prometheus.yml").write_text(
        "global: {scrape_interval: 1s, scrape_timeout: 1s, evaluation_interval: 1s}\n"
        f"rule_files: [rules/*.yml]\nscrape_configs:\n{jobs}"
    )
    return launch_prometheus(folder, port)


@pytest.fixture(scope="module")
def site() -> Iterator[Site]:
    ports = Ports(free_base())
    site = Site(ports.url("prometheus"))
    site.serve("attack")

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self):
            self.send_response(200)
            self.send_header("Content-Type", "text/plain; version=0.0.4; charset=utf-8")
            self.end_headers()
            self.wfile.write(site.answer(self.path).encode())

        def log_message(self, *_):
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    with tempfile.TemporaryDirectory(prefix="vigie-grafana-") as name:
        child = _prometheus(Path(name), ports["prometheus"], server.server_address[1])
        try:
            site.until('rate(mailqueue_submitted_recipients_total{member="valmont"}[1m])')
            yield site
        finally:
            child.stop()
            server.shutdown()
            server.server_close()
