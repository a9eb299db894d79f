"""How many runs of each job ended how."""

from __future__ import annotations

from collections.abc import Iterable

from pydantic import BaseModel, ConfigDict

from exporters.backup.contents import STATUSES, Contents
from exporters.backup.job import Job

_ENDED = tuple(status for status in STATUSES if status != "running")


class CountedRuns(BaseModel):
    """`numbers`: job -> status -> how many; `counted`: job -> the start of the last one counted.

    Those that ended before the first reading are not counted: a counter starts at 0.
    """

    model_config = ConfigDict(frozen=True)

    numbers: dict[str, dict[str, int]] = {}
    counted: dict[str, float] = {}

    def of(self, job: str) -> dict[str, int]:
        """Status -> how many, every status a run can end with."""
        found = self.numbers.get(job, {})
        return {status: found.get(status, 0) for status in _ENDED}

    def after(self, contents: Contents, jobs: Iterable[Job]) -> CountedRuns:
        """Once these runs were read."""
        numbers, counted = {}, {}
        for job in jobs:
            name = job.declared.id
            ended = [run for run in job.runs(contents) if run.end is not None]
            last = self.counted.get(name)
            totals = self.of(name)
            for run in ended:
                if last is not None and run.start.timestamp() > last:
                    totals[run.status] += 1
            numbers[name] = totals
            counted[name] = max([last or 0.0, *(run.start.timestamp() for run in ended)])
        return CountedRuns(numbers=numbers, counted=counted)
