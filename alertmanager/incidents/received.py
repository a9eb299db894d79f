"""Alerts as somebody posted them. Pure."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime


@dataclass(frozen=True)
class ReceivedAlert:
    """One alert of a payload. `starts_at` is aware."""

    fingerprint: str
    firing: bool
    labels: dict[str, str]
    annotations: dict[str, str]
    starts_at: datetime
    generator_url: str = ""


@dataclass(frozen=True)
class Batch:
    """The alerts of one payload.

    `doubted`: it is old, or what it says may be over. What fires in it and was not known to is
    put down in `late_alerts` instead, until Alertmanager was asked.
    """

    integration: str
    alerts: Sequence[ReceivedAlert]
    doubted: bool = False
