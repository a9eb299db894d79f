"""The exporter's own metrics, apart from those of the collectors."""

from __future__ import annotations

import platform
from collections.abc import Callable, Iterable
from importlib.metadata import version

from prometheus_client import CollectorRegistry, GCCollector, ProcessCollector
from prometheus_client.core import GaugeMetricFamily, Metric

OWNER = "vigie-exporter"


def build_info() -> Metric:
    """What runs: the version of Vigie and of Python."""
    family = GaugeMetricFamily(
        "vigie_exporter_build_info",
        "Version of the exporter and of the Python it runs on; always 1.",
        labels=["version", "python"],
    )
    family.add_metric([version("vigie"), platform.python_version()], 1)
    return family


def configuration_loaded(at: float) -> Metric:
    """When exporter.yml was read (seconds since 1970)."""
    return GaugeMetricFamily(
        "vigie_exporter_configuration_loaded_timestamp_seconds",
        "When exporter.yml was read; a change since then waits for a restart.",
        value=at,
    )


class Telemetry:
    """Build information and, unless disabled, what the process and its server do.

    `parts` each give families; they are left out together with process_* and python_gc_*.
    """

    def __init__(
        self, *, process: bool = True, parts: Iterable[Callable[[], Iterable[Metric]]] = ()
    ) -> None:
        # A registry of our own: the library's global one stays out of the page.
        self._registry = CollectorRegistry()
        self._build = build_info()
        self._parts = tuple(parts) if process else ()
        if process:
            ProcessCollector(registry=self._registry)
            GCCollector(registry=self._registry)

    def collect(self) -> Iterable[Metric]:
        """The families, read now."""
        yield self._build
        yield from self._registry.collect()
        for part in self._parts:
            yield from part()
