"""What the exporter must remember of a repository over its readings and restarts. Pure.

Each part is told of every reading that succeeded and gives its next self; `file` keeps them.
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime

from pydantic import BaseModel, ConfigDict

from exporters.backup.contents import Contents
from exporters.backup.job import Job
from exporters.backup.memory.configuration import SeenConfiguration
from exporters.backup.memory.points import SeenPoints
from exporters.backup.memory.runs import CountedRuns
from exporters.backup.memory.volumes import Volumes
from inventory import BackupRepository


class Memory(BaseModel):
    """All of it. `since`: the first reading that succeeded."""

    model_config = ConfigDict(frozen=True)

    since: datetime | None = None
    points: SeenPoints = SeenPoints()
    runs: CountedRuns = CountedRuns()
    volumes: Volumes = Volumes()
    configuration: SeenConfiguration = SeenConfiguration()

    def after(
        self, contents: Contents, jobs: Iterable[Job], declared: BackupRepository, now: datetime
    ) -> Memory:
        """What is remembered once `contents` were read; `jobs` are those of this repository."""
        jobs = tuple(jobs)
        return Memory(
            since=self.since or now,
            points=self.points.after(contents, jobs, declared, now),
            runs=self.runs.after(contents, jobs),
            volumes=self.volumes.after(contents, jobs),
            configuration=self.configuration.after(contents, jobs, declared, now),
        )
