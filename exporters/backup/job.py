"""A declared job, and which of a repository's points and runs are its own. Pure."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Protocol, TypeVar
from zoneinfo import ZoneInfo

from exporters.backup.contents import Contents, RecoveryPoint, Run
from inventory import BackupJob, Inventory

FUTURE = timedelta(minutes=10)
"""What is dated further ahead than this comes from a wrong clock and proves nothing."""


class Named(Protocol):
    """What a tool says of whose a point, a run or a restore is."""

    @property
    def start(self) -> datetime: ...
    @property
    def name(self) -> str: ...
    @property
    def host(self) -> str: ...
    @property
    def tags(self) -> tuple[str, ...]: ...


N = TypeVar("N", bound=Named)


@dataclass(frozen=True, slots=True)
class Job:
    """A declared backup job, whose it is (a member's id, or the syndicate's), and its zone."""

    declared: BackupJob
    member: str
    zone: ZoneInfo

    @property
    def labels(self) -> tuple[str, ...]:
        """The values of `families.labels.JOB`."""
        job = self.declared
        return (job.tool, job.repository, job.id, job.host or "", self.member)

    def covers(self, item: Named) -> bool:
        """Whether it is one of this job's: every selector the job declares must match."""
        job = self.declared
        client = job.client or job.host
        # Some lists do not tell the host, restores not the job: what is told alone selects.
        return (
            (job.archive_prefix is None or item.name.startswith(job.archive_prefix))
            and (job.job_name is None or not item.name or item.name == job.job_name)
            and (job.tag is None or job.tag in item.tags)
            and (client is None or not item.host or client == item.host)
        )

    def own(self, items: Iterable[N]) -> tuple[N, ...]:
        """Those that are this job's, the oldest first."""
        return tuple(sorted(filter(self.covers, items), key=lambda item: item.start))

    def points(self, contents: Contents) -> tuple[RecoveryPoint, ...]:
        """Its recovery points, the oldest first."""
        return self.own(contents.points)

    def runs(self, contents: Contents) -> tuple[Run, ...]:
        """Its runs, the oldest first; each point is one where the tool keeps no record of them."""
        if contents.runs is not None:
            return self.own(contents.runs)
        return tuple(
            Run(
                point.start,
                "partial" if point.volume.errors else "success",
                point.end or point.start,
                point.id,
                point.name,
                point.host,
                point.tags,
                point.level,
                point.volume,
            )
            for point in self.points(contents)
        )


def jobs_of(tool: str, inventory: Inventory) -> tuple[Job, ...]:
    """The declared jobs of one tool."""
    site = inventory.syndicate.timezone
    return tuple(
        Job(job, owner, ZoneInfo(job.timezone or site))
        for owner, job in inventory.backup_jobs()
        if job.tool == tool
    )
