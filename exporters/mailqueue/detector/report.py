"""What the detector says: pages, accounts that stand out, and all about one of them."""

from __future__ import annotations

from typing import Literal, NamedTuple


class Detection(NamedTuple):
    """A page. `time` is when it leaves, in Unix seconds of the log."""

    time: int
    kind: Literal["compromised", "jam"]
    account: str
    """Empty for a jam."""
    score: float
    reasons: dict[str, float]


class Standing(NamedTuple):
    """An account that stands out now."""

    account: str
    score: float
    reasons: dict[str, float]
    networks: int
    """Distinct networks it submitted from in the last hour."""
    countries: int
    """Of these, where known."""
    compromised_since: int | None
    """From the page until the account is quiet, in Unix seconds; a score outlasts it."""


class WindowView(NamedTuple):
    """One window: what the account sent and what is usual for it."""

    seconds: int
    messages: int
    usual_messages: float
    recipients: int
    usual_recipients: float


class NetworkView(NamedTuple):
    """A network the account used in the last hour, or that is its own."""

    network: str
    """A /24, or a /48 of IPv6."""
    country: str
    """ISO code; empty if not known."""
    messages: int
    """In the last hour, about."""
    first: int | None
    """When the account first used it; None if only just now."""
    known: bool
    """Its own or the house's."""


class View(NamedTuple):
    """Everything known of one account, for the engineer."""

    account: str
    score: float
    reasons: dict[str, float]
    compromised_since: int | None
    abnormal_since: int | None
    """First abnormal score, until it was calm for six hours."""
    last_submission: int | None
    windows: list[WindowView]
    networks: list[NetworkView]
    recipients_day: int
    """Distinct, in the last 12 to 24 hours, about."""
    domains_day: int
    domains: dict[str, int]
    """Of recipients, with tries of delivery, the most used first; 64 at most, of who sends much."""
    settled: int
    """Recipients settled in 24 h; of these:"""
    unknown: int
    rejected: int
