"""Prometheus and Alertmanager, from the shipped configuration with the estate's ports and paths."""

from __future__ import annotations

from collections.abc import Callable
from importlib.resources import as_file, files
from pathlib import Path
from typing import Any

import requests
import yaml

from deploy.estate.child import Child, start_child
from deploy.estate.ports import LOOPBACK, Ports


def shipped(name: str) -> Any:
    """A YAML file of the package `alertmanager`, as data."""
    return yaml.safe_load((files("alertmanager") / name).read_text(encoding="utf-8"))


def answers(url: str) -> Callable[[], bool]:
    """A check that is true once `url` answers 200."""

    def check() -> bool:
        try:
            return requests.get(url, timeout=2).status_code == 200
        except requests.RequestException:
            return False

    return check


def prometheus_configuration(ports: Ports, rules: Path) -> dict[str, Any]:
    """The shipped prometheus.yml, its targets on the estate's ports and its rules in `rules`."""
    configuration: dict[str, Any] = shipped("prometheus.yml")
    configuration["rule_files"] = [str(rules / "*.yml")]
    for job in configuration["scrape_configs"]:
        port = ports[job["job_name"].removeprefix("vigie-")]
        job["static_configs"] = [{"targets": [f"{LOOPBACK}:{port}"]}]
        if "authorization" in job:
            job["authorization"].pop("credentials_file", None)
    configuration["alerting"] = {
        "alertmanagers": [
            {"static_configs": [{"targets": [f"{LOOPBACK}:{ports['alertmanager']}"]}]}
        ]
    }
    return configuration


def alertmanager_configuration(ports: Ports, token_file: Path) -> dict[str, Any]:
    """The shipped alertmanager.yml, posting to the estate's processes with the estate's tokens.

    `token_file` is the webhook's; the sentinel's is beside it.
    """
    configuration: dict[str, Any] = shipped("alertmanager.yml")
    for receiver in configuration["receivers"]:
        for webhook in receiver.get("webhook_configs", []):
            integration = webhook["url"].rpartition("/")[2]
            sentinel = receiver["name"] == "vigie-sentinel"
            root = ports.url("sentinel" if sentinel else "webhook")
            webhook["url"] = f"{root}/api/v1/alertmanager/{integration}"
            token = token_file.with_name("watchdog.token") if sentinel else token_file
            webhook["http_config"]["authorization"]["credentials_file"] = str(token)
    return configuration


def launch_prometheus(folder: Path, port: int) -> Child:
    """Debian's prometheus with `folder`'s prometheus.yml and its data there, once it is ready.

    Raise EstateError.
    """
    child = start_child(
        "Prometheus",
        [
            "prometheus",
            f"--config.file={folder / 'prometheus.yml'}",
            f"--storage.tsdb.path={folder / 'data'}",
            f"--web.listen-address={LOOPBACK}:{port}",
        ],
        folder / "prometheus.log",
    )
    child.wait_ready(answers(f"http://{LOOPBACK}:{port}/-/ready"), 60)
    return child


class Prometheus:
    """Debian's prometheus in a folder of its own."""

    def __init__(self, folder: Path, ports: Ports) -> None:
        self.folder, self.ports = folder, ports
        self.child: Child | None = None

    def start(self) -> None:
        """Write its files, start it, return once it is ready. Raise EstateError."""
        rules = self.folder / "rules"
        rules.mkdir(parents=True, exist_ok=True)
        with as_file(files("alertmanager") / "rules") as source:
            for rule in source.glob("*.yml"):
                (rules / rule.name).write_bytes(rule.read_bytes())
        path = self.folder / "prometheus.yml"
        path.write_text(
            yaml.safe_dump(prometheus_configuration(self.ports, rules)), encoding="utf-8"
        )
        self.child = launch_prometheus(self.folder, self.ports["prometheus"])

    def stop(self) -> None:
        """Stop it if it runs."""
        if self.child:
            self.child.stop()


class Alertmanager:
    """Debian's prometheus-alertmanager, alone (no cluster port), in a folder of its own."""

    def __init__(self, folder: Path, ports: Ports, token_file: Path) -> None:
        self.folder, self.ports, self.token_file = folder, ports, token_file
        self.child: Child | None = None

    def start(self) -> None:
        """Write its file, start it, return once it is ready. Raise EstateError."""
        self.folder.mkdir(parents=True, exist_ok=True)
        path = self.folder / "alertmanager.yml"
        configuration = alertmanager_configuration(self.ports, self.token_file)
        path.write_text(yaml.safe_dump(configuration), encoding="utf-8")
        self.child = start_child(
            "Alertmanager",
            [
                "prometheus-alertmanager",
                f"--config.file={path}",
                f"--storage.path={self.folder / 'data'}",
                f"--web.listen-address={LOOPBACK}:{self.ports['alertmanager']}",
                "--cluster.listen-address=",
            ],
            self.folder / "alertmanager.log",
        )
        self.child.wait_ready(answers(f"{self.ports.url('alertmanager')}/-/ready"), 60)

    def stop(self) -> None:
        """Stop it if it runs."""
        if self.child:
            self.child.stop()
