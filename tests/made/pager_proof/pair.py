"""Two real pagers on one database, killed at random, and the world that goes on around them."""

from __future__ import annotations

import random
import re
import signal
import sys
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import timedelta
from pathlib import Path
from typing import Any

import requests
from sqlalchemy import select

from alertmanager.store.database import Store
from alertmanager.store.tables import Message
from deploy.estate.child import Child, start_child
from deploy.estate.ports import LOOPBACK, Ports
from pager_proof.gateway import ScriptedGateway, Taken
from pager_proof.lab import HOLIDAY_MORNING, alert, write_settings

_CODE = re.compile(r"OK (\d{4})\b")


class Instance:
    """One `vigie-webhook` process after another, on one port."""

    def __init__(self, name: str, settings: Path, port: int, log: Path, began: float) -> None:
        self.name, self.url = name, f"http://{LOOPBACK}:{port}"
        self._settings, self._log, self.began = settings, log, began
        self._address = f"{LOOPBACK}:{port}"
        self.child: Child | None = None

    def start(self) -> None:
        """A new process; it is ready a moment later."""
        now = HOLIDAY_MORNING + timedelta(seconds=time.time() - self.began)
        program = Path(sys.executable).with_name("vigie-webhook")
        command = [program, "--config", self._settings, "--web.listen-address", self._address]
        command += ["--clock.start", now.isoformat()]
        self.child = start_child(self.name, command, self._log)

    def ready(self) -> bool:
        """Whether it would page."""
        try:
            return requests.get(f"{self.url}/-/ready", timeout=2).status_code == 200
        except requests.RequestException:
            return False

    def kill(self) -> int:
        """kill -9; the process id it had."""
        assert self.child is not None
        self.child.process.send_signal(signal.SIGKILL)
        self.child.process.wait(10)
        return self.child.pid


@dataclass
class Pair:
    """The two instances, what was posted and answered, who was killed with what in hand."""

    folder: Path
    ports: Ports
    url: str
    chance: random.Random
    gateway: ScriptedGateway = field(init=False)
    in_hand: set[str] = field(default_factory=set)
    """Tokens of the messages that a killed process was just sending."""
    kills: int = 0
    posted: int = 0
    replied: set[str] = field(default_factory=set)
    """Codes of incidents that somebody took, and was answered."""

    def __post_init__(self) -> None:
        self.gateway = ScriptedGateway(self.ports["sendsms"])
        # Taken at once, answered a moment later: so that some are in flight when one is killed.
        self.gateway.on_taken = self._read
        self.gateway.start()
        escalation = {"steps": [{"roster": "astreinte", "wait": "24h"}]}
        path = write_settings(
            self.folder / "etc",
            self.ports,
            self.gateway,
            store={"url": self.url},
            escalation=escalation,
            # Many messages, so that many are under way when one is killed.
            storm={"per_5m": 1000, "reserved": 1000, "per_15m": 1000, "per_hour": 1000}
            | {"windows": ["1s"]},
        )
        self._token = (self.folder / "etc" / "alertmanager.token").read_text().strip()
        self.store = Store(self.url)
        began = time.time()
        self.instances = [
            Instance(name, path, self.ports[port], self.folder / f"{name}.log", began)
            for name, port in (("un", "webhook"), ("deux", "exporter"))
        ]
        self._stopping = threading.Event()
        self._threads: list[threading.Thread] = []
        self._lock = threading.Lock()
        self.faults: list[str] = []

    def start(self) -> None:
        """Both, ready. Raise EstateError."""
        for one in self.instances:
            one.start()
        for one in self.instances:
            assert one.child is not None
            one.child.wait_ready(one.ready, 60)

    def live(self, seconds: float) -> None:
        """Alerts come and people answer for that long; every few seconds one is killed."""
        for work in (self._alerts, self._alerts, self._kill):
            thread = threading.Thread(target=self._guarded, args=(work,), daemon=True)
            self._threads.append(thread)
            thread.start()
        time.sleep(seconds)
        self._stopping.set()
        for thread in self._threads:
            thread.join(60)

    def later(self, seconds: float) -> None:
        """Both anew, at that much later an hour."""
        for one in self.instances:
            assert one.child is not None
            one.child.stop()
            one.began -= seconds
        self.start()

    def stop(self) -> None:
        """End both and the gateway."""
        self._stopping.set()
        for one in self.instances:
            if one.child is not None:
                one.child.stop()
        self.gateway.stop()
        self.store.close()

    def _guarded(self, work: Callable[[], None]) -> None:
        try:
            work()
        except Exception as error:  # noqa: BLE001  (the test reads and raises it)
            self.faults.append(repr(error))

    def _alerts(self) -> None:
        while not self._stopping.wait(self.chance.uniform(0.1, 0.5)):
            with self._lock:
                self.posted += 1
                number = self.posted
            first, second = self.chance.sample(self.instances, 2)
            self._insist(lambda at, n=number: self._post(at, n), first, second)
            if number % 5 == 0:  # its peer of the cluster posts it as well, to the other one
                self._insist(lambda at, n=number: self._post(at, n), second, first)

    def _insist(self, ask: Callable[[str], bool], *instances: Instance) -> None:
        """One after the other until it is answered 200."""
        end = time.monotonic() + 60
        turn = 0
        while not ask(instances[turn % 2].url):
            turn += 1
            if time.monotonic() > end:
                raise TimeoutError("neither instance answered 200 for a minute")
            time.sleep(0.1)

    def _post(self, at: str, number: int) -> bool:
        body: dict[str, Any] = {"version": "4", "groupKey": "{}", "alerts": [alert(number)]}
        headers = {"Authorization": f"Bearer {self._token}"}
        return _asked(
            lambda: requests.post(
                f"{at}/api/v1/alertmanager/default", json=body, headers=headers, timeout=10
            )
        )

    def _read(self, taken: Taken) -> None:
        """A telephone rings; one in three pages is answered."""
        found = _CODE.search(taken.text)
        if found is not None and int(found[1]) % 3 == 0:
            thread = threading.Thread(target=self._guarded, args=(lambda: self._reply(taken),))
            thread.daemon = True
            thread.start()
        time.sleep(0.15)

    def _reply(self, taken: Taken) -> None:
        found = _CODE.search(taken.text)
        assert found is not None
        time.sleep(self.chance.uniform(0.2, 1.5))
        query = {"from": taken.to, "text": f"OK {found[1]}", "id": f"mo{taken.token}"}
        self._insist(
            lambda at: _asked(
                lambda: requests.get(f"{at}/api/v1/kannel/reply", params=query, timeout=10)
            ),
            *self.chance.sample(self.instances, 2),
        )
        self.replied.add(found[1])

    def _kill(self) -> None:
        while not self._stopping.wait(self.chance.uniform(2, 6)):
            victim = self.chance.choice(self.instances)
            if not victim.ready():
                continue
            pid = victim.kill()
            self.kills += 1
            with self.store.read() as session:
                theirs = select(Message.token).where(
                    Message.state == "leased", Message.lease_owner.contains(f":{pid}:")
                )
                self.in_hand |= set(session.scalars(theirs))
            victim.start()


def _asked(ask: Callable[[], requests.Response]) -> bool:
    try:
        return ask().status_code == 200
    except requests.RequestException:
        return False
