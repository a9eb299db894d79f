"""A joined pair of Debian's Alertmanager: its doubles are absorbed, and either may be missing."""

from __future__ import annotations

import sqlite3
import sys
import threading
import time
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import pytest
import requests
from alertmanager_members import PEER_TIMEOUT, Member

from deploy.estate.child import wait_until
from deploy.estate.ports import LOOPBACK

DRIVER = """
import sys

from alertmanager.incidents import gone
from alertmanager.webhook import process, survey

gone.GONE_AFTER, survey._EVERY = 2.0, 0.5
sys.exit(process.main(sys.argv[1:]))
"""


class Slow:
    """Stands before the webhook: what it answers comes `delay` seconds late."""

    def __init__(self, target: str) -> None:
        self.delay, self.posts, self.statuses = 0.0, 0, list[int]()
        outer = self

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                outer.posts += 1
                body = self.rfile.read(int(self.headers["Content-Length"]))
                headers = {"Authorization": self.headers["Authorization"]}
                answer = requests.post(target, data=body, headers=headers, timeout=30)
                outer.statuses.append(answer.status_code)
                time.sleep(outer.delay)
                self.send_response(answer.status_code)
                self.send_header("Content-Length", "0")
                self.end_headers()

            def log_message(self, *arguments: object) -> None:
                """Quiet."""

        self._server = ThreadingHTTPServer((LOOPBACK, 0), Handler)
        self._server.daemon_threads = True
        self.url = f"http://{LOOPBACK}:{self._server.server_port}/"
        threading.Thread(target=self._server.serve_forever, args=(0.05,)).start()

    def stop(self) -> None:
        self._server.shutdown()
        self._server.server_close()


@pytest.fixture
def slow(estate: Any) -> Iterator[Slow]:
    before = Slow(estate.url("alertmanager/default"))
    yield before
    before.stop()


@pytest.fixture
def pair(estate: Any, slow: Slow) -> Iterator[list[Member]]:
    """Joined, and the webhook that knows both."""
    members: list[Member] = []
    token = estate.settings.path("alertmanager.token")
    for number in range(2):
        members.append(Member(estate.folder / f"am{number}", slow.url, token, peers=members[:]))
    integration = {
        "id": "default",
        "token_file": "alertmanager.token",
        "alertmanager_url": [member.url for member in members],
    }
    estate.write(integrations=[integration])
    driver = estate.folder / "driver.py"
    driver.write_text(DRIVER)
    estate.start(clock=None, program=[sys.executable, driver])
    wait_until(lambda: [one.members() for one in members] == [2, 2], "la paire", 30)
    yield members
    for member in members:
        member.stop()


def outcomes(estate: Any) -> list[str]:
    with sqlite3.connect(estate.database) as connection:
        return [row[0] for row in connection.execute("SELECT outcome FROM receipts ORDER BY id")]


def both(pair: list[Member], *alerts: dict[str, str], over: bool = False) -> None:
    """As Prometheus does."""
    for member in pair:
        member.tell(*alerts, over=over)


def test_the_double_of_a_peer_that_waited_too_long_is_absorbed(
    estate: Any, slow: Slow, pair: list[Member]
) -> None:
    slow.delay = PEER_TIMEOUT + 2
    both(pair, {"alertname": "Panne", "instance": "a"})
    wait_until(lambda: len(outcomes(estate)) >= 2, "le double", 30)
    slow.delay = 0
    (incident,) = estate.incidents()
    assert outcomes(estate)[:2] == ["accepted", "duplicate"]
    assert incident["state"] == "paging"
    assert len(incident["alerts"]) == len(incident["pages"]) == len(incident["messages"]) == 1
    both(pair, {"alertname": "Panne", "instance": "a"}, over=True)
    wait_until(lambda: estate.incident()["state"] == "resolved", "la fin", 30)


def test_a_short_outage_is_ridden_out_by_either_peer(
    estate: Any, slow: Slow, pair: list[Member]
) -> None:
    lock = sqlite3.connect(estate.database, isolation_level=None)
    lock.execute("BEGIN IMMEDIATE")
    both(pair, {"alertname": "Panne", "instance": "a"})
    wait_until(lambda: 503 in slow.statuses, "un 503", 20)
    lock.execute("ROLLBACK")
    lock.close()
    wait_until(lambda: 200 in slow.statuses, "l'envoi pris", 30)
    incident = estate.incident()
    assert len(incident["alerts"]) == len(incident["pages"]) == 1
    assert set(slow.statuses) == {200, 503}


def test_one_is_gone_only_when_no_peer_that_answers_has_it(estate: Any, pair: list[Member]) -> None:
    first, second = pair
    both(pair, {"alertname": "Watchdog", "severity": "none"})
    second.tell({"alertname": "Panne", "instance": "a"})

    def state() -> str:
        return "".join(one["state"] for one in estate.incidents() if one["title"] == "Panne")

    wait_until(lambda: state() == "paging", "l'incident", 30)
    time.sleep(4)  # twice what a peer without it would need to end it
    assert state() == "paging"
    second.stop()
    wait_until(lambda: state() == "resolved", "la fin : le pair qui reste ne l'a pas", 30)
    assert first.child.alive()
