"""What happens on 1 May: who attacks, who must be paged, how much is sent. Plain data."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from zoneinfo import ZoneInfo

from deploy.drill.theft import Theft, botnet
from deploy.estate.mailboxes import SLOW_DOMAINS


@dataclass(frozen=True)
class Scenario:
    """One drill. Durations in seconds."""

    name: str
    starts: datetime
    theft: Theft
    on_duty: str
    reading_time: float
    lead_time: float

    @property
    def account(self) -> str:
        """The stolen account."""
        return self.theft.account


PREMIER_MAI = Scenario(
    name="premier-mai",
    # A Friday: only the calendar of public holidays makes it out of support hours.
    starts=datetime(2026, 5, 1, 7, 12, tzinfo=ZoneInfo("Europe/Paris")),
    theft=Theft(
        name="premier-mai",
        account="m.lefevre@ville-valmont.test",
        addresses=botnet(12),
        recipients_per_message=15,
        message_rate=3.0,
        domains=SLOW_DOMAINS,
    ),
    on_duty="nadia.benali",
    reading_time=5.0,
    lead_time=20.0,
)
