"""Escalation policies, as configured and as copied into each incident when it opens. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any, Literal

TargetKind = Literal["roster", "person", "team", "duty_phone"]
TARGET_KINDS: tuple[TargetKind, ...] = ("roster", "person", "team", "duty_phone")


@dataclass(frozen=True)
class Step:
    """Page whom `kind` and `target` name; go on after `wait` without an answer.

    ``roster``: whoever is on duty in it; ``duty_phone``: the telephone of that roster.
    """

    target: str
    wait: timedelta
    kind: TargetKind = "roster"

    @property
    def name(self) -> str:
        """As pages keep it: ``roster:astreinte``."""
        return f"{self.kind}:{self.target}"


@dataclass(frozen=True)
class Policy:
    """The steps in order, then the people of last resort, then from the start after `repeat`.

    It is for incidents whose severity and kind of hour are listed, and whose labels equal all of
    `labels`, when they open; what is empty admits any.
    """

    steps: tuple[Step, ...]
    last_resort: tuple[str, ...]
    repeat: timedelta
    id: str = "escalation"
    severities: tuple[str, ...] = ()
    hours: tuple[str, ...] = ()
    labels: Mapping[str, str] = field(default_factory=dict)

    def admits(self, severity: str, hour: str, labels: Mapping[str, str]) -> bool:
        """Whether it is for such an incident."""
        return (
            (not self.severities or severity in self.severities)
            and (not self.hours or hour in self.hours)
            and all(labels.get(name, "") == value for name, value in self.labels.items())
        )

    def to_json(self) -> dict[str, Any]:
        """As stored with an incident; durations in seconds. Whom it is for is not kept."""
        return {
            "id": self.id,
            "steps": [
                {"kind": step.kind, "target": step.target, "wait": step.wait.total_seconds()}
                for step in self.steps
            ],
            "last_resort": list(self.last_resort),
            "repeat": self.repeat.total_seconds(),
        }

    @classmethod
    def from_json(cls, data: dict[str, Any]) -> Policy:
        """What `to_json` wrote, of this version or of the first, which only knew rosters."""
        return cls(
            tuple(
                Step(
                    step.get("target", step.get("roster", "")),
                    timedelta(seconds=step["wait"]),
                    step.get("kind", "roster"),
                )
                for step in data["steps"]
            ),
            tuple(data["last_resort"]),
            timedelta(seconds=data["repeat"]),
            data.get("id", "escalation"),
        )


def choose(
    policies: Iterable[Policy],
    otherwise: Policy,
    severity: str,
    hour: str,
    labels: Mapping[str, str],
) -> Policy:
    """The first policy for such an incident, else the one for everything."""
    return next((p for p in policies if p.admits(severity, hour, labels)), otherwise)
