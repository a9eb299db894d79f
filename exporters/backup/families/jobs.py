"""Who the jobs are and what their last runs gave."""

from __future__ import annotations

from collections.abc import Iterator

from prometheus_client.core import GaugeMetricFamily, Metric

from exporters.backup.contents import STATUSES, Run, Volume
from exporters.backup.families.view import JOB, View, gauge, seconds

_GOOD = ("success", "partial")
_ENDED = tuple(status for status in STATUSES if status != "running")
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
    for job, facts, _ in view.current_jobs():
        labels, last = job.labels, facts.last_run(view.now)
        whole = facts.last_run(view.now, "success")
        good = facts.last_run(view.now, *_GOOD)
        ended = facts.last_run(view.now, *_ENDED)
        success.add_metric(labels, seconds(whole.end if whole else None))
        attempt.add_metric(labels, seconds(last.start if last else None))
        end.add_metric(labels, seconds(ended.end if ended else None))
        said = last.status if last is not None else "unknown"
        for name in STATUSES:
            status.add_metric([*labels, name], said == name)
        current.add_metric(labels, min((seconds(run.start) for run in facts.running), default=0.0))
        if good is not None:
            _amounts(labels, good, lasted, volumes)
    yield from (success, attempt, end, status, current, lasted, *volumes.values())


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
