"""Notifiers whose sends are counted: one that fails behind another that works must be seen."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, cast

from prometheus_client import Counter

from alertmanager.notifiers.contract import (
    Accepted,
    Notifier,
    Outgoing,
    PermanentFailure,
    TemporaryFailure,
)


class _Counted:
    """Everything of the notifier, and a count of how its sends end."""

    def __init__(self, notifier: Notifier, name: str, sends: Counter) -> None:
        self._notifier, self._name, self._sends = notifier, name, sends
        for outcome in ("accepted", "temporary", "permanent", "broken"):
            sends.labels(name, outcome)  # a series that begins at 0 shows its first increase

    def send(self, message: Outgoing) -> Accepted:
        """Hand it over as the notifier does."""
        outcome = "broken"
        try:
            accepted = self._notifier.send(message)
            outcome = "accepted"
        except TemporaryFailure:
            outcome = "temporary"
            raise
        except PermanentFailure:
            outcome = "permanent"
            raise
        finally:
            self._sends.labels(self._name, outcome).inc()
        return accepted

    def __getattr__(self, name: str) -> Any:
        return getattr(self._notifier, name)


def counted(notifiers: Mapping[str, Notifier], sends: Counter) -> dict[str, Notifier]:
    """The notifiers, their sends counted by name and outcome."""
    return {
        name: cast("Notifier", _Counted(notifier, name, sends))
        for name, notifier in notifiers.items()
    }
