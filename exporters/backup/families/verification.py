"""When each repository was last verified, how deep, with what result."""

from __future__ import annotations

from collections.abc import Iterator

from prometheus_client.core import Metric

from exporters.backup.families.view import REPOSITORY, View, gauge, seconds
from inventory.backup import DEPTHS


def families(view: View) -> Iterator[Metric]:
    """One series a depth that is declared or was ever tried."""
    good = gauge(
        "backup_repository_last_verification_success_timestamp_seconds",
        "When the repository was last verified to that depth without a fault; 0 when never.",
        REPOSITORY,
        "depth",
    )
    tried = gauge(
        "backup_repository_last_verification_attempt_timestamp_seconds",
        "When the repository was last verified to that depth; 0 when never.",
        REPOSITORY,
        "depth",
    )
    result = gauge(
        "backup_repository_verification_success",
        "Whether the last verification to that depth found no fault.",
        REPOSITORY,
        "depth",
    )
    errors = gauge(
        "backup_repository_verification_errors",
        "Faults the last verification to that depth found.",
        REPOSITORY,
        "depth",
    )
    ratio = gauge(
        "backup_repository_verified_ratio",
        "Share of the data the last verification to that depth read.",
        REPOSITORY,
        "depth",
    )
    for name, contents, _ in view.current():
        declared = view.inventory.backup_repository(name).verification
        for depth in DEPTHS:
            checks = sorted(
                (check for check in contents.checks if check.depth == depth),
                key=lambda check: check.at,
            )
            if not checks and declared.of(depth) is None:
                continue
            labels = [view.tool, name, depth]
            passed = [check.at for check in checks if check.succeeded]
            good.add_metric(labels, seconds(passed[-1] if passed else None))
            tried.add_metric(labels, seconds(checks[-1].at if checks else None))
            if checks:
                last = checks[-1]
                result.add_metric(labels, last.succeeded)
                if last.errors is not None:
                    errors.add_metric(labels, last.errors)
                if last.ratio is not None:
                    ratio.add_metric(labels, last.ratio)
    yield from (good, tried, result, errors, ratio)
