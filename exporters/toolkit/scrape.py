"""One scrape: every collector in parallel, under one deadline, none able to spoil the others."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence

from prometheus_client.core import Metric

from exporters.toolkit.collector import Deadline
from exporters.toolkit.exposition import Format, Renderer
from exporters.toolkit.families import Page
from exporters.toolkit.limits import Limited, Limits, limited
from exporters.toolkit.quiet import QuietLog
from exporters.toolkit.runner import Outcome, Runner
from exporters.toolkit.status import NAMES, Verdict, status
from exporters.toolkit.telemetry import OWNER
from inventory.process.logs import get_logger


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
        limits: Limits | None = None,
    ) -> None:
        self._runners = {runner.name: runner for runner in runners}
        self._broken = dict(broken)
        self._telemetry = telemetry
        self._quiet = quiet or QuietLog(get_logger("vigie.scrape"))
        self._limits = limits or Limits()

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

    def page(self, deadline: Deadline, names: Iterable[str], form: Format) -> bytes:
        """The scrape page of the named collectors, as `form` has it."""
        outcomes = self.collect(deadline, names)
        return self._render(outcomes, form, self._telemetry())

    def probe(self, deadline: Deadline, runner: Runner, target: str, form: Format) -> bytes:
        """The page of one target of a collector, without what the process says of itself."""
        outcome = runner.finish(runner.begin(deadline), deadline)
        return self._render([outcome], form, [], f"/{target}")

    def _render(
        self,
        outcomes: Sequence[Outcome],
        form: Format,
        telemetry: Iterable[Metric],
        place: str = "",
    ) -> bytes:
        failed = {o.name: o.error for o in outcomes if o.error}
        page = Page()
        page.reserve(OWNER, [*telemetry, *status()])
        kept: dict[str, Limited] = {}
        for outcome in outcomes:
            kept[outcome.name] = limited(outcome.families, self._limits.of(outcome.name))
            complaint = page.add(outcome.name, kept[outcome.name].families)
            if complaint:
                failed[outcome.name] = complaint
        renderer = Renderer(form)
        for name in sorted(page.families.keys() - NAMES):
            try:
                renderer.add(page.families[name].family)
            except Exception as error:  # noqa: BLE001 - whatever it is, only this family is lost
                for owner in page.drop(name):
                    failed[owner] = f"famille {name} impossible à écrire ({error})"
        verdicts = [
            Verdict(o.name, o.duration, o.name not in failed, page.series(o.name), k.dropped)
            for o, k in zip(outcomes, kept.values(), strict=True)
        ]
        for family in status(verdicts):
            renderer.add(family)
        for verdict in verdicts:
            self._tell(verdict, failed.get(verdict.collector, ""), place)
        return renderer.page()

    def _tell(self, verdict: Verdict, failure: str, place: str) -> None:
        subject = verdict.collector + place
        if failure:
            self._quiet.problem(subject, "collecteur en échec", failure)
        else:
            self._quiet.fine(subject, "collecteur rétabli")
        if verdict.dropped:
            # Without the figure, which may change at each scrape: it is a metric.
            limit = f"plus de {self._limits.of(verdict.collector)} séries (limits.series)"
            self._quiet.problem(f"{subject} (séries)", "séries écartées", limit)
        else:
            self._quiet.fine(f"{subject} (séries)", "plus aucune série écartée")
