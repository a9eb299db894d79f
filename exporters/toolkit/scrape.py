"""One scrape: every collector in parallel, under one deadline, none able to spoil the others."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence

import structlog
from prometheus_client.core import GaugeMetricFamily, Metric

from exporters.toolkit.collector import Deadline
from exporters.toolkit.exposition import Encoder, Renderer
from exporters.toolkit.families import Page
from exporters.toolkit.quiet import QuietLog
from exporters.toolkit.runner import Outcome, Runner
from exporters.toolkit.telemetry import OWNER

DURATION = "vigie_scrape_collector_duration_seconds"
SUCCESS = "vigie_scrape_collector_success"


def _status(outcomes: Iterable[Outcome], failed: Mapping[str, str]) -> list[Metric]:
    duration = GaugeMetricFamily(
        DURATION,
        "Time the collector took in this scrape, by the exporter's clock.",
        labels=["collector"],
    )
    success = GaugeMetricFamily(
        SUCCESS,
        "Whether the collector answered in this scrape without an error and in time.",
        labels=["collector"],
    )
    for outcome in outcomes:
        duration.add_metric([outcome.name], outcome.duration)
        success.add_metric([outcome.name], 0 if outcome.name in failed else 1)
    return [duration, success]


class Scraper:
    """Runs the collectors and renders what they gave. Thread-safe.

    `broken`: collectors that should run and cannot, with the reason; they count as failed.
    """

    def __init__(
        self,
        runners: Sequence[Runner],
        broken: Mapping[str, str],
        telemetry: Callable[[], Iterable[Metric]],
        quiet: QuietLog | None = None,
    ) -> None:
        self._runners = {runner.name: runner for runner in runners}
        self._broken = dict(broken)
        self._telemetry = telemetry
        self._quiet = quiet or QuietLog(structlog.get_logger("vigie.scrape"))

    @property
    def names(self) -> tuple[str, ...]:
        """Every collector that should run."""
        return (*self._runners, *self._broken)

    def collect(self, deadline: Deadline, names: Iterable[str]) -> list[Outcome]:
        """Run the named collectors together; return when all answered or at the deadline."""
        wanted = set(names)
        runs = [
            (runner, runner.begin(deadline))
            for name, runner in self._runners.items()
            if name in wanted
        ]
        outcomes = [runner.finish(run, deadline) for runner, run in runs]
        broken = [Outcome(n, 0.0, error=why) for n, why in self._broken.items() if n in wanted]
        return outcomes + broken

    def page(self, deadline: Deadline, names: Iterable[str], encode: Encoder) -> bytes:
        """The scrape page of the named collectors, rendered by `encode`."""
        outcomes = self.collect(deadline, names)
        failed = {o.name: o.error for o in outcomes if o.error}
        page = Page()
        page.reserve(OWNER, [*self._telemetry(), *_status([], {})])
        for outcome in outcomes:
            complaint = page.add(outcome.name, outcome.families)
            if complaint:
                failed[outcome.name] = complaint
        renderer = Renderer(encode)
        for name in sorted(page.families.keys() - {DURATION, SUCCESS}):
            try:
                renderer.add(page.families[name].metric)
            except Exception as error:  # noqa: BLE001 - whatever it is, only this family is lost
                for owner in page.drop(name):
                    failed[owner] = f"famille {name} impossible à écrire ({error})"
        for family in _status(outcomes, failed):
            renderer.add(family)
        self._tell(outcomes, failed)
        return renderer.page()

    def _tell(self, outcomes: Iterable[Outcome], failed: Mapping[str, str]) -> None:
        for outcome in outcomes:
            if outcome.name in failed:
                self._quiet.problem(outcome.name, "collecteur en échec", failed[outcome.name])
            else:
                self._quiet.fine(outcome.name, "collecteur rétabli")
