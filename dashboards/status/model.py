"""What the status page knows, and what one audience is shown. Data only, no I/O."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from enum import Enum
from typing import Literal

from inventory import Member

Scope = Literal["service", "member"]
Reach = Literal["service", "member", "common"]
"""Who is hit: a whole service, one member, or something of the syndicate that all share."""

Impact = Literal["outage", "degraded"]


class State(Enum):
    """State of a service, worst last. No data is never WORKING."""

    WORKING = "working"
    UNKNOWN = "unknown"
    DISTURBED = "disturbed"
    DOWN = "down"

    @property
    def rank(self) -> int:
        """Grows with what people should know first."""
        return list(State).index(self)


@dataclass(frozen=True)
class Incident:
    """One incident of the webhook's public state (docs/reference/contracts.md).

    `member` is None when the whole service is concerned. Instants are aware UTC.
    """

    id: str
    service: str
    scope: Scope
    member: str | None
    impact: Impact
    started_at: datetime
    acknowledged_at: datetime | None = None
    resolved_at: datetime | None = None


@dataclass(frozen=True)
class Knowledge:
    """All that was read, and when each thing was last read. `since` is the start of the process.

    `watched_at` gives, for each service, the last instant at which Prometheus
    proved that the service was being measured.
    """

    since: datetime
    incidents: tuple[Incident, ...] = ()
    incidents_read_at: datetime | None = None
    watched_at: Mapping[str, datetime] = field(default_factory=dict)


@dataclass(frozen=True)
class Audience:
    """Who looks: everyone (`member` None) or one member, and the path of its pages.

    `salt` makes the public ids of one audience unrelated to those of another,
    so that ids never tell how many incidents there were elsewhere.
    """

    path: str
    salt: bytes
    member: Member | None = None

    @property
    def root(self) -> str:
        """Relative way from the audience's pages to the site's root."""
        return "./" if self.path == "/" else "../../"


@dataclass(frozen=True)
class IncidentView:
    """One incident as an audience sees it."""

    id: str
    service_id: str
    service_name: str
    state: State
    title: str
    sentence: str
    started_at: datetime
    acknowledged_at: datetime | None
    resolved_at: datetime | None

    @property
    def updated_at(self) -> datetime:
        """The instant of the last thing that happened to it."""
        return self.resolved_at or self.acknowledged_at or self.started_at


@dataclass(frozen=True)
class ServiceView:
    """One service as an audience sees it; `since` is the start of a state other than WORKING.

    `sentence` is empty when an incident of the view says what users notice.
    """

    id: str
    name: str
    description: str
    state: State
    sentence: str
    since: datetime | None


@dataclass(frozen=True)
class View:
    """Everything that one audience is shown, and nothing else."""

    audience: Audience
    owner: str
    title: str
    state: State
    headline: str
    services: tuple[ServiceView, ...]
    current: tuple[IncidentView, ...]
    past: tuple[IncidentView, ...]
    updated_at: datetime | None
    """When incidents were last read, to the minute; None if never."""
    stale: bool
    """Whether the incidents shown are old news, because they cannot be read any more."""
