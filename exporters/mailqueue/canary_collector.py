"""The collector `mailcanary`: a small mail to each member, and whether and when it arrives."""

from __future__ import annotations

from collections.abc import Iterator

from prometheus_client.core import Metric

from exporters.mailqueue.canary.metrics import families
from exporters.mailqueue.canary.settings import CanarySettings, faults
from exporters.toolkit.collector import CollectorPlugin, Context, Deadline


class CanaryCollector:
    """The canaries fly in threads of their own; a scrape only renders their sums."""

    def __init__(self, settings: CanarySettings, context: Context) -> None:
        # The mail libraries cost megabytes: only hosts with canaries pay them (docs/adr/0007).
        from exporters.mailqueue.canary.fleet import Fleet  # noqa: PLC0415

        self._fleet = Fleet(settings, context.clock, context.state_directory)
        self._fleet.start()

    def collect(self, _deadline: Deadline) -> Iterator[Metric]:
        """The sums since the process began."""
        yield from families(self._fleet.tallies())

    def close(self) -> None:
        """Send and look no more."""
        self._fleet.stop()


PLUGIN = CollectorPlugin(
    name="mailcanary",
    summary="Canaris : un courriel témoin par membre, son arrivée et son délai",
    settings=CanarySettings,
    build=CanaryCollector,
    check=faults,
)
