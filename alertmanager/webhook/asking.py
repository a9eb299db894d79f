"""What the Alertmanagers of an integration say fires: one, or the peers of an HA pair."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import requests
from pydantic import ValidationError

from alertmanager.webhook.payload import PayloadAlert

_TIMEOUT = (2.0, 5.0)  # seconds: to connect, to answer


@dataclass(frozen=True)
class Missing:
    """Alerts that Alertmanager cut off a payload: whose, and of which group."""

    integration: str
    receiver: str
    group_labels: Mapping[str, str]


@dataclass(frozen=True)
class Present:
    """An alert that an Alertmanager has. `active`: neither silenced, inhibited nor muted."""

    alert: PayloadAlert
    active: bool
    receivers: frozenset[str]

    def is_for(self, receiver: str, group_labels: Mapping[str, str]) -> bool:
        """Whether it would be posted to that receiver, in a group with these labels."""
        return (
            self.active
            and receiver in self.receivers
            and group_labels.items() <= self.alert.labels.items()
        )


@dataclass(frozen=True)
class Answer:
    """By fingerprint, what the peers that answered have; `failed`: those that did not."""

    present: Mapping[str, Present]
    failed: Sequence[str]

    @property
    def proves(self) -> bool:
        """Whether an absence means anything: an Alertmanager that works always has Watchdog."""
        return bool(self.present)


def ask(session: requests.Session, urls: Collection[str]) -> Answer:
    """Ask every peer. What fires on one of them fires: the others may have been restarted."""
    present: dict[str, Present] = {}
    failed = []
    for url in urls:
        try:
            answer = session.get(f"{url}/api/v2/alerts", timeout=_TIMEOUT)
            answer.raise_for_status()
            alerts = answer.json()
        except (requests.RequestException, ValueError) as error:
            failed.append(f"{url}: {type(error).__name__}")
            continue
        for data in alerts if isinstance(alerts, list) else ():
            found = _read(data)
            if found is None:
                continue
            earlier = present.get(found.alert.fingerprint)
            if earlier is None or (found.active and not earlier.active):
                present[found.alert.fingerprint] = found
    return Answer(present, failed)


def _read(data: Any) -> Present | None:
    try:
        alert = PayloadAlert.model_validate({**data, "status": "firing"})
        status = data["status"]
        held = [status.get(name) for name in ("silencedBy", "inhibitedBy", "mutedBy")]
        return Present(
            alert,
            status.get("state") == "active" and not any(held),
            frozenset(str(receiver["name"]) for receiver in data.get("receivers", ())),
        )
    except (ValidationError, KeyError, TypeError, AttributeError):
        return None
