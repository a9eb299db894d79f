"""What is worked out once for each reading of a repository, not at each scrape. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

from exporters.backup.contents import Contents, RecoveryPoint, Restore, Run
from exporters.backup.job import FUTURE, Job
from exporters.backup.memory import Memory
from exporters.backup.policy.retention import satisfied
from inventory.backup import Bucket


@dataclass(frozen=True, slots=True)
class JobFacts:
    """A job's points and runs, the oldest first; `kept`: each declared bucket, whole or not."""

    points: tuple[RecoveryPoint, ...]
    runs: tuple[Run, ...]
    running: tuple[Run, ...]
    kept: Mapping[Bucket, bool]
    restores: tuple[Restore, ...]

    def newest(self, now: datetime) -> RecoveryPoint | None:
        """The last point not dated in the future, which would prove nothing."""
        return next((one for one in reversed(self.points) if one.start <= now + FUTURE), None)

    def last_run(self, now: datetime, *status: str) -> Run | None:
        """The last run not dated in the future; of those that ended so, if some are named."""
        return next(
            (
                run
                for run in reversed(self.runs)
                if run.start <= now + FUTURE
                and (not status or (run.status in status and run.end is not None))
            ),
            None,
        )


class Facts:
    """Remembers those of the last reading of each job."""

    def __init__(self) -> None:
        self._known: dict[str, tuple[Contents, JobFacts]] = {}

    def of(self, job: Job, contents: Contents, memory: Memory) -> JobFacts:
        """The facts of a job in what was read."""
        known = self._known.get(job.declared.id)
        if known is not None and known[0] is contents:
            return known[1]
        points, runs = job.points(contents), job.runs(contents)
        starts = [point.start for point in points]
        ever = memory.points.ever(job.declared.id)
        facts = JobFacts(
            points,
            runs,
            tuple(run for run in runs if run.status == "running"),
            satisfied(starts, ever, job.declared.retention, job.zone),
            job.own(contents.restores),
        )
        self._known[job.declared.id] = contents, facts
        return facts
