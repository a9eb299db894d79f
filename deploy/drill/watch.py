"""Watches the estate from outside and notes when each step of the drill is first seen."""

from __future__ import annotations

import time
from collections.abc import Callable
from datetime import datetime
from functools import partial
from typing import Any

from deploy.drill.crew import Crew
from deploy.drill.scenario import Scenario
from deploy.estate.estate import ACTIVE_LIMIT, Estate
from deploy.estate.readings import Readings

COMPROMISED, JAMMED = "MailAccountCompromised", "MailQueueJammed"
DISTURBED = ("disturbed", "down")


class Watch:
    """Polls until stopped; `seen` maps each step to the Unix time it was first seen."""

    def __init__(self, estate: Estate, readings: Readings, scenario: Scenario) -> None:
        self.seen: dict[str, float] = {}
        self.incident: dict[str, Any] = {}
        self._estate, self._readings, self._scenario = estate, readings, scenario
        self._crew = Crew()
        self._tasks = [
            partial(self._poll, check, step, every)
            for step, check, every in (
                # The exporter is asked as rarely as the step allows: it must not be helped along.
                ("metric", self._metric, 1.0),
                ("alert", self._alert, 0.3),
                ("webhook", self._webhook, 0.3),
                ("sms_accepted", lambda: self._message("accepted_at"), 0.3),
                ("sms_delivered", self._shown, 0.1),
                ("delivery_proven", lambda: self._message("delivered_at"), 0.3),
                ("acknowledged", lambda: bool(self._current().get("acknowledged_at")), 0.3),
                ("status_page", self._status_page, 0.5),
                ("queue_jammed", self._jammed, 1.0),
            )
        ]

    def start(self) -> None:
        """Begin to watch."""
        self._crew.start(self._tasks)

    def stop(self) -> None:
        """Stop watching."""
        self._crew.stop()

    def wait(self, step: str, seconds: float) -> bool:
        """Whether `step` is seen within `seconds` from now."""
        end = time.monotonic() + seconds
        while step not in self.seen and time.monotonic() < end:
            time.sleep(0.1)
        return step in self.seen

    def note(self, step: str) -> None:
        """`step` happened now."""
        self.seen.setdefault(step, time.time())

    def refine(self) -> None:
        """Replace what was noticed through the webhook by the instants it recorded itself.

        Its clock is set to 1 May; `clock_offset` leads back to ours.
        """
        offset = self._readings.clock_offset
        incident = self.find_incident()
        pages = [m for m in incident.get("messages", []) if m["kind"] == "page"]
        recorded = {
            "webhook": [incident.get("opened_at")],
            "sms_accepted": [m["accepted_at"] for m in pages],
            "delivery_proven": [m["delivered_at"] for m in pages],
            "acknowledged": [incident.get("acknowledged_at")],
        }
        for step, instants in recorded.items():
            known = [datetime.fromisoformat(instant) for instant in instants if instant]
            if step in self.seen and known and offset is not None:
                self.seen[step] = (min(known) + offset).timestamp()

    def find_incident(self) -> dict[str, Any]:
        """The incident of the flooding, whole and fresh; empty while there is none."""
        for incident in self._readings.incidents():
            if any(a["labels"].get("alertname") == COMPROMISED for a in incident.get("alerts", [])):
                return incident
        return {}

    def _poll(self, check: Callable[[], bool], step: str, every: float) -> None:
        while not check():
            if self._crew.ending(every):
                return
        self.note(step)

    def _current(self) -> dict[str, Any]:
        if "webhook" in self.seen:
            self.incident = self.find_incident() or self.incident
        return self.incident

    def _metric(self) -> bool:
        family = "mailqueue_account_recent_recipients"
        return any(
            labels.get("account") == self._scenario.account
            for labels, _ in self._readings.samples(family, "maillog")
        )

    def _alert(self) -> bool:
        return any(
            a["labels"].get("alertname") == COMPROMISED
            and a["labels"].get("account") == self._scenario.account
            and a["state"] == "firing"
            for a in self._readings.alerts()
        )

    def _webhook(self) -> bool:
        self.incident = self.find_incident()
        return bool(self.incident)

    def _message(self, key: str) -> bool:
        return any(message.get(key) for message in self._current().get("messages", []))

    def _shown(self) -> bool:
        return any(self._scenario.account in m.text for m in self._estate.handset.messages())

    def _status_page(self) -> bool:
        return self._readings.component_states().get("Messagerie") in DISTURBED

    def _jammed(self) -> bool:
        """The queue stands at its limit, the alert about it fires, and is held back."""
        full = self._estate.mail.queue_counts()["active"] >= 0.9 * ACTIVE_LIMIT
        fires = any(
            a["labels"].get("alertname") == JAMMED and a["state"] == "firing"
            for a in self._readings.alerts()
        )
        return full and fires and self._readings.inhibited(JAMMED)
