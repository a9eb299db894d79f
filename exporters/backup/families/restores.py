"""Which restores were tried of each job: the proof that its copies can be used."""

from __future__ import annotations

from collections.abc import Iterator
from typing import get_args

from prometheus_client.core import Metric

from exporters.backup.contents import Method
from exporters.backup.families.view import JOB, View, gauge, seconds


def families(view: View) -> Iterator[Metric]:
    """By method, of those tried; a job with a declared age has at least the method ``file``."""
    good = gauge(
        "backup_restore_test_last_success_timestamp_seconds",
        "When the job was last restored with success, as a test or in earnest; 0 when never.",
        JOB,
        "method",
    )
    tried = gauge(
        "backup_restore_test_last_attempt_timestamp_seconds",
        "When the job was last restored; 0 when never.",
        JOB,
        "method",
    )
    result = gauge(
        "backup_restore_test_last_result",
        "Whether the last restore of the job succeeded.",
        JOB,
        "method",
    )
    lasted = gauge(
        "backup_restore_test_duration_seconds",
        "How long the last successful restore of the job took.",
        JOB,
        "method",
    )
    amount = gauge(
        "backup_restore_test_restored_bytes",
        "How much the last successful restore of the job gave back.",
        JOB,
        "method",
    )
    for job, facts, _ in view.current_jobs():
        restores = facts.restores
        for method in get_args(Method):
            own = [restore for restore in restores if restore.method == method]
            if not own and (method != "file" or restores):
                continue
            if not own and job.declared.restore_test_max_age is None:
                continue
            labels = [*job.labels, method]
            passed = [restore for restore in own if restore.succeeded]
            last = passed[-1] if passed else None
            good.add_metric(labels, seconds(last.start if last else None))
            tried.add_metric(labels, seconds(own[-1].start if own else None))
            if own:
                result.add_metric(labels, own[-1].succeeded)
            if last is not None and last.end is not None:
                lasted.add_metric(labels, (last.end - last.start).total_seconds())
            if last is not None and last.restored_bytes is not None:
                amount.add_metric(labels, last.restored_bytes)
    yield from (good, tried, result, lasted, amount)
