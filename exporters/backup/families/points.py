"""What can be restored of each job, and what of the declared retention is there."""

from __future__ import annotations

from collections.abc import Iterator

from prometheus_client.core import Metric

from exporters.backup.families.view import JOB, View, gauge, seconds


def families(view: View) -> Iterator[Metric]:
    """Newest, oldest, how many, and each declared bucket."""
    newest = gauge(
        "backup_job_newest_recovery_point_timestamp_seconds",
        "Age of the newest data that can be restored: start of that backup, or end of its log;"
        " 0 when there is none.",
        JOB,
    )
    oldest = gauge(
        "backup_job_oldest_recovery_point_timestamp_seconds",
        "Start of the oldest backup that can be restored; 0 when there is none.",
        JOB,
    )
    count = gauge("backup_job_recovery_points", "Backups of the job that can be restored.", JOB)
    kept = gauge(
        "backup_retention_satisfied",
        "Whether every period the declared retention keeps still has a recovery point.",
        JOB,
        "bucket",
    )
    for job, facts, _ in view.current_jobs():
        last = facts.newest(view.now)
        newest.add_metric(job.labels, seconds(last.data_at if last else None))
        first = facts.points[0].start if last else None  # the oldest: before the newest
        oldest.add_metric(job.labels, seconds(first))
        count.add_metric(job.labels, len(facts.points))
        for bucket, whole in facts.kept.items():
            kept.add_metric([*job.labels, bucket], whole)
    yield from (newest, oldest, count, kept)
