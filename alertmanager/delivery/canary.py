"""The night test: one SMS through each gateway, at an hour of the site's clock, and how it went.

It proves that people could have been reached that night, while it does not matter.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from zoneinfo import ZoneInfo

from sqlalchemy import select
from sqlalchemy.orm import Session

from alertmanager.delivery.channels import Channel
from alertmanager.delivery.leases import Kind
from alertmanager.delivery.outbox import enqueue
from alertmanager.rosters.walltime import instant_of
from alertmanager.store.tables import Message

KIND: Kind = "canary"
TEXT = "VIGIE essai de nuit, rien à faire."
LATEST = timedelta(hours=1)
"""After its hour: a test of the night that is sent by day proves nothing of the night."""

_REMEMBERED = 60  # nights


@dataclass(frozen=True)
class CanaryPlan:
    """When, to whom, through what. `weekday`: 0 is Monday; None: every day."""

    at: time
    weekday: int | None
    zone: ZoneInfo
    recipient: str
    address: str
    channel: str
    providers: tuple[str, ...]
    slow_after: timedelta

    def channels(self, all_of_them: Sequence[Channel]) -> list[Channel]:
        """A channel of its own for each provider, so that no other answers for it."""
        reaches = {name: c.reaches for c in all_of_them for name in c.providers}
        return [
            Channel(channel_of(name), (name,), reaches.get(name, "phone"), capped=False)
            for name in self.providers
        ]


@dataclass(frozen=True)
class Arrival:
    """The latest test of one provider that arrived: when it was handed to us, when it arrived."""

    sent_at: datetime
    arrived_at: datetime


def channel_of(provider: str) -> str:
    """The channel of the tests of that provider."""
    return f"canary.{provider}"[:64]


def latest_due(plan: CanaryPlan, now: datetime) -> tuple[date, datetime]:
    """The night and the instant of the last test that was due by `now`.

    The hour that comes twice counts once, and the one that never comes is made up for.
    """
    day = now.astimezone(plan.zone).date()
    while True:
        instant = instant_of(day, plan.at, plan.zone)
        if instant <= now and plan.weekday in (None, day.weekday()):
            return day, instant
        day -= timedelta(days=1)


def send_due(session: Session, plan: CanaryPlan, now: datetime) -> int:
    """Enqueue the tests of this night that are not there yet, unless it is too late; how many."""
    night, instant = latest_due(plan, now)
    if now - instant >= LATEST:
        return 0
    sent = 0
    for provider in plan.providers:
        message = enqueue(
            session,
            now,
            key=_key(night, provider),
            kind=KIND,
            channel=channel_of(provider),
            recipient=plan.recipient,
            address=plan.address,
            text=TEXT,
            incident=None,
        )
        sent += message is not None
    return sent


def last_arrival(
    session: Session, plan: CanaryPlan, provider: str, now: datetime
) -> Arrival | None:
    """The latest test through that provider that arrived, if one did these last weeks."""
    found = session.execute(
        select(Message.created_at, Message.delivered_at)
        .where(Message.key.in_(_keys(plan, provider, now)), Message.delivered_at.is_not(None))
        .order_by(Message.created_at.desc())
        .limit(1)
    ).first()
    if found is None or found.delivered_at is None:
        return None
    return Arrival(found.created_at, found.delivered_at)


def ever_sent(session: Session, plan: CanaryPlan, now: datetime) -> bool:
    """Whether there was a test lately: only then can one be missing after a start."""
    keys = [key for provider in plan.providers for key in _keys(plan, provider, now)]
    return session.scalar(select(Message.id).where(Message.key.in_(keys)).limit(1)) is not None


def _keys(plan: CanaryPlan, provider: str, now: datetime) -> list[str]:
    """Every key that a test through it can have had: looked up one by one in their index."""
    today = now.astimezone(plan.zone).date()
    return [_key(today - timedelta(days=days), provider) for days in range(_REMEMBERED)]


def _key(night: date, provider: str) -> str:
    return f"canary:{night.isoformat()}:{provider}"
