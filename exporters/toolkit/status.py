"""What the toolkit says of each collector on every page, whatever the collector did."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from prometheus_client.core import GaugeMetricFamily, Metric

_FAMILIES = (
    (
        "vigie_scrape_collector_duration_seconds",
        "Time the collector took in this scrape, by the exporter's clock.",
    ),
    (
        "vigie_scrape_collector_success",
        "Whether the collector answered in this scrape without an error and in time.",
    ),
    ("vigie_scrape_series", "Series the collector put on this page."),
    (
        "vigie_scrape_series_dropped",
        "Series of the collector left out of this page, beyond its limit (limits in exporter.yml).",
    ),
)
NAMES = frozenset(name for name, _ in _FAMILIES)


@dataclass(frozen=True)
class Verdict:
    """How one collector did in one scrape."""

    collector: str
    duration: float
    success: bool
    series: int = 0
    dropped: int = 0


def status(verdicts: Iterable[Verdict] = ()) -> list[Metric]:
    """The families, one series a collector in each."""
    families = [GaugeMetricFamily(name, text, labels=["collector"]) for name, text in _FAMILIES]
    for verdict in verdicts:
        values = (verdict.duration, float(verdict.success), verdict.series, verdict.dropped)
        for family, value in zip(families, values, strict=True):
            family.add_metric([verdict.collector], value)
    return list(families)
