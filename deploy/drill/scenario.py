"""What happens on 1 May: who attacks, who must be paged, how much is sent. Plain data."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from zoneinfo import ZoneInfo

from deploy.estate.mailboxes import SLOW_DOMAINS


@dataclass(frozen=True)
class Scenario:
    """One drill. Durations in seconds, rates in messages a second and connection."""

    name: str
    starts: datetime
    account: str
    member: str
    on_duty: str
    attack_addresses: tuple[str, ...]
    recipients_per_message: int
    message_rate: float
    attacked_domains: tuple[str, ...]
    reading_time: float
    lead_time: float


PREMIER_MAI = Scenario(
    name="premier-mai",
    # A Friday: only the calendar of public holidays makes it out of support hours.
    starts=datetime(2026, 5, 1, 7, 12, tzinfo=ZoneInfo("Europe/Paris")),
    account="m.lefevre@ville-valmont.test",
    member="valmont",
    on_duty="nadia.benali",
    attack_addresses=tuple(f"127.0.77.{host}" for host in range(10, 22)),
    recipients_per_message=15,
    message_rate=3.0,
    attacked_domains=SLOW_DOMAINS,
    reading_time=5.0,
    lead_time=20.0,
)
