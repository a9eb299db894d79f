"""The sentinel's own metrics."""

from __future__ import annotations

from collections import Counter as Tally
from collections.abc import Iterator
from datetime import datetime

from prometheus_client import CollectorRegistry, Counter, Gauge
from prometheus_client.core import GaugeMetricFamily, Metric
from prometheus_client.registry import Collector

from alertmanager.sentinel.findings import TROUBLES
from alertmanager.sentinel.state import Keeper

_STATES = ("pending", "sending", "accepted", "delivered", "failed", "unconfirmed", "cancelled")


class Telemetry:
    """Counters since the start of the process, and gauges over the state."""

    def __init__(self, keeper: Keeper) -> None:
        self.registry = CollectorRegistry()
        self.failures = Counter(
            "vigie_sentinel_notifier_failures",
            "Messages that a notifier did not take, by notifier.",
            ["notifier"],
            registry=self.registry,
        )
        self._looked = Gauge(
            "vigie_sentinel_last_look_timestamp_seconds",
            "When the webhook was last looked at.",
            registry=self.registry,
        )
        self._ready = Gauge(
            "vigie_sentinel_webhook_ready",
            "Whether the webhook was ready at the last look.",
            registry=self.registry,
        )
        self.registry.register(_StateCollector(keeper))

    def looked(self, at: datetime, *, ready: bool) -> None:
        """The webhook was looked at."""
        self._looked.set(at.timestamp())
        self._ready.set(ready)


class _StateCollector(Collector):
    def __init__(self, keeper: Keeper) -> None:
        self._keeper = keeper

    def describe(self) -> Iterator[Metric]:
        """Nothing: the names are those of `collect`."""
        return iter(())

    def collect(self) -> Iterator[Metric]:
        """Fresh families from the state."""
        with self._keeper.change() as state:
            beat, troubles = state.last_beat, set(state.troubles)
            tally = Tally(str(message.state) for message in state.messages)
        yield GaugeMetricFamily(
            "vigie_sentinel_state_saved",
            "Whether the state is on the disk as it is in memory.",
            value=float(self._keeper.saved),
        )
        yield GaugeMetricFamily(
            "vigie_sentinel_last_beat_timestamp_seconds",
            "When Alertmanager last posted its Watchdog; 0: never.",
            value=beat.timestamp() if beat else 0.0,
        )
        family = GaugeMetricFamily(
            "vigie_sentinel_trouble", "Whether that is wrong with the pager.", labels=["trouble"]
        )
        for name in TROUBLES:
            family.add_metric([name], float(name in troubles))
        yield family
        messages = GaugeMetricFamily(
            "vigie_sentinel_messages", "Messages the state remembers, by state.", labels=["state"]
        )
        for name in _STATES:
            messages.add_metric([name], float(tally[name]))
        yield messages
