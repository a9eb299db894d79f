"""How many runs of each job ended how, over restarts of the exporter."""

from __future__ import annotations

from collections.abc import Iterator

from prometheus_client.core import Metric

from exporters.backup.families.view import JOB, View, counter


def families(view: View) -> Iterator[Metric]:
    """Every status a run can end with, from 0, so that an increase is seen from the first on."""
    runs = counter("backup_job_runs", "Runs of the job that ended, by how they did.", JOB, "status")
    for job, _, memory in view.current_jobs():
        for status, number in memory.runs.of(job.declared.id).items():
            runs.add_metric([*job.labels, status], number)
    yield runs
