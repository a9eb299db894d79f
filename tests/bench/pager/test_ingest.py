"""Durable intake over HTTP, by the real process on SQLite, beside bare durable transactions.

Run with -s to see the table; --long posts for a minute, the sample for some seconds.
"""

from __future__ import annotations

import gc
import http.client
import json
import os
import sqlite3
import statistics
import sys
import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from queue import SimpleQueue
from typing import Any

import psutil
import pytest

from deploy.estate.child import Child, start_child
from deploy.estate.monitoring import answers
from deploy.estate.ports import LOOPBACK, Ports, free_base
from deploy.estate.settings_files import SettingsFiles

RATE = 200  # posts a second
SENDERS = 32
MANY = 1000  # alerts in one payload
INCIDENTS = 50


@dataclass
class Webhook:
    port: int
    token: str
    database: Path
    process: psutil.Process
    connections: list[http.client.HTTPConnection] = field(default_factory=list)

    def cpu(self) -> float:
        """Seconds it used so far."""
        used = self.process.cpu_times()
        return float(used.user + used.system)

    def sender(self) -> Callable[[bytes], int]:
        """Posts a body over a connection that it keeps; the status."""
        connection = http.client.HTTPConnection(LOOPBACK, self.port, timeout=30)
        self.connections.append(connection)
        headers = {"Authorization": f"Bearer {self.token}", "Content-Type": "application/json"}

        def send(body: bytes) -> int:
            connection.request("POST", "/api/v1/alertmanager/default", body, headers)
            answer = connection.getresponse()
            answer.read()
            return answer.status

        return send

    def rows(self, table: str) -> int:
        with sqlite3.connect(self.database) as connection:
            return int(connection.execute(f"SELECT count(*) FROM {table}").fetchone()[0])


@pytest.fixture
def webhook(tmp_path: Path) -> Iterator[Webhook]:
    ports = Ports(free_base())
    settings = SettingsFiles(tmp_path / "etc", ports)
    settings.write_shared()
    settings.write_secret("kannel.password", "x")
    database = tmp_path / "db" / "webhook.sqlite3"
    kannel = {
        "url": f"http://{LOOPBACK}:{ports['sendsms']}/",
        "username": "vigie",
        "password_file": "kannel.password",
    }
    settings.write_webhook(database, kannel, "5m")
    program = Path(sys.executable).with_name("vigie-webhook")
    command = [program, "--config", settings.path("webhook.yml")]
    child: Child = start_child("vigie-webhook", command, tmp_path / "webhook.log")
    child.wait_ready(answers(f"{ports.url('webhook')}/-/ready"), 60)
    made = Webhook(
        ports["webhook"],
        settings.secret("alertmanager.token"),
        database,
        psutil.Process(child.pid),
    )
    yield made
    for connection in made.connections:
        connection.close()
    child.stop()


def payload(names: range, tag: str, incidents: int) -> bytes:
    """Alerts as the mail rules raise them, spread over so many incidents."""
    alerts: list[dict[str, Any]] = [
        {
            "status": "firing",
            "labels": {
                "alertname": f"MailQueueJammed{tag}{number % incidents}",
                "severity": "critical",
                "service": "messagerie",
                "member": "valmont",
                "instance": f"mx{number}",
                "impact": "degraded",
                "scope": "service",
            },
            "annotations": {
                "summary": f"file de mx{number} bloquée, 1840 messages depuis 12 min",
                "action": "Lire le journal de Postfix, puis purger la file",
            },
            "startsAt": "2026-05-01T05:13:05.123Z",
            "endsAt": "0001-01-01T00:00:00Z",
            "generatorURL": "http://prometheus.test/graph?g0.expr=mailqueue",
            "fingerprint": f"{tag}{number:05}",
        }
        for number in names
    ]
    data = {"version": "4", "groupKey": tag, "receiver": "vigie", "alerts": alerts}
    return json.dumps(data | {"truncatedAlerts": 0}).encode()


class Floor:
    """Bare durable transactions: a receipt and its alerts, nothing decided."""

    def __init__(self, path: Path) -> None:
        self._connection = sqlite3.connect(path, isolation_level=None)
        self._connection.execute("PRAGMA journal_mode=WAL")
        self._connection.execute("PRAGMA synchronous=FULL")
        self._connection.execute("CREATE TABLE receipts (body BLOB)")
        self._connection.execute("CREATE TABLE alerts (fingerprint TEXT UNIQUE, labels TEXT)")

    def store(self, body: bytes) -> None:
        self._connection.execute("BEGIN IMMEDIATE")
        self._connection.execute("INSERT INTO receipts VALUES (?)", (body,))
        alerts = [(a["fingerprint"], json.dumps(a["labels"])) for a in json.loads(body)["alerts"]]
        self._connection.executemany("INSERT INTO alerts VALUES (?, ?)", alerts)
        self._connection.execute("COMMIT")


def milliseconds(work: Callable[[], object]) -> float:
    start = time.perf_counter()
    work()
    return (time.perf_counter() - start) * 1e3


def centile(values: list[float], share: float) -> float:
    return sorted(values)[min(len(values) - 1, int(len(values) * share))]


def paced(webhook: Webhook, bodies: list[bytes]) -> list[float]:
    """Milliseconds from the instant each was due to its answer: waiting for a sender counts."""
    waiting: SimpleQueue[tuple[float, bytes] | None] = SimpleQueue()
    took: list[tuple[float, float]] = []
    refused: list[int] = []

    def work() -> None:
        send = webhook.sender()
        while (item := waiting.get()) is not None:
            due, body = item
            status = send(body)
            took.append((due, (time.perf_counter() - due) * 1e3))
            if status != 200:
                refused.append(status)

    threads = [threading.Thread(target=work) for _ in range(SENDERS)]
    for thread in threads:
        thread.start()
    gc.collect()
    gc.disable()  # our own pauses are not the webhook's
    start = time.perf_counter()
    for number, body in enumerate(bodies):
        due = start + number / RATE
        time.sleep(max(0.0, due - time.perf_counter()))
        waiting.put((due, body))
    for _ in threads:
        waiting.put(None)
    for thread in threads:
        thread.join()
    gc.enable()
    assert refused == []
    return [milliseconds for _, milliseconds in sorted(took)]


@pytest.mark.series
def test_intake_beside_bare_durable_transactions(
    webhook: Webhook, tmp_path: Path, long: bool, record_property: Any
) -> None:
    floor = Floor(tmp_path / "floor.sqlite3")
    send = webhook.sender()
    send(payload(range(3), "warm", 1))
    rows = [f"{'milliseconds':<52}{'bare':>14}{'vigie':>14}"]

    def row(what: str, bare: list[float], ours: list[float]) -> None:
        cells = (f"{statistics.median(v):.1f} / {centile(v, 0.99):.1f}" for v in (bare, ours))
        rows.append(f"{what:<52}{next(cells):>14}{next(cells):>14}")

    bare_many, ours_many = [], []
    rounds = 20 if long else 5
    for number in range(rounds):
        body = payload(range(MANY), f"m{number}x", 1)
        bare_many.append(milliseconds(lambda body=body: floor.store(body)))
        ours_many.append(milliseconds(lambda body=body: send(body)))
    row(f"{MANY} alerts in one payload, p50 / p99", bare_many, ours_many)

    count = RATE * (60 if long else 5)
    singles = [payload(range(n, n + 1), "s", INCIDENTS) for n in range(count)]
    bare_one = [milliseconds(lambda body=body: floor.store(body)) for body in singles]
    used = webhook.cpu()
    ours_one = paced(webhook, singles)
    used = (webhook.cpu() - used) / count * 1e3
    row(f"{RATE} posts/s, each a new alert, p50 / p99", bare_one, ours_one)
    opening = 2 * RATE
    row(f"  of them the 2 s in which {INCIDENTS} incidents open", bare_one, ours_one[:opening])
    row("  of them those after", bare_one, ours_one[opening:])

    lively = [payload(range(n, n + 1), "s", INCIDENTS) for n in range(count)]
    row(f"{RATE} posts/s, all known already, p50 / p99", bare_one, paced(webhook, lively))
    rows.append(f"CPU of a post, HTTP and loops included: {used:.1f} ms")
    rows.append(f"load of the machine: {os.getloadavg()[0]:.1f}")
    table = "\n".join(rows)
    record_property("series", table)
    print(f"\n{table}")

    assert webhook.rows("receipts") == 1 + rounds + 2 * count
    assert webhook.rows("alerts") == 3 + rounds * MANY + count
    # Of this very run: what Vigie decides about a thousand alerts costs a few bare writes of them.
    assert statistics.median(ours_many) < 40 * statistics.median(bare_many)
