"""One bench for trials: a gateway, a nursery of pagers, and what an Alertmanager and people do."""

from __future__ import annotations

import json
import os
import select
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from datetime import datetime
from pathlib import Path
from typing import Any

import requests
import yaml

from alertmanager.store.database import Store
from deploy.estate.ports import LOOPBACK, Ports
from deploy.estate.settings_files import SettingsFiles
from pager_proof.control import Control
from pager_proof.gateway import ScriptedGateway
from pager_proof.stores import Stores

HOLIDAY_MORNING = datetime.fromisoformat("2026-05-01T07:12:00+02:00")
FIRST_WAIT = 1800.0  # seconds an engineer is given: long, so that only trials about it end it
LEASES_END = 45.0  # seconds after a crash at which every lease of the dead has run out
PATIENCE = 30.0


def alert(number: int = 0, status: str = "firing") -> dict[str, Any]:
    """An alert of Alertmanager's payload; each number opens an incident of its own."""
    return {
        "status": status,
        "labels": {
            "alertname": f"MailAccountCompromised{number or ''}",
            "severity": "critical",
            "service": "messagerie",
            "member": "valmont",
            "scope": "service",
            "impact": "degraded",
        },
        "annotations": {"summary": f"compte {number} piraté", "action": "Bloquer le compte"},
        "startsAt": "2026-05-01T05:11:05.123Z",
        "endsAt": "0001-01-01T00:00:00Z",
        "generatorURL": "http://prometheus.test/graph",
        "fingerprint": f"f{number}",
    }


def write_settings(folder: Path, ports: Ports, gateway: ScriptedGateway, **changes: Any) -> Path:
    """``webhook.yml`` for a pager that sends by `gateway`; `changes` replace top-level keys."""
    settings = SettingsFiles(folder, ports)
    settings.write_shared()
    settings.write_secret("kannel.password", "secret")
    kannel = {"url": gateway.url, "username": "vigie", "password_file": "kannel.password"}
    settings.write_webhook(folder / "unused" / "x.sqlite3", kannel, f"{FIRST_WAIT:.0f}s")
    path = settings.path("webhook.yml")
    data = yaml.safe_load(path.read_text())
    del data["integrations"][0]["alertmanager_url"]  # nobody to ask: what is posted is all there is
    data.update(changes)
    path.write_text(yaml.safe_dump(data, allow_unicode=True, sort_keys=False))
    return path


class Pager:
    """A pager that the nursery forked."""

    def __init__(self, pid: int) -> None:
        self._fd = os.pidfd_open(pid)

    def dead(self, seconds: float = 0.0) -> bool:
        """Whether it is dead, after waiting for that for up to `seconds`."""
        ready, _, _ = select.select([self._fd], [], [], seconds)
        return bool(ready)

    def kill(self) -> None:
        """kill -9; harmless when it is dead already."""
        try:
            signal.pidfd_send_signal(self._fd, signal.SIGKILL)
        except ProcessLookupError:
            return
        self.dead(10)

    def forget(self) -> None:
        os.close(self._fd)


class Lab:
    """Trials one after the other, each on a database of its own."""

    def __init__(self, folder: Path, ports: Ports, stores: Stores, **changes: Any) -> None:
        folder.mkdir(parents=True)
        self.folder, self.ports, self._stores = folder, ports, stores
        self.gateway = ScriptedGateway(ports["sendsms"])
        self.gateway.start()
        self.control = Control(folder / "control")
        self.log = folder / "pager.log"
        path = write_settings(folder / "etc", ports, self.gateway, **changes)
        self.token = (folder / "etc" / "alertmanager.token").read_text().strip()
        with (folder / "nursery.log").open("ab") as log:
            self._nursery = subprocess.Popen(
                [sys.executable, "-m", "pager_proof.nursery", str(path)],
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=log,
                text=True,
                env={**os.environ, "PYTHONPATH": str(Path(__file__).parents[1])},
            )
        self._http = requests.Session()
        self._http.trust_env = False
        self._asks: list[tuple[Callable[[], bool], bool]] = []
        self._began = 0.0
        self.pager: Pager | None = None
        self._url = ""
        self.store: Store

    def begin(self) -> None:
        """A new trial: an empty store, a gateway that took nothing."""
        self._url = self._stores.new()
        self.store = Store(self._url)
        self.control.reset()
        self.gateway.forget()
        self._asks = []
        self._began = time.time()
        self.log.unlink(missing_ok=True)

    def start(
        self, point: str = "", when: str = "before", nth: int = 1, *, counting: bool = False
    ) -> None:
        """A pager, ready, that will die at its point (or count its way) once it is armed."""
        order = {
            "store": self._url,
            "log": str(self.log),
            "control": str(self.folder / "control"),
            "origin": HOLIDAY_MORNING.isoformat(),
            "elapsed": time.time() - self._began,
            "point": point,
            "when": when,
            "nth": nth,
            "counting": counting,
        }
        assert self._nursery.stdin is not None
        assert self._nursery.stdout is not None
        self._nursery.stdin.write(json.dumps(order) + "\n")
        self._nursery.stdin.flush()
        answer = self._nursery.stdout.readline()
        if not answer:
            raise RuntimeError((self.folder / "nursery.log").read_text()[-3000:])
        self.pager = Pager(int(answer))
        end = time.monotonic() + PATIENCE
        while not self._ready():
            if self.pager.dead() or time.monotonic() > end:
                raise RuntimeError(f"no pager at {point} {when}:\n{self.tail()}")
            time.sleep(0.02)

    def kill(self) -> None:
        """kill -9 to the pager, if it still lives."""
        if self.pager is not None:
            self.pager.kill()
            self.pager.forget()
            self.pager = None

    def end(self) -> None:
        """The end of a trial."""
        self.kill()
        self.store.close()
        self._stores.drop(self._url)

    def close(self) -> None:
        """No more trials."""
        assert self._nursery.stdin is not None
        assert self._nursery.stdout is not None
        self._nursery.stdin.close()
        self._nursery.wait(10)
        self._nursery.stdout.close()
        self.gateway.stop()
        self._http.close()

    def tail(self) -> str:
        """The end of the pagers' log."""
        return self.log.read_text()[-3000:] if self.log.exists() else ""

    def post(self, *alerts: dict[str, Any]) -> bool:
        """As Alertmanager: once now, again after the crash unless it was answered 200."""
        body = {"version": "4", "groupKey": "{}", "receiver": "vigie", "alerts": list(alerts)}
        headers = {"Authorization": f"Bearer {self.token}"}
        url = f"{self.ports.url('webhook')}/api/v1/alertmanager/default"
        return self._ask(
            lambda: self._http.post(url, json=body, headers=headers, timeout=10).status_code == 200
        )

    def reply(self, sender: str, text: str) -> bool:
        """As Kannel with what a person wrote: again until it is answered 200."""
        query = {"from": sender, "text": text, "id": f"mo{len(self._asks)}"}
        url = f"{self.ports.url('webhook')}/api/v1/kannel/reply"
        return self._ask(lambda: self._http.get(url, params=query, timeout=10).status_code == 200)

    def answered(self) -> list[bool]:
        """Whether each thing that was asked was answered 200 so far."""
        return [answered for _, answered in self._asks]

    def ask_again(self) -> None:
        """What was not answered before the crash."""
        end = time.monotonic() + PATIENCE
        while pending := [ask for ask, answered in self._asks if not answered]:
            if time.monotonic() > end:
                return  # the trial will find what is missing
            self._asks = [(a, done) for a, done in self._asks if done]
            for ask in pending:
                if not self._ask(ask):
                    time.sleep(0.1)

    def _ask(self, ask: Callable[[], bool]) -> bool:
        try:
            answered = ask()
        except requests.RequestException:
            answered = False
        self._asks.append((ask, answered))
        return answered

    def _ready(self) -> bool:
        try:
            url = f"http://{LOOPBACK}:{self.ports['webhook']}/-/ready"
            return self._http.get(url, timeout=5).status_code == 200
        except requests.RequestException:
            return False
