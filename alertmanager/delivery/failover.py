"""Which provider of a channel takes the next message. In memory, the life of one process. No I/O.

The first one of the configuration, unless it failed lately or has been silent for a while:
then the others come first. What failed is tried again after a rest that doubles.
Instants are monotonic seconds.
"""

from __future__ import annotations

import threading
from collections.abc import Collection, Iterable
from dataclasses import dataclass, field
from typing import NamedTuple

from alertmanager.delivery.channels import Channel

MOST_AT_ONCE = 2
"""Messages that one provider is given at the same time."""
SLOW = 3.0
"""Seconds without an answer after which the next messages go elsewhere, if they can."""
_REST, _LONGEST_REST = 15.0, 300.0


class Slot(NamedTuple):
    """One message under way at a provider."""

    provider: str
    since: float
    number: int


@dataclass
class _Provider:
    under_way: set[Slot] = field(default_factory=set)
    failures: int = 0
    rests_until: float = 0.0

    def slow(self, now: float) -> bool:
        return any(now - slot.since > SLOW for slot in self.under_way)


class Failover:
    """Health of the providers, and what is under way at each. Used by several threads.

    No more is under way by a channel than `MOST_AT_ONCE` for each of its providers: whatever
    falls silent, the senders of the other channels stay free.
    """

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._providers: dict[str, _Provider] = {}
        self._number = 0

    def busy(self, channels: Iterable[Channel], now: float) -> list[str]:
        """Ids of the channels whose next message must wait until another was answered."""
        with self._lock:
            return [channel.id for channel in channels if self._pick(channel, now) is None]

    def take(self, channel: Channel, now: float) -> Slot:
        """A slot at the provider whose turn it is, of a channel that was not busy a moment ago."""
        with self._lock:
            return self._slot(self._pick(channel, now) or self._order(channel, now)[0], now)

    def answered(self, slot: Slot) -> None:
        """The provider did its work: it took the message."""
        with self._lock:
            provider = self._providers[slot.provider]
            provider.under_way.discard(slot)
            provider.failures, provider.rests_until = 0, 0.0

    def failed(
        self, slot: Slot, channel: Channel, tried: Collection[str], now: float, *, rests: bool
    ) -> Slot | None:
        """The provider did not take it: a slot at the next one not `tried` yet, if there is one.

        `rests`: it is the provider that does not work, not the message that is wrong.
        """
        with self._lock:
            provider = self._providers[slot.provider]
            provider.under_way.discard(slot)
            if rests:
                rest = _REST * 2.0 ** min(provider.failures, 10)
                provider.failures += 1
                provider.rests_until = now + min(rest, _LONGEST_REST)
            left = [name for name in self._order(channel, now) if name not in tried]
            return self._slot(left[0], now) if left else None

    def _of(self, name: str) -> _Provider:
        return self._providers.setdefault(name, _Provider())

    def _slot(self, name: str, now: float) -> Slot:
        self._number += 1
        slot = Slot(name, now, self._number)
        self._of(name).under_way.add(slot)
        return slot

    def _order(self, channel: Channel, now: float) -> list[str]:
        """The sound ones as configured, then those that rest, the one that rested most first."""

        def last(name: str) -> tuple[bool, float]:
            provider = self._of(name)
            rests = provider.rests_until > now
            return rests or provider.slow(now), provider.rests_until if rests else 0.0

        return sorted(channel.providers, key=last)

    def _pick(self, channel: Channel, now: float) -> str | None:
        under_way = sum(len(self._of(name).under_way) for name in channel.providers)
        if under_way >= MOST_AT_ONCE * len(channel.providers):
            return None
        for name in self._order(channel, now):
            provider = self._of(name)
            if len(provider.under_way) < MOST_AT_ONCE:
                return name
            if not provider.slow(now):
                return None  # it will have answered before another gateway could
        return None
