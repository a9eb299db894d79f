"""How urgent an alert is, and how bad an incident, from labels. Pure."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Mapping
from enum import IntEnum


class Urgency(IntEnum):
    """When an alert reaches a person."""

    NEVER = 0
    SUPPORT_HOURS = 1
    NOW = 2


_SEVERITIES = {
    "critical": Urgency.NOW,
    "warning": Urgency.SUPPORT_HOURS,
    "none": Urgency.NEVER,
    "info": Urgency.NEVER,
}
LONGEST_KEY = 400
"""Characters: PostgreSQL holds some 2,700 bytes in an index, SQLite any number, slowly."""
_IMPACTS = ("none", "degraded", "outage")


def urgency(labels: Mapping[str, str]) -> Urgency:
    """By the label `severity`. One that is missing or unknown pages: better once too often."""
    return _SEVERITIES.get(labels.get("severity", ""), Urgency.NOW)


def severity(labels: Mapping[str, str]) -> str:
    """The severity an alert is treated as."""
    written = labels.get("severity", "")
    return written if written in _SEVERITIES else "critical"


def worst_severity(severities: Iterable[str]) -> str:
    """The most urgent of them; ``none`` without any."""
    return max(severities, key=lambda name: _SEVERITIES[name], default="none")


def worst_impact(impacts: Iterable[str]) -> str:
    """The heaviest of the known impacts; ``none`` without any."""
    known = [impact for impact in impacts if impact in _IMPACTS]
    return max(known, key=_IMPACTS.index, default="none")


def group_key(labels: Mapping[str, str], names: Iterable[str]) -> str:
    """The key of the incident an alert belongs to, by the labels chosen in the settings.

    One that no index could hold is replaced by its digest.
    """
    key = "\x1f".join(f"{name}\x1e{labels.get(name, '')}" for name in names)
    return key if len(key) <= LONGEST_KEY else digest_of_key(key)


def digest_of_key(key: str) -> str:
    """What stands for a long key."""
    return f"sha256\x1e{hashlib.sha256(key.encode()).hexdigest()}"
