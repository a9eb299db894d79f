"""Recovery points that went though they should have stayed, and settings that changed."""

from __future__ import annotations

from collections.abc import Iterator

from prometheus_client.core import Metric

from exporters.backup.families.view import REPOSITORY, View, counter, gauge


def families(view: View) -> Iterator[Metric]:
    """Told for each repository that was read at least once."""
    gone = counter(
        "backup_repository_unexpected_removals",
        "Recovery points that vanished though the declared retention keeps them,"
        " outside a declared clean-up.",
        REPOSITORY,
    )
    changed = gauge(
        "backup_repository_config_changed_timestamp_seconds",
        "When the settings of the repository or the promises made of it last changed;"
        " 0 when not since the exporter knows it.",
        REPOSITORY,
    )
    for name, _, memory in view.current():
        gone.add_metric([view.tool, name], memory.points.removed)
        changed.add_metric([view.tool, name], memory.configuration.changed_at)
    yield from (gone, changed)
