"""What the last good run of each job looks like beside those before it."""

from __future__ import annotations

from collections.abc import Iterator

from prometheus_client.core import Metric

from exporters.backup.families.view import JOB, View, gauge
from exporters.backup.signals.judged import judged

_TOLD = (
    ("replaced_ratio", "Share of the files there before that the last good run found changed."),
    ("rewritten_ratio", "Share of the bytes there before that the last good run found new."),
    ("squeezed_ratio", "What compression left of the new bytes of the last good run."),
    ("looks_encrypted", "Whether the last good run looks like files encrypted where they lay."),
    ("usual_size_bytes", "Median size of the 14 good runs of the same level before the last one."),
    ("usual_duration_seconds", "What nine in ten good runs before the last one took at most."),
)


def families(view: View) -> Iterator[Metric]:
    """Nothing where the tool does not tell amounts, or told them too few times."""
    told = {name: gauge(f"backup_job_{name}", text, JOB) for name, text in _TOLD}
    for job, _, memory in view.current_jobs():
        verdict = judged(memory.volumes.of(job.declared.id))
        found = verdict.shares
        values: dict[str, float | None] = {
            "replaced_ratio": found.replaced if found else None,
            "rewritten_ratio": found.rewritten if found else None,
            "squeezed_ratio": found.squeezed if found else None,
            "looks_encrypted": verdict.looks_encrypted,
            "usual_size_bytes": verdict.usual_size,
            "usual_duration_seconds": verdict.usual_seconds,
        }
        for name, value in values.items():
            if value is not None:
                told[name].add_metric(job.labels, value)
    yield from told.values()
