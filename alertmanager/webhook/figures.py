"""What the store says of the pager at a scrape: bounded questions, whatever it holds."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator
from datetime import datetime, timedelta
from statistics import median

from prometheus_client.core import GaugeMetricFamily, Metric
from sqlalchemy import func, select
from sqlalchemy.orm import InstrumentedAttribute, Session

from alertmanager.delivery.canary import CanaryPlan, ever_sent, last_arrival, latest_due
from alertmanager.delivery.leases import retry_wait
from alertmanager.store.tables import (
    INCIDENT_STATES,
    MESSAGE_STATES,
    Heartbeat,
    Incident,
    JournalLine,
    LateAlert,
    Message,
    Timer,
)

MOST_COUNTED = 1000
"""Rows of one state that are counted: beyond, the figure says « many », at the price of few."""
_RECENT = timedelta(hours=1)
_MOST_RECENT = 2000  # messages: the newest are read by their key, never all of an hour
_MAY_BE_HELD = ("digest", "resolution", "taken")
"""Kinds that wait on purpose before they leave."""


def counted(
    session: Session, column: InstrumentedAttribute[str], states: Iterable[str]
) -> Iterator[tuple[str, int]]:
    """How many rows have each state, `MOST_COUNTED` at most."""
    for state in states:
        some = select(column).where(column == state).limit(MOST_COUNTED).subquery()
        yield state, session.scalar(select(func.count()).select_from(some)) or 0


def pending_age(session: Session, now: datetime) -> timedelta:
    """How long the message that waits longest has been due and not handed over."""
    rows = session.execute(
        select(Message.kind, Message.attempts, Message.created_at, Message.next_attempt_at)
        .where(
            Message.state.in_(("pending", "leased")),
            (Message.attempts > 0) | (Message.next_attempt_at <= now),
        )
        .order_by(Message.id)
        .limit(MOST_COUNTED)
    )
    ages = [now - _first_due(*row) for row in rows]
    return max(ages, default=timedelta(0))


def _first_due(kind: str, attempts: int, created: datetime, next_at: datetime) -> datetime:
    """When it was to leave first; of one held back on purpose, from its attempts since."""
    if kind not in _MAY_BE_HELD:
        return created
    waited = sum((retry_wait(n, 0.0) for n in range(1, attempts + 1)), timedelta(0))
    return max(created, next_at - waited)


def families(
    session: Session, now: datetime, started_at: datetime, canary: CanaryPlan | None
) -> Iterator[Metric]:
    """Everything that is read from rows."""
    yield from _states(session, now)
    yield from _recent(session, now)
    yield from _lateness(session, now)
    if canary is not None:
        yield from _canary(session, canary, now, started_at)


def _states(session: Session, now: datetime) -> Iterator[Metric]:
    messages = GaugeMetricFamily(
        "vigie_webhook_messages",
        f"Messages to people in the store, by state; at most {MOST_COUNTED} of each are counted.",
        labels=["state"],
    )
    for state, count in counted(session, Message.state, MESSAGE_STATES):
        messages.add_metric([state], count)
    yield messages
    incidents = GaugeMetricFamily(
        "vigie_webhook_incidents",
        f"Incidents in the store, by state; at most {MOST_COUNTED} of each are counted.",
        labels=["state"],
    )
    for state, count in counted(session, Incident.state, INCIDENT_STATES):
        incidents.add_metric([state], count)
    yield incidents
    yield GaugeMetricFamily(
        "vigie_webhook_oldest_pending_message_age_seconds",
        "How long the message that waits longest has been due and is not handed over; 0: none.",
        value=max(0.0, pending_age(session, now).total_seconds()),
    )
    beats = GaugeMetricFamily(
        "vigie_webhook_heartbeat_timestamp_seconds",
        "When the last beat of a heartbeat integration was received.",
        labels=["integration"],
    )
    for beat in session.scalars(select(Heartbeat)):
        beats.add_metric([beat.integration], beat.last_at.timestamp())
    yield beats


def _recent(session: Session, now: datetime) -> Iterator[Metric]:
    """Of the messages of the last hour: what became of them, and how long proof took."""
    newest = session.execute(
        select(
            Message.channel,
            Message.provider,
            Message.kind,
            Message.state,
            Message.created_at,
            Message.accepted_at,
            Message.delivered_at,
        )
        .order_by(Message.id.desc())
        .limit(_MOST_RECENT)
    )
    tally: dict[tuple[str, str, str], int] = defaultdict(int)
    took: dict[tuple[str, str], list[float]] = defaultdict(list)
    for channel, provider, kind, state, created, accepted, delivered in newest:
        if created < now - _RECENT:
            break
        tally[channel, kind, state] += 1
        if delivered is not None:
            seconds = (delivered - (accepted or created)).total_seconds()
            took[channel, provider or ""].append(max(0.0, seconds))
    recent = GaugeMetricFamily(
        "vigie_webhook_recent_messages",
        f"Messages created in the last hour, the newest {_MOST_RECENT} at most.",
        labels=["channel", "kind", "state"],
    )
    for labels, count in sorted(tally.items()):
        recent.add_metric(list(labels), count)
    yield recent
    for name, words, of in (
        ("median", "Median", median),
        ("longest", "Longest", max),
    ):
        family = GaugeMetricFamily(
            f"vigie_webhook_recent_delivery_{name}_seconds",
            f"{words} time from acceptance to proof, of the messages of the last hour.",
            labels=["channel", "provider"],
        )
        for pair, seconds_each in sorted(took.items()):
            family.add_metric(list(pair), float(of(seconds_each)))
        yield family


def _lateness(session: Session, now: datetime) -> Iterator[Metric]:
    due = session.scalar(
        select(func.min(Timer.due_at)).where(Timer.done_at.is_(None), Timer.due_at <= now)
    )
    yield GaugeMetricFamily(
        "vigie_webhook_oldest_due_timer_age_seconds",
        "How long the timer that waits longest has been due; 0: none is.",
        value=max(0.0, (now - due).total_seconds()) if due else 0.0,
    )
    some = select(LateAlert.id).where(LateAlert.settled_at.is_(None)).limit(MOST_COUNTED).subquery()
    yield GaugeMetricFamily(
        "vigie_webhook_late_alerts",
        "Alerts that fired just after their own end, about which Alertmanager is being asked.",
        value=session.scalar(select(func.count()).select_from(some)) or 0,
    )
    yield GaugeMetricFamily(
        "vigie_webhook_journal_last_line",
        "Number of the journal's last line.",
        value=session.scalar(select(func.max(JournalLine.id))) or 0,
    )


def _canary(
    session: Session, plan: CanaryPlan, now: datetime, started_at: datetime
) -> Iterator[Metric]:
    _, due = latest_due(plan, now)
    # One that was due before this was ever installed is not missing.
    if due >= started_at or ever_sent(session, plan, now):
        yield GaugeMetricFamily(
            "vigie_webhook_canary_due_timestamp_seconds",
            "When the latest night test was due.",
            value=due.timestamp(),
        )
    yield GaugeMetricFamily(
        "vigie_webhook_canary_slow_after_seconds",
        "How long a night test may take to arrive.",
        value=plan.slow_after.total_seconds(),
    )
    at = GaugeMetricFamily(
        "vigie_webhook_canary_delivered_timestamp_seconds",
        "When the latest night test that arrived did so, by provider; 0: none ever did.",
        labels=["provider"],
    )
    took = GaugeMetricFamily(
        "vigie_webhook_canary_delivery_seconds",
        "How long that one took, from our outbox to the telephone.",
        labels=["provider"],
    )
    for provider in plan.providers:
        arrival = last_arrival(session, plan, provider, now)
        at.add_metric([provider], arrival.arrived_at.timestamp() if arrival else 0.0)
        if arrival is not None:
            seconds = (arrival.arrived_at - arrival.sent_at).total_seconds()
            took.add_metric([provider], max(0.0, seconds))
    yield at
    yield took
