"""The real sentinel beside the real pager, each with a gateway and telephones of its own."""

from __future__ import annotations

import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
import requests
import yaml

from deploy.estate.child import Child, start_child, wait_until
from deploy.estate.monitoring import Alertmanager
from deploy.estate.ports import LOOPBACK, Ports
from deploy.estate.sms import Handset, Received, SmsGateway

WATCHER = {"name": "Hélène Vasseur", "phone": "+33639981007"}
FAST = {
    "watchdog": {"token_file": "watchdog.token", "within": "3s", "start_grace": "4s"},
    "repeat": "2m",
    "calm_after": "1s",
}


class Sentinel:
    """The process, its gateway and the telephones that only it reaches."""

    def __init__(self, folder: Path, pager) -> None:
        self.folder, self.ports, self.pager = folder, pager.ports, pager
        own: Ports = pager.ports.sentinel_gateway
        reply = f"{self.ports.url('sentinel')}/api/v1/kannel/reply"
        self.gateway = SmsGateway(folder / "sk", own, reply)
        self.handset = Handset(folder / "sh", own)
        self.child: Child | None = None

    def write(self, **changes) -> None:
        kannel = {
            "url": self.gateway.send_url,
            "username": self.gateway.username,
            "password_file": str(self.gateway.password_file),
            "callback_allow": [LOOPBACK],
        }
        webhook = {
            "url": self.ports.url("webhook"), "every": "1s", "down_after": "2s",
            "pending_after": "3s", **changes.pop("webhook", {}),
        }  # fmt: skip
        self.pager.settings.write_sentinel(
            self.folder / "ss" / "state.json", kannel, [WATCHER],
            **{**FAST, "webhook": webhook, **changes},
        )  # fmt: skip

    def start(self) -> None:
        program = Path(sys.executable).with_name("vigie-sentinel")
        command = [program, "--config", self.pager.settings.path("sentinel.yml")]
        self.child = start_child("vigie-sentinel", command, self.folder / "sentinel.log")
        self.child.wait_ready(self._ready, 30)

    def _ready(self) -> bool:
        try:
            answer = requests.get(f"{self.ports.url('sentinel')}/-/ready", timeout=2)
        except requests.RequestException:
            return False
        return answer.status_code == 200

    def kill(self) -> None:
        assert self.child is not None
        self.child.process.send_signal(signal.SIGKILL)
        self.child.process.wait(10)

    def beat(self, token: str | None = None) -> int:
        token = token or self.pager.settings.secret("watchdog.token")
        answer = requests.post(
            f"{self.ports.url('sentinel')}/api/v1/alertmanager/watchdog",
            json={"version": "4", "status": "firing", "alerts": []},
            headers={"Authorization": f"Bearer {token}"},
            timeout=5,
        )
        return answer.status_code

    def metric(self, name: str) -> float:
        text = requests.get(f"{self.ports.url('sentinel')}/metrics", timeout=5).text
        values = [line for line in text.splitlines() if line.startswith(f"{name} ")]
        return float(values[0].split()[-1])

    def pages(self) -> list[Received]:
        return [sms for sms in self.handset.messages() if "CRITIQUE" in sms.text]

    def wait(self, words: str, count: int = 1) -> str:
        def seen() -> list[str]:
            return [sms.text for sms in self.handset.messages() if words in sms.text]

        wait_until(lambda: len(seen()) >= count, f"SMS « {words} »", 30)
        return seen()[-1]

    def stop(self) -> None:
        if self.child is not None:
            self.child.stop()
        self.handset.stop()
        self.gateway.stop()


@pytest.fixture
def sentinel(estate_folder, estate) -> Iterator[Sentinel]:
    sentinel = Sentinel(estate_folder, estate)
    sentinel.write()
    sentinel.gateway.start()
    sentinel.handset.start()
    yield sentinel
    sentinel.stop()
    if sentinel.child is not None:
        print(sentinel.child.tail(60))


def long_beats(**changes):
    """Settings under which beats do not matter."""
    watchdog = {"token_file": "watchdog.token", "within": "1h", "start_grace": "1h"}
    return {"watchdog": watchdog, **changes}


def test_a_dead_pager_is_paged_once_through_a_crash_and_its_end_is_told(sentinel, estate):
    sentinel.write(**long_beats())
    estate.start(clock=None)
    sentinel.start()
    estate.kill()
    text = sentinel.wait("vigie-webhook ne peut")
    assert "Répondez OK" in text
    sentinel.kill()
    sentinel.start()
    wait_until(lambda: sentinel.metric("vigie_sentinel_last_look_timestamp_seconds") > 0, "vu", 10)
    estate.start(clock=None)
    over = sentinel.wait("RÉTABLI")
    assert "vigie-webhook" in over
    # One page: a second only if the crash fell between the sending and its note.
    assert 1 <= len(sentinel.pages()) <= 2
    assert {sms.to.lstrip("+") for sms in sentinel.handset.messages()} == {"33639981007"}


def test_nobody_alive_at_the_start_pages_for_both(sentinel):
    sentinel.start()
    sentinel.wait("vigie-webhook ne peut")
    sentinel.wait("plus aucun signal")
    sentinel.handset.reply("33639981007", "ok merci")
    sentinel.wait("pris en charge par vous")
    assert len(sentinel.pages()) == 2


def test_a_dead_alertmanager_is_a_heartbeat_that_stops(sentinel, estate, estate_folder, ports):
    sentinel.write(watchdog={"token_file": "watchdog.token", "within": "8s", "start_grace": "60s"})
    estate.start(clock=None)
    sentinel.start()
    token = estate.settings.path("alertmanager.token")
    alertmanager = Alertmanager(estate_folder / "am", ports, token)
    alertmanager.start()
    try:
        requests.post(
            f"{ports.url('alertmanager')}/api/v2/alerts",
            json=[{"labels": {"alertname": "Watchdog", "severity": "none"}}],
            timeout=5,
        ).raise_for_status()
        name = "vigie_sentinel_last_beat_timestamp_seconds"
        wait_until(lambda: sentinel.metric(name) > 0, "un signal", 20)
        assert estate.get("incidents")["incidents"] == []
    finally:
        alertmanager.stop()
    text = sentinel.wait("plus aucun signal")
    assert "Vérifier Prometheus et Alertmanager" in text
    assert len(sentinel.pages()) == 1


def test_messages_that_grow_old_because_the_pagers_gateway_is_dead(sentinel, estate):
    sentinel.write(**long_beats())
    estate.start(clock=None)  # its own gateway is not started
    sentinel.start()
    assert estate.post(estate.alert()).status_code == 200
    sentinel.wait("ne partent pas")
    estate.start_sms()
    sentinel.wait("RÉTABLI")
    assert len(sentinel.pages()) == 1
    assert {sms.to.lstrip("+") for sms in estate.handset.messages()}.isdisjoint({"33639981007"})


def test_who_may_beat_and_what_is_refused(sentinel):
    sentinel.start()
    assert sentinel.beat() == 200
    assert sentinel.beat("autre") == 401
    exposed = requests.get(f"{sentinel.ports.url('sentinel')}/metrics", timeout=5).text
    checked = subprocess.run(
        ["promtool", "check", "metrics"], input=exposed, text=True, capture_output=True, check=False
    )
    assert (checked.returncode, checked.stdout, checked.stderr) == (0, "", "")
    root = sentinel.ports.url("sentinel")
    token = sentinel.pager.settings.secret("watchdog.token")
    headers = {"Authorization": f"Bearer {token}"}
    for body in (b"[" * 50_000, b"{}", b"\x00", b'{"status": ["firing"]}'):
        url = f"{root}/api/v1/alertmanager/watchdog"
        assert requests.post(url, data=body, headers=headers, timeout=5).status_code == 400
    assert requests.get(f"{root}/api/v1/kannel/report", timeout=5).status_code == 400
    assert requests.get(f"{root}/nulle-part", timeout=5).status_code == 404


def test_a_second_sentinel_on_the_same_state_does_not_start(sentinel, tmp_path):
    sentinel.start()
    program = Path(sys.executable).with_name("vigie-sentinel")
    config = yaml.safe_load(sentinel.pager.settings.path("sentinel.yml").read_text())
    command = [program, "--config", sentinel.pager.settings.path("sentinel.yml"),
               "--web.listen-address", f"{LOOPBACK}:0"]  # fmt: skip
    second = start_child("second", command, tmp_path / "second.log")
    second.process.wait(20)
    assert second.process.returncode == 1
    assert config["state_file"] in second.tail()
