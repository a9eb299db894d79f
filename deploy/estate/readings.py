"""What the estate shows from outside: metrics, alerts, incidents, the status page. Read only."""

from __future__ import annotations

import re
import time
from datetime import datetime, timedelta
from typing import Any

import requests

from deploy.estate.ports import Ports
from inventory.process import system_clock

_SAMPLE = re.compile(r"^(?P<name>\w+)\{(?P<labels>.*)\} (?P<value>\S+)$")
_LABEL = re.compile(r'(\w+)="((?:[^"\\]|\\.)*)"')


class Readings:
    """Asks the servers as an operator would; an unreachable server reads as nothing."""

    def __init__(self, ports: Ports, operator_token: str) -> None:
        self._ports = ports
        self._session = requests.Session()
        self.clock_offset: timedelta | None = None
        """Added to an instant of the webhook's clock gives ours; None before one is read."""
        self._operator = {"Authorization": f"Bearer {operator_token}"}

    def samples(self, family: str, collector: str) -> list[tuple[dict[str, str], float]]:
        """(labels, value) of the samples of `family` in ``/metrics`` now."""
        text = self._text(f"{self._ports.url('exporter')}/metrics?collect[]={collector}")
        found = []
        for line in text.splitlines():
            sample = _SAMPLE.match(line)
            if sample and sample["name"] == family:
                found.append((dict(_LABEL.findall(sample["labels"])), float(sample["value"])))
        return found

    def scrape(self) -> tuple[float, str]:
        """(seconds, text) of one scrape of all collectors."""
        started = time.monotonic()
        text = self._text(f"{self._ports.url('exporter')}/metrics")
        return time.monotonic() - started, text

    def alerts(self) -> list[dict[str, Any]]:
        """Prometheus's active alerts, pending and firing."""
        answer = self._json(f"{self._ports.url('prometheus')}/api/v1/alerts")
        return list(answer.get("data", {}).get("alerts", [])) if isinstance(answer, dict) else []

    def inhibited(self, alertname: str) -> bool:
        """Whether Alertmanager holds that alert back because of another."""
        answer = self._json(
            f"{self._ports.url('alertmanager')}/api/v2/alerts?filter=alertname%3D{alertname}"
        )
        return isinstance(answer, list) and any(a["status"]["inhibitedBy"] for a in answer)

    def incidents(self) -> list[dict[str, Any]]:
        """Every incident of the webhook, whole."""
        answer = self._json(f"{self._ports.url('webhook')}/api/v1/incidents", self._operator)
        if isinstance(answer, dict) and self.clock_offset is None:
            shown = datetime.fromisoformat(answer["generated_at"])
            self.clock_offset = system_clock() - shown
        return list(answer.get("incidents", [])) if isinstance(answer, dict) else []

    def told(self, incident: str) -> list[dict[str, Any]]:
        """Every message about that incident, those that are about others too (digests)."""
        root = self._ports.url("webhook")
        answer = self._json(f"{root}/api/v1/incidents/{incident}/told", self._operator)
        return list(answer.get("told", [])) if isinstance(answer, dict) else []

    def component_states(self, path: str = "") -> dict[str, str]:
        """Component name to our state, on the public page or under a member's `path`.

        Statuspage has no word for "unknown"; our key `state` beside its `status` has.
        """
        answer = self._json(f"{self._ports.url('status')}{path}/api/v2/summary.json")
        components = answer.get("components", []) if isinstance(answer, dict) else []
        return {component["name"]: component["state"] for component in components}

    def page(self, path: str) -> str:
        """The text of a page of the status process."""
        return self._text(f"{self._ports.url('status')}{path}")

    def _get(self, url: str, headers: dict[str, str] | None) -> requests.Response | None:
        try:
            answer = self._session.get(url, headers=headers, timeout=10)
        except requests.RequestException:
            return None
        return answer if answer.status_code == 200 else None

    def _json(self, url: str, headers: dict[str, str] | None = None) -> Any:
        answer = self._get(url, headers)
        return answer.json() if answer is not None else None

    def _text(self, url: str) -> str:
        answer = self._get(url, None)
        return answer.text if answer is not None else ""
