"""Real servers of the pager's tests: Kannel, its handset network, and the real webhook process."""

from __future__ import annotations

import shutil
import signal
import sys
import tempfile
import time
from collections.abc import Iterator, Sequence
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
import requests
import yaml
from playwright.sync_api import Browser, sync_playwright

from deploy.estate.child import Child, start_child, wait_until
from deploy.estate.ports import Ports, free_base
from deploy.estate.postgres import PostgresServer
from deploy.estate.settings_files import SettingsFiles
from deploy.estate.sms import Handset, Received, SmsGateway

HOLIDAY_MORNING = datetime.fromisoformat("2026-05-01T07:12:00+02:00")
FIRST, SECOND, LAST = "+33639981003", "+33639981005", "+33639981007"


@pytest.fixture
def ports() -> Ports:
    return Ports(free_base())


@pytest.fixture(scope="session")
def postgres() -> Iterator[PostgresServer]:
    """A PostgreSQL whose commits are on disk before they are answered."""
    folder = Path(tempfile.mkdtemp(prefix="vg-", dir="/tmp"))
    folder.chmod(0o755)
    server = PostgresServer(folder, Ports(free_base())["postgresql"])
    server.start()
    yield server
    server.stop()
    shutil.rmtree(folder, ignore_errors=True)


@pytest.fixture
def estate_folder() -> Iterator[Path]:
    folder = Path(tempfile.mkdtemp(prefix="vp", dir="/tmp"))
    folder.chmod(0o755)
    yield folder
    shutil.rmtree(folder, ignore_errors=True)


def alert(
    fingerprint: str = "a1",
    status: str = "firing",
    labels: dict[str, str] | None = None,
    **annotations: str,
) -> dict[str, Any]:
    """One alert of a payload; the account flooding of 1 May unless told otherwise."""
    return {
        "status": status,
        "labels": {
            "alertname": "MailAccountCompromised",
            "severity": "critical",
            "service": "messagerie",
            "member": "valmont",
            "impact": "degraded",
            "scope": "service",
            **(labels or {}),
        },
        "annotations": {
            "summary": "compte j.martin@ville-valmont.test piraté probable, 1840 destinataires"
            " en 2 min depuis 12 adresses",
            "action": "Bloquer le compte, purger sa file",
            **annotations,
        },
        "startsAt": "2026-05-01T05:13:05.123Z",
        "endsAt": "0001-01-01T00:00:00Z",
        "generatorURL": "http://prometheus.test/graph",
        "fingerprint": fingerprint,
    }


class PagerEstate:
    """A gateway, handsets and a webhook process, with what a test asks of them."""

    first, second, last = FIRST, SECOND, LAST
    alert = staticmethod(alert)

    def __init__(self, folder: Path, ports: Ports, postgres_url: str | None = None) -> None:
        self.folder, self.ports, self.postgres_url = folder, ports, postgres_url
        self.gateway = SmsGateway(folder / "k", ports, self.url("kannel/reply"))
        self.handset = Handset(folder / "h", ports)
        self.settings = SettingsFiles(folder / "etc", ports)
        self.settings.write_shared()
        self.database = folder / "db" / "webhook.sqlite3"
        self.child: Child | None = None
        self.write()

    def url(self, path: str) -> str:
        return f"{self.ports.url('webhook')}/api/v1/{path}"

    def write(self, first_wait: str = "5m", **changes: Any) -> None:
        """webhook.yml; `changes` replace top-level keys, `kannel` adds to its block."""
        kannel = {
            "url": self.gateway.send_url,
            "username": self.gateway.username,
            "password_file": str(self.gateway.password_file),
            **changes.pop("kannel", {}),
        }
        self.settings.write_webhook(self.database, kannel, first_wait)
        path = self.settings.path("webhook.yml")
        data = yaml.safe_load(path.read_text())
        if self.postgres_url is not None:
            data["store"] = {"url": self.postgres_url}
        data.update(changes)
        path.write_text(yaml.safe_dump(data, allow_unicode=True, sort_keys=False))

    def settings_of(self, name: str) -> dict[str, Any]:
        """A file of the configuration, as written."""
        return dict(yaml.safe_load(self.settings.path(name).read_text()))

    def start_sms(self) -> None:
        self.gateway.start()
        self.handset.start()

    def start(
        self,
        clock: datetime | None = HOLIDAY_MORNING,
        program: Sequence[str | Path] = (),
    ) -> None:
        command = list(program) or [Path(sys.executable).with_name("vigie-webhook")]
        command += ["--config", self.settings.path("webhook.yml")]
        if clock is not None:
            command += ["--clock.start", clock.isoformat()]
        self.child = start_child("vigie-webhook", command, self.folder / "webhook.log")
        self.child.wait_ready(self.ready, 40)  # the machine is shared

    def morning(self, minutes: int) -> datetime:
        """So many minutes after the clock of a process that is started without another."""
        return HOLIDAY_MORNING + timedelta(minutes=minutes)

    def ready(self) -> bool:
        try:
            answer = requests.get(f"{self.ports.url('webhook')}/-/ready", timeout=2)
        except requests.RequestException:
            return False
        return answer.status_code == 200

    def kill(self) -> None:
        """kill -9, as a machine that loses power."""
        assert self.child is not None
        self.child.process.send_signal(signal.SIGKILL)
        self.child.process.wait(10)

    def stop(self) -> None:
        if self.child is not None:
            self.child.stop()
        self.handset.stop()
        self.gateway.stop()

    def post(
        self, *alerts: dict[str, Any], integration: str = "default", timeout: float = 10
    ) -> requests.Response:
        return self.post_raw(
            {"version": "4", "groupKey": "{}", "receiver": "vigie", "alerts": list(alerts)},
            integration,
            timeout=timeout,
        )

    def post_raw(
        self, body: Any, integration: str = "default", token: str | None = None, timeout: float = 10
    ) -> requests.Response:
        token = token if token is not None else self.settings.secret("alertmanager.token")
        data = {"data": body} if isinstance(body, bytes) else {"json": body}
        return requests.post(
            self.url(f"alertmanager/{integration}"),
            headers={"Authorization": f"Bearer {token}"},
            timeout=timeout,
            **data,
        )

    def get(self, path: str, token: str = "operator.token") -> Any:
        answer = requests.get(
            self.url(path),
            headers={"Authorization": f"Bearer {self.settings.secret(token)}"},
            timeout=10,
        )
        assert answer.status_code == 200, answer.text
        return answer.json()

    def incidents(self) -> list[dict[str, Any]]:
        self.decided()
        return list(self.get("incidents")["incidents"])

    def decided(self) -> None:
        """Wait until what is due was done: who is paged is decided after a post is answered."""

        def nothing_is_due() -> bool:
            metrics = requests.get(f"{self.ports.url('webhook')}/metrics", timeout=10).text
            return "\nvigie_webhook_oldest_due_timer_age_seconds 0.0\n" in metrics

        wait_until(nothing_is_due, "les décisions", 20, 0.02)

    def incidents_whole(self) -> list[dict[str, Any]]:
        """Every incident, page by page."""
        found: list[dict[str, Any]] = []
        after = ""
        while True:
            page = self.get(f"incidents?limit=200{after}")
            found += page["incidents"]
            if page["next"] is None:
                return found
            after = f"&after={page['next']}"

    def incident(self) -> dict[str, Any]:
        (only,) = self.incidents()
        return only

    def events(self) -> list[str]:
        return [line["event"] for line in self.incident()["journal"]]

    def wait_sms(self, count: int, seconds: float = 15) -> list[Received]:
        wait_until(lambda: len(self.handset.messages()) >= count, f"{count} SMS", seconds)
        return self.handset.messages()

    def stays_quiet(self, count: int, seconds: float = 1.5) -> None:
        time.sleep(seconds)
        assert len(self.handset.messages()) == count, self.handset.messages()


@pytest.fixture
def estate(
    request: pytest.FixtureRequest, estate_folder: Path, ports: Ports
) -> Iterator[PagerEstate]:
    """On SQLite; on PostgreSQL where a test parametrizes it with that name."""
    server: PostgresServer | None = None
    name, url = f"estate{ports.base}", None
    if getattr(request, "param", "sqlite") == "postgresql":
        server = request.getfixturevalue("postgres")
        server.drop_database(name)
        url = server.create_database(name)
    estate = PagerEstate(estate_folder, ports, url)
    yield estate
    estate.stop()
    if estate.child is not None:
        print(estate.child.tail(60))  # shown by pytest when the test fails
    if server is not None:
        server.drop_database(name)


@pytest.fixture
def running(estate: PagerEstate) -> PagerEstate:
    """Everything started, at 07:12 on the 1 May holiday."""
    estate.start_sms()
    estate.start()
    return estate


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    """Debian's Chromium."""
    flags = ["--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-sync"]
    with sync_playwright() as driver:
        browser = driver.chromium.launch(
            executable_path="/usr/bin/chromium", headless=True, args=flags
        )
        yield browser
        browser.close()
