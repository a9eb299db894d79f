"""Readings of repositories -> metric families, the same for every backup tool. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import datetime, timedelta

from prometheus_client.core import GaugeMetricFamily, Metric

from exporters.backup.model import REASONS, Job, Reading, last_success, points_of

_JOB = ["tool", "repository", "backup_job", "host", "member"]
_REPOSITORY = ["tool", "repository"]


def _labels(job: Job) -> list[str]:
    declared = job.declared
    return [
        declared.tool,
        declared.repository,
        declared.id,
        declared.host or "",
        job.member,
    ]


def families(
    tool: str,
    jobs: Iterable[Job],
    readings: Mapping[str, Reading],
    now: datetime,
    stale_after: timedelta,
) -> list[Metric]:
    """Every family of one tool.

    A repository that has not been tried yet has no value; one that could not be read
    for longer than `stale_after` keeps its state but loses the values of its jobs.
    """
    jobs = tuple(jobs)
    return [
        *_of_jobs(jobs, readings, now, stale_after),
        *_of_repositories(tool, readings, now, stale_after),
    ]


def _of_jobs(
    jobs: tuple[Job, ...], readings: Mapping[str, Reading], now: datetime, stale_after: timedelta
) -> list[Metric]:
    success = GaugeMetricFamily(
        "backup_job_last_success_timestamp_seconds",
        "Start of the newest recovery point of the job in its repository; 0 when it has none.",
        labels=_JOB,
    )
    count = GaugeMetricFamily(
        "backup_job_recovery_points",
        "Recovery points of the job in its repository.",
        labels=_JOB,
    )
    max_age = GaugeMetricFamily(
        "backup_policy_max_age_seconds",
        "Oldest the newest recovery point of the job may be, as the inventory declares.",
        labels=_JOB,
    )
    for job in jobs:
        labels = _labels(job)
        max_age.add_metric(labels, job.declared.max_age.total_seconds())
        reading = readings.get(job.declared.repository)
        if reading is not None and reading.is_current(now, stale_after):
            points = points_of(job, reading.points)
            success.add_metric(labels, last_success(points, now))
            count.add_metric(labels, len(points))
    return [success, count, max_age]


def _of_repositories(
    tool: str, readings: Mapping[str, Reading], now: datetime, stale_after: timedelta
) -> list[Metric]:
    up = GaugeMetricFamily(
        "backup_repository_up",
        "Whether the repository could be read by its tool at the latest try.",
        labels=_REPOSITORY,
    )
    polled = GaugeMetricFamily(
        "backup_repository_last_poll_success_timestamp_seconds",
        "When the list of recovery points was last read, or seen unchanged; 0 when never.",
        labels=_REPOSITORY,
    )
    error = GaugeMetricFamily(
        "backup_repository_error",
        "Why the repository could not be read at the latest try: 1 on the reason, 0 on the others.",
        labels=[*_REPOSITORY, "reason"],
    )
    for repository, reading in readings.items():
        up.add_metric([tool, repository], reading.is_up(now, stale_after))
        read_at = reading.read_at
        polled.add_metric([tool, repository], read_at.timestamp() if read_at else 0.0)
        for reason in REASONS:
            error.add_metric([tool, repository, reason], reading.reason == reason)
    return [up, polled, error]
