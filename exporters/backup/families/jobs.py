"""Who the jobs are and what their last runs gave."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime

from prometheus_client.core import GaugeMetricFamily, Metric

from exporters.backup.contents import STATUSES, Run, Volume
from exporters.backup.families.view import JOB, View, gauge, seconds
from exporters.backup.job import FUTURE

_GOOD = ("success", "partial")
_VOLUMES = (
    ("size_bytes", "Size of what the last good run of the job saved."),
    ("added_bytes", "New data in the last good run of the job, before compression."),
    ("stored_bytes", "New data in the last good run of the job, as stored, after compression."),
    ("files", "Files in the last good run of the job."),
    ("changed_files", "New and modified files in the last good run of the job."),
    ("errors", "What the last good run of the job could not read."),
)


def families(view: View) -> Iterator[Metric]:
    """Identity and last run of each job."""
    info = gauge(
        "backup_job_info",
        "A declared backup job; source: how its runs are known.",
        JOB,
        "service",
        "criticality",
        "source",
    )
    for job in view.jobs:
        declared = job.declared
        info.add_metric([*job.labels, declared.service or "", declared.criticality, "poll"], 1.0)
    yield info
    yield from _last_runs(view)


def _last_runs(view: View) -> Iterator[Metric]:
    success = gauge(
        "backup_job_last_success_timestamp_seconds",
        "End of the last good run of the job; 0 when there was none.",
        JOB,
    )
    attempt = gauge(
        "backup_job_last_attempt_timestamp_seconds",
        "Start of the last run of the job; 0 when there was none.",
        JOB,
    )
    end = gauge(
        "backup_job_last_end_timestamp_seconds",
        "End of the last run of the job that ended; 0 when there was none.",
        JOB,
    )
    status = gauge(
        "backup_job_last_status", "How the last run of the job went: 1 on it.", JOB, "status"
    )
    current = gauge(
        "backup_job_current_start_timestamp_seconds",
        "Start of the run of the job that goes on; 0 when none does.",
        JOB,
    )
    lasted = gauge(
        "backup_job_last_duration_seconds", "How long the last good run of the job took.", JOB
    )
    volumes = {name: gauge(f"backup_job_last_{name}", text, JOB) for name, text in _VOLUMES}
    for job, contents, _ in view.current_jobs():
        runs = [run for run in job.runs(contents) if run.start <= view.now + FUTURE]
        ended = [run for run in runs if run.end is not None]
        good = next((run for run in reversed(ended) if run.status in _GOOD), None)
        full = next((run for run in reversed(ended) if run.status == "success"), None)
        last = runs[-1] if runs else None
        labels = job.labels
        success.add_metric(labels, seconds(full.end if full else None))
        attempt.add_metric(labels, seconds(last.start if last else None))
        end.add_metric(labels, max((seconds(run.end) for run in ended), default=0.0))
        said = last.status if last is not None else "unknown"
        for name in STATUSES:
            status.add_metric([*labels, name], said == name)
        current.add_metric(labels, seconds(_going_on(runs)))
        if good is not None:
            _amounts(labels, good, lasted, volumes)
    yield from (success, attempt, end, status, current, lasted, *volumes.values())


def _going_on(runs: list[Run]) -> datetime | None:
    going = [run.start for run in runs if run.status == "running"]
    return min(going, default=None)


def _amounts(
    labels: tuple[str, ...],
    run: Run,
    lasted: GaugeMetricFamily,
    volumes: dict[str, GaugeMetricFamily],
) -> None:
    if run.end is not None and run.end > run.start:
        lasted.add_metric(labels, (run.end - run.start).total_seconds())
    amounts: Volume = run.volume
    for name, family in volumes.items():
        value = getattr(amounts, name)
        if value is not None:
            family.add_metric(labels, value)
