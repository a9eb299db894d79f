"""Debian's Alertmanager posting to the webhook under test: alone, or as a peer of others."""

from __future__ import annotations

import signal
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import requests
import yaml

from deploy.estate.child import start_child, wait_until
from deploy.estate.monitoring import answers
from deploy.estate.ports import LOOPBACK, Ports, free_base

PEER_TIMEOUT = 2
"""Seconds a peer leaves to the one before it."""


def stamp(offset: float = 0.0) -> str:
    return time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(time.time() + offset))


def route(**changes: Any) -> dict[str, Any]:
    """One group for each alertname, told at once."""
    return {
        "receiver": "vigie",
        "group_by": ["alertname"],
        "group_wait": "0s",
        "group_interval": "1s",
        "repeat_interval": "1h",
        **changes,
    }


class Member:
    """One process. `peers`: the members that run already; None stands alone."""

    def __init__(
        self,
        folder: Path,
        target: str,
        token_file: Path,
        *,
        peers: Sequence[Member] | None = None,
        max_alerts: int = 0,
        **routing: Any,
    ) -> None:
        ports = Ports(free_base())
        self.url = ports.url("alertmanager")
        self.cluster = f"{LOOPBACK}:{ports['smtp']}"
        self._target, self._token, self._max = target, token_file, max_alerts
        folder.mkdir()
        self._file = folder / "alertmanager.yml"
        self._write(**routing)
        command = [
            "prometheus-alertmanager",
            f"--config.file={self._file}",
            f"--storage.path={folder / 'data'}",
            f"--web.listen-address={LOOPBACK}:{ports['alertmanager']}",
            f"--cluster.listen-address={self.cluster if peers is not None else ''}",
            f"--cluster.peer-timeout={PEER_TIMEOUT}s",
            "--cluster.settle-timeout=5s",
            "--cluster.gossip-interval=50ms",
            "--cluster.pushpull-interval=1s",
            *(f"--cluster.peer={peer.cluster}" for peer in peers or ()),
        ]
        self.child = start_child("alertmanager", command, folder / "alertmanager.log")
        self.child.wait_ready(answers(f"{self.url}/-/ready"), 30)

    def _write(self, **routing: Any) -> None:
        receiver = {
            "url": self._target,
            "max_alerts": self._max,
            "http_config": {"authorization": {"credentials_file": str(self._token)}},
        }
        receivers = [{"name": "vigie", "webhook_configs": [receiver]}, {"name": "personne"}]
        data = {"route": route(**routing), "receivers": receivers}
        self._file.write_text(yaml.safe_dump(data))

    def reload(self, **routing: Any) -> None:
        """Another route."""
        self._write(**routing)
        self.child.process.send_signal(signal.SIGHUP)
        name = "alertmanager_config_last_reload_success_timestamp_seconds"
        wait_until(lambda: self._metric(name) >= time.time() - 5, "la relecture", 10)

    def _metric(self, name: str) -> float:
        page = requests.get(f"{self.url}/metrics", timeout=5).text
        values = [line.split()[1] for line in page.splitlines() if line.startswith(name + " ")]
        return float(values[0])

    def members(self) -> int:
        """Peers of the cluster, itself included."""
        status = requests.get(f"{self.url}/api/v2/status", timeout=5).json()["cluster"]
        return len(status.get("peers", ())) if status["status"] == "ready" else 0

    def tell(self, *alerts: dict[str, str], over: bool = False) -> None:
        """As Prometheus would: labels of each alert, firing or over."""
        body: list[dict[str, Any]] = [
            {"labels": {"severity": "critical", "service": "messagerie", **labels}}
            for labels in alerts
        ]
        for alert in body:
            if over:
                alert["endsAt"] = stamp(-1)
        requests.post(f"{self.url}/api/v2/alerts", json=body, timeout=5).raise_for_status()

    def stop(self) -> None:
        self.child.stop()
