"""A stolen account and what the thief does with it. Plain data."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Theft:
    """`message_rate` in messages a second and address. `name` is what the report calls it."""

    name: str
    account: str
    addresses: tuple[str, ...]
    recipients_per_message: int
    message_rate: float
    domains: tuple[str, ...]


def botnet(networks: int, *, first: int = 120) -> tuple[str, ...]:
    """So many loopback addresses, each in a /24 of its own that no honest account uses."""
    return tuple(f"127.{first + number}.{7 * number % 250}.9" for number in range(networks))
