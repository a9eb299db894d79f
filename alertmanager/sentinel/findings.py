"""What is wrong with the pager, from what was seen of it. Pure.

Of each trouble: a finding, None when all is well, or no entry at all when nobody can tell.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

CHAIN, PAGER, HEARTBEAT, STUCK, CANARY_LOST, CANARY_LATE = (
    "chain",
    "pager",
    "heartbeat",
    "stuck",
    "canary_lost",
    "canary_late",
)
_NEVER = datetime.min.replace(tzinfo=UTC)
TROUBLES = (CHAIN, PAGER, HEARTBEAT, STUCK, CANARY_LOST, CANARY_LATE)


@dataclass(frozen=True)
class Canary:
    """The latest night test of each provider: when one was due, arrived, and how long it took."""

    due_at: datetime
    slow_after: timedelta
    delivered: Mapping[str, tuple[datetime, timedelta]]
    expected: frozenset[str]


@dataclass(frozen=True)
class Figures:
    """What the webhook's metrics say of it."""

    heartbeat: datetime | None
    pending_age: timedelta | None
    canary: Canary | None


@dataclass(frozen=True)
class View:
    """All that is known at one instant. `figures`: None when they could not be read."""

    started_at: datetime
    last_beat: datetime | None
    beating_since: datetime | None
    """When the present series of beats began."""
    failing_since: datetime | None
    """Since when ``/-/ready`` fails; None when it succeeded at the last look."""
    reason: str
    figures: Figures | None


@dataclass(frozen=True)
class Limits:
    """How long each may last before somebody is paged."""

    beat_within: timedelta
    start_grace: timedelta
    down_after: timedelta
    pending_after: timedelta
    canary_within: timedelta


@dataclass(frozen=True)
class Finding:
    """Something that is wrong: since when, and a French word more."""

    since: datetime
    detail: str = ""


Findings = dict[str, Finding | None]


def find(view: View, limits: Limits, now: datetime) -> Findings:
    """Every trouble that can be told, whether it is there or not."""
    found = _beats(view, limits, now)
    if view.failing_since is None:
        found[PAGER] = None
    elif now - view.failing_since >= limits.down_after:
        found[PAGER] = Finding(view.failing_since, view.reason)
    figures = view.figures
    if figures is None:
        return found
    if figures.pending_age is not None:
        old = figures.pending_age > limits.pending_after
        found[STUCK] = Finding(now - figures.pending_age) if old else None
    found |= _canary(figures.canary, limits, now)
    return found


def _beats(view: View, limits: Limits, now: datetime) -> Findings:
    """The beat that comes to us; where it comes, the one that the webhook ought to get as well."""
    found: Findings = {}
    if view.last_beat is not None and now - view.last_beat <= limits.beat_within:
        found[CHAIN] = None
    elif (view.last_beat or _NEVER) >= view.started_at or (
        now - view.started_at > limits.start_grace
    ):
        found[CHAIN] = Finding(view.last_beat or view.started_at)
    if view.figures is None or found.get(CHAIN, view) is not None:
        return found
    heard = view.figures.heartbeat
    if heard is not None and now - heard <= limits.beat_within:
        found[HEARTBEAT] = None
        return found
    # What was cut off is back for both, but not at the same instant.
    waited = now - max(heard or view.started_at, view.started_at, view.beating_since or now)
    if waited > limits.beat_within:
        found[HEARTBEAT] = Finding(heard or view.started_at)
    return found


def _canary(canary: Canary | None, limits: Limits, now: datetime) -> Findings:
    if canary is None:
        return {CANARY_LOST: None, CANARY_LATE: None}
    arrived = {name: took for name, (at, took) in canary.delivered.items() if at >= canary.due_at}
    missing = sorted(canary.expected - set(arrived))
    found: Findings = {}
    if not missing:
        found[CANARY_LOST] = None
    elif now - canary.due_at > limits.canary_within:
        found[CANARY_LOST] = Finding(canary.due_at, ", ".join(missing))
    slow = {name: took for name, took in arrived.items() if took > canary.slow_after}
    if slow:
        name, longest = max(slow.items(), key=lambda pair: pair[1])
        words = f"{longest.total_seconds():.0f} s par {name}"
        found[CANARY_LATE] = Finding(canary.due_at, words)
    elif not missing:
        found[CANARY_LATE] = None
    return found
