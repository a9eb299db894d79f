"""The escalation policy, as configured and as copied into each incident when it opens. Pure."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from typing import Any


@dataclass(frozen=True)
class Step:
    """Page whoever is on duty in `roster`; go on after `wait` without an answer."""

    roster: str
    wait: timedelta


@dataclass(frozen=True)
class Policy:
    """The steps in order, then the people of last resort, then from the start after `repeat`."""

    steps: tuple[Step, ...]
    last_resort: tuple[str, ...]
    repeat: timedelta

    def to_json(self) -> dict[str, Any]:
        """As stored with an incident; durations in seconds."""
        return {
            "steps": [
                {"roster": step.roster, "wait": step.wait.total_seconds()} for step in self.steps
            ],
            "last_resort": list(self.last_resort),
            "repeat": self.repeat.total_seconds(),
        }

    @classmethod
    def from_json(cls, data: dict[str, Any]) -> Policy:
        """What `to_json` wrote."""
        return cls(
            tuple(Step(s["roster"], timedelta(seconds=s["wait"])) for s in data["steps"]),
            tuple(data["last_resort"]),
            timedelta(seconds=data["repeat"]),
        )
