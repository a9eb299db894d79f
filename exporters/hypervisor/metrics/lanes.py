"""How the lanes of a hypervisor do -> families. Called at each scrape: cheap."""

from __future__ import annotations

from collections.abc import Iterable

from exporters.hypervisor.lane import LaneStatus
from exporters.toolkit.text_family import Kind, TextFamily, labelled

_FAMILIES: tuple[tuple[str, Kind, str, str], ...] = (
    (
        "hypervisor_lane_up",
        "gauge",
        "up",
        "Whether the last round of a lane succeeded; a lane is work done beside the scrapes.",
    ),
    (
        "hypervisor_lane_last_success_timestamp_seconds",
        "gauge",
        "succeeded_at",
        "When the last successful round of a lane ended.",
    ),
    (
        "hypervisor_lane_duration_seconds",
        "gauge",
        "duration",
        "How long the last round of a lane took.",
    ),
    (
        "hypervisor_lane_busy_seconds",
        "gauge",
        "busy_seconds",
        "How long the round in progress has lasted, 0 when none is.",
    ),
    (
        "hypervisor_lane_failures",
        "counter",
        "failures",
        "Rounds of a lane that failed since the exporter started.",
    ),
)


def lane_families(hypervisor: str, statuses: Iterable[LaneStatus]) -> tuple[TextFamily, ...]:
    """``hypervisor_lane_*`` of all the lanes of one hypervisor."""
    kept = tuple(statuses)
    families = []
    for name, kind, attribute, text in _FAMILIES:
        sample = f"{name}_total" if kind == "counter" else name
        lines = [
            f"{labelled(sample, (('hypervisor', hypervisor), ('lane', status.lane)))}"
            f"{float(value)!r}\n"
            for status in kept
            if (value := getattr(status, attribute)) is not None
        ]
        if lines:
            families.append(TextFamily(name, text, kind, "".join(lines), len(lines)))
    return tuple(families)
