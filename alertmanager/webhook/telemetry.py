"""The pager's own metrics, in a registry of their own; states are read from the store at scrape."""

from __future__ import annotations

from collections.abc import Iterator

from prometheus_client import CollectorRegistry, Counter
from prometheus_client.core import GaugeMetricFamily, Metric
from prometheus_client.registry import Collector
from sqlalchemy import func, select

from alertmanager.store.database import Store, StoreUnavailable
from alertmanager.store.tables import (
    INCIDENT_STATES,
    MESSAGE_STATES,
    Heartbeat,
    Incident,
    Message,
)
from inventory.process import Clock


class Telemetry:
    """Counters since the start of the process, and gauges over the store."""

    def __init__(self, store: Store, clock: Clock) -> None:
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
        self.registry.register(_StoreCollector(store, clock))


class _StoreCollector(Collector):
    def __init__(self, store: Store, clock: Clock) -> None:
        self._store, self._clock = store, clock

    def describe(self) -> Iterator[Metric]:
        """Nothing: the names are those of `collect`, and registering must not read the store."""
        return iter(())

    def collect(self) -> Iterator[Metric]:
        """Fresh families; only `vigie_webhook_store_up` when the store does not answer."""
        up = GaugeMetricFamily(
            "vigie_webhook_store_up", "Whether the pager's store answers, asked at this scrape."
        )
        try:
            families = self._read()
        except StoreUnavailable:
            up.add_metric([], 0)
            yield up
            return
        up.add_metric([], 1)
        yield up
        yield from families

    def _read(self) -> list[Metric]:
        messages = GaugeMetricFamily(
            "vigie_webhook_messages", "Messages to people in the store, by state.", labels=["state"]
        )
        incidents = GaugeMetricFamily(
            "vigie_webhook_incidents", "Incidents in the store, by state.", labels=["state"]
        )
        oldest = GaugeMetricFamily(
            "vigie_webhook_oldest_pending_message_age_seconds",
            "Age of the oldest message not handed over yet; 0 when there is none.",
        )
        beats = GaugeMetricFamily(
            "vigie_webhook_heartbeat_timestamp_seconds",
            "When the last beat of a heartbeat integration was received.",
            labels=["integration"],
        )
        with self._store.read() as session:
            by_state = dict(
                session.execute(select(Message.state, func.count()).group_by(Message.state))
                .tuples()
                .all()
            )
            for state in MESSAGE_STATES:
                messages.add_metric([state], by_state.get(state, 0))
            by_state = dict(
                session.execute(select(Incident.state, func.count()).group_by(Incident.state))
                .tuples()
                .all()
            )
            for state in INCIDENT_STATES:
                incidents.add_metric([state], by_state.get(state, 0))
            first = session.scalar(
                select(Message.created_at)
                .where(Message.state.in_(("pending", "leased")))
                .order_by(Message.created_at)
                .limit(1)
            )
            age = (self._clock() - first).total_seconds() if first else 0.0
            oldest.add_metric([], max(0.0, age))
            for beat in session.scalars(select(Heartbeat)):
                beats.add_metric([beat.integration], beat.last_at.timestamp())
        return [messages, incidents, oldest, beats]
