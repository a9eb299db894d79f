"""The store fails: 503 with nothing half done, and Alertmanager's next try delivers."""

from __future__ import annotations

import contextlib
import sqlite3
import subprocess
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import requests
import yaml

from deploy.estate.child import Child, start_child, wait_until

LOCKED = "base verrouillée par un autre processus"


class Locked:
    """Another process that holds the database's write lock."""

    def __init__(self, database: Path) -> None:
        self.connection = sqlite3.connect(database, isolation_level=None)
        self.connection.execute("BEGIN IMMEDIATE")

    def release(self) -> None:
        self.connection.execute("ROLLBACK")
        self.connection.close()


def rows(database: Path, table: str) -> int:
    connection = sqlite3.connect(database)
    count: int = connection.execute(f"SELECT count(*) FROM {table}").fetchone()[0]
    connection.close()
    return count


@pytest.fixture
def tiny_disk(estate_folder: Path) -> Iterator[Path]:
    """A file system of two megabytes."""
    folder = estate_folder / "tiny"
    folder.mkdir()
    subprocess.run(["mount", "-t", "tmpfs", "-o", "size=2m", "tmpfs", folder], check=True)
    yield folder
    subprocess.run(["umount", "-l", folder], check=True)


class RealAlertmanager:
    """Debian's Alertmanager, posting to the webhook."""

    def __init__(self, estate: Any) -> None:
        self.url = estate.ports.url("alertmanager")
        folder = estate.folder / "am"
        folder.mkdir()
        configuration = folder / "alertmanager.yml"
        token = str(estate.settings.path("alertmanager.token"))
        receiver = {
            "url": estate.url("alertmanager/default"),
            "http_config": {"authorization": {"credentials_file": token}},
        }
        route = {
            "receiver": "vigie",
            "group_by": ["alertname"],
            "group_wait": "0s",
            "group_interval": "5s",
        }
        configuration.write_text(
            yaml.safe_dump(
                {
                    "route": route,
                    "receivers": [{"name": "vigie", "webhook_configs": [receiver]}],
                }
            )
        )
        self.child: Child = start_child(
            "alertmanager",
            [
                "prometheus-alertmanager",
                f"--config.file={configuration}",
                f"--storage.path={folder}/data",
                f"--web.listen-address={self.url.removeprefix('http://')}",
                "--cluster.listen-address=",
            ],
            folder / "alertmanager.log",
        )
        self.child.wait_ready(self._ready)

    def _ready(self) -> bool:
        try:
            return requests.get(f"{self.url}/-/ready", timeout=2).status_code == 200
        except requests.RequestException:
            return False

    def alert(self, alert: dict[str, Any], ends: str | None = None) -> None:
        body = {"labels": alert["labels"], "annotations": alert["annotations"]}
        if ends is not None:
            body["endsAt"] = ends
        requests.post(f"{self.url}/api/v2/alerts", json=[body], timeout=5).raise_for_status()


@pytest.fixture
def alertmanager(estate: Any) -> Iterator[RealAlertmanager]:
    server = RealAlertmanager(estate)
    yield server
    server.child.stop()


def test_a_locked_store_answers_503_and_keeps_nothing_then_the_retry_pages(
    running: Any,
) -> None:
    lock = Locked(running.database)
    answer = running.post(running.alert(), timeout=15)
    assert answer.status_code == 503
    assert answer.headers["content-type"] == "application/problem+json"
    assert LOCKED in answer.json()["detail"]
    assert requests.get(f"{running.ports.url('webhook')}/-/ready", timeout=15).status_code == 503
    lock.release()
    assert rows(running.database, "receipts") == rows(running.database, "alerts") == 0
    assert running.post(running.alert()).status_code == 200
    running.wait_sms(1)
    running.stays_quiet(1)


def test_the_real_alertmanager_tries_again_until_the_store_is_back(
    running: Any, alertmanager: RealAlertmanager
) -> None:
    lock = Locked(running.database)
    alertmanager.alert(running.alert())
    wait_until(lambda: _refused(running), "un 503", 20)
    lock.release()
    (page,) = running.wait_sms(1, 30)
    assert "j.martin@ville-valmont.test" in page.text
    running.handset.reply(running.first, "OK")
    running.wait_sms(2)
    past = time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(time.time() - 1))
    alertmanager.alert(running.alert(), ends=past)
    assert "TERMINÉ" in running.wait_sms(3, 20)[2].text
    running.stays_quiet(3)


def _refused(running: Any) -> bool:
    """Whether the process answered 503, by its log: a locked store can be asked nothing."""
    log: str = running.child.log.read_text()
    return "store_unavailable" in log


def test_a_full_disk_answers_503_and_pages_once_there_is_room(estate: Any, tiny_disk: Path) -> None:
    estate.database = tiny_disk / "webhook.sqlite3"
    estate.write()
    estate.start_sms()
    estate.start()
    ballast = tiny_disk / "ballast"
    with ballast.open("wb", buffering=0) as file, contextlib.suppress(OSError):
        while file.write(b"x" * 4096):
            pass
    big = estate.alert(description="x" * 100_000)
    answer = estate.post(big)
    assert answer.status_code == 503, answer.text
    assert "disque plein" in answer.json()["detail"]
    assert rows(estate.database, "receipts") == rows(estate.database, "alerts") == 0
    ballast.unlink()
    assert estate.post(big).status_code == 200
    estate.wait_sms(1)
