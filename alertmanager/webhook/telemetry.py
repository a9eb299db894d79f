"""The pager's own metrics, in a registry of their own; states are read from the store at scrape."""

from __future__ import annotations

from collections.abc import Iterator

from prometheus_client import CollectorRegistry, Counter, Gauge
from prometheus_client.core import GaugeMetricFamily, Metric
from prometheus_client.registry import Collector

from alertmanager.delivery.canary import CanaryPlan
from alertmanager.store.database import Store, StoreUnavailable
from alertmanager.webhook.figures import families
from inventory.process import Clock


class Telemetry:
    """Counters since the start of the process, and gauges over the store."""

    def __init__(self, store: Store, clock: Clock, canary: CanaryPlan | None = None) -> None:
        self.registry = CollectorRegistry()
        self.receipts = Counter(
            "vigie_webhook_receipts",
            "Bodies posted by Alertmanager, by integration and what became of them.",
            ["integration", "outcome"],
            registry=self.registry,
        )
        self.truncated = Counter(
            "vigie_webhook_truncated_alerts",
            "Alerts that Alertmanager left out of its payloads (max_alerts): nobody named them.",
            registry=self.registry,
        )
        self.replies = Counter(
            "vigie_webhook_replies",
            "Messages received from people, by what became of them.",
            ["outcome"],
            registry=self.registry,
        )
        self.mailbox_looks = Gauge(
            "vigie_webhook_mailbox_last_look_timestamp_seconds",
            "When a mailbox of answers was last read to its end, by notifier.",
            ["notifier"],
            registry=self.registry,
        )
        self.mailbox_failures = Counter(
            "vigie_webhook_mailbox_failures",
            "Looks into a mailbox of answers that failed, by notifier.",
            ["notifier"],
            registry=self.registry,
        )
        self.sends = Counter(
            "vigie_webhook_sends",
            "Messages handed to a notifier, by what it answered.",
            ["provider", "outcome"],
            registry=self.registry,
        )
        self.registry.register(_StoreCollector(store, clock, canary))


class _StoreCollector(Collector):
    def __init__(self, store: Store, clock: Clock, canary: CanaryPlan | None) -> None:
        self._store, self._clock, self._canary = store, clock, canary
        self._started_at = clock()

    def describe(self) -> Iterator[Metric]:
        """Nothing: the names are those of `collect`, and registering must not read the store."""
        return iter(())

    def collect(self) -> Iterator[Metric]:
        """Fresh families; only `vigie_webhook_store_up` when the store does not answer."""
        up = GaugeMetricFamily(
            "vigie_webhook_store_up", "Whether the pager's store answers, asked at this scrape."
        )
        try:
            with self._store.read() as session:
                read = list(families(session, self._clock(), self._started_at, self._canary))
        except StoreUnavailable:
            up.add_metric([], 0)
            yield up
            return
        up.add_metric([], 1)
        yield up
        yield from read
