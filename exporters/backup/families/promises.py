"""What the inventory promises of each job and repository, beside the facts."""

from __future__ import annotations

from collections.abc import Iterator

from prometheus_client.core import Metric

from exporters.backup.families.view import JOB, REPOSITORY, View, gauge
from exporters.backup.policy.schedule import Schedule, ScheduleError
from inventory.backup import DEPTHS


def families(view: View) -> Iterator[Metric]:
    """Declared limits; a promise that was not made has no series."""
    yield from _limits(view)
    yield from _due(view)
    depths = gauge(
        "backup_policy_verification_max_age_seconds",
        "Oldest the last successful verification of that depth may be, as declared.",
        REPOSITORY,
        "depth",
    )
    for name in view.readings:
        declared = view.inventory.backup_repository(name).verification
        for depth in DEPTHS:
            limit = declared.of(depth)
            if limit is not None:
                depths.add_metric([view.tool, name, depth], limit.total_seconds())
    yield depths


def _limits(view: View) -> Iterator[Metric]:
    age = gauge(
        "backup_policy_max_age_seconds",
        "Oldest the newest recovery point of the job may be, as the inventory declares.",
        JOB,
    )
    points = gauge(
        "backup_policy_min_recovery_points", "Fewest recovery points of the job, as declared.", JOB
    )
    span = gauge(
        "backup_policy_min_retention_seconds",
        "Youngest the oldest recovery point of the job may be, as declared.",
        JOB,
    )
    restore = gauge(
        "backup_policy_restore_test_max_age_seconds",
        "Oldest the last successful restore test of the job may be, as declared.",
        JOB,
    )
    for job in view.jobs:
        declared = job.declared
        age.add_metric(job.labels, declared.max_age.total_seconds())
        if declared.min_recovery_points:
            points.add_metric(job.labels, declared.min_recovery_points)
        if declared.min_retention is not None:
            span.add_metric(job.labels, declared.min_retention.total_seconds())
        if declared.restore_test_max_age is not None:
            restore.add_metric(job.labels, declared.restore_test_max_age.total_seconds())
    yield from (age, points, span, restore)


def _due(view: View) -> Iterator[Metric]:
    grace = gauge(
        "backup_policy_grace_seconds", "How late a scheduled run may be, as declared.", JOB
    )
    due = gauge(
        "backup_policy_next_due_timestamp_seconds",
        "When the run after the last good one is scheduled, in the job's time zone.",
        JOB,
    )
    interval = gauge(
        "backup_policy_expected_interval_seconds",
        "From that scheduled run to the one after it.",
        JOB,
    )
    for job, facts, memory in view.current_jobs():
        if job.declared.schedule is None:
            continue
        schedule = Schedule(job.declared.schedule, job.zone)
        good = facts.last_run(view.now, "success")
        try:
            first, second = schedule.due_after(good.start if good else memory.since or view.now)
        except ScheduleError:
            continue  # it ended since the settings were read
        grace.add_metric(job.labels, job.declared.grace.total_seconds())
        due.add_metric(job.labels, first.timestamp())
        interval.add_metric(job.labels, (second - first).total_seconds())
    yield from (grace, due, interval)
