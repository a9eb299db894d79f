"""The amounts of the last runs of each job, against which the newest one is judged."""

from __future__ import annotations

from collections.abc import Iterable

from pydantic import BaseModel, ConfigDict

from exporters.backup.contents import Contents, Run
from exporters.backup.job import Job

KEPT = 60
"""Runs: two months of nights."""


class Night(BaseModel):
    """One good run; what the tool does not tell is None. `start`: seconds since the epoch."""

    model_config = ConfigDict(frozen=True)

    start: float
    level: str = ""
    seconds: float | None = None
    size: float | None = None
    added: float | None = None
    stored: float | None = None
    files: int | None = None
    changed: int | None = None


class Volumes(BaseModel):
    """`nights`: job -> its good runs, the oldest first."""

    model_config = ConfigDict(frozen=True)

    nights: dict[str, tuple[Night, ...]] = {}

    def of(self, job: str) -> tuple[Night, ...]:
        """The good runs known of a job."""
        return self.nights.get(job, ())

    def after(self, contents: Contents, jobs: Iterable[Job]) -> Volumes:
        """Once these runs were read."""
        found = {}
        for job in jobs:
            known = self.of(job.declared.id)
            last = known[-1].start if known else 0.0
            new = [
                _night(run)
                for run in job.runs(contents)
                if run.end is not None and run.status == "success" and run.start.timestamp() > last
            ]
            found[job.declared.id] = (*known, *new)[-KEPT:]
        return Volumes(nights=found)


def _night(run: Run) -> Night:
    lasted = (run.end - run.start).total_seconds() if run.end is not None else 0.0
    volume = run.volume
    return Night(
        start=run.start.timestamp(),
        level=run.level,
        seconds=lasted if lasted > 0 else None,
        size=volume.size_bytes,
        added=volume.added_bytes,
        stored=volume.stored_bytes,
        files=volume.files,
        changed=volume.changed_files,
    )
