"""A Host made of lanes: one that each scrape asks, and those in the background beside it."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from time import monotonic, sleep
from typing import Protocol

from exporters.hypervisor.host_protocol import BackgroundLane, InventoryLane
from exporters.hypervisor.lane import LaneStatus
from exporters.hypervisor.metrics.guests import GuestMetrics
from exporters.hypervisor.metrics.lanes import lane_families
from exporters.hypervisor.model import DomainFacts
from exporters.hypervisor.reading import Reading
from exporters.toolkit.collector import Deadline
from exporters.toolkit.text_family import TextFamily, merged

FIRST_ROUND_SHARE, FIRST_ROUND_SECONDS = 0.3, 3.0
"""How long the first scrape of all waits for the inventory lane's first round: after it no
disk may pass for another, and no guest may change its uuid."""


class StatsLane(Protocol):
    """The lane that works when a scrape wants it. How it is asked is its back end's matter."""

    def status(self) -> LaneStatus:
        """How the last scrape went."""
        ...

    def close(self) -> None:
        """Let its connections go."""
        ...


@dataclass(frozen=True, slots=True)
class Seen:
    """What one scrape saw: the guests, what is known of them by uuid, and families of its own."""

    reading: Reading
    facts: Mapping[str, DomainFacts]
    families: Sequence[TextFamily] = ()


class LanedHost(ABC):
    """A Host (see `exporters.hypervisor.host_protocol`) made of its lanes and `see`."""

    def __init__(
        self,
        name: str,
        stats: StatsLane,
        inventory: InventoryLane,
        others: Sequence[BackgroundLane],
    ) -> None:
        self._name, self._stats, self._inventory = name, stats, inventory
        self.lanes: tuple[BackgroundLane, ...] = (inventory, *others)
        self._metrics = GuestMetrics(name, inventory.identity)
        self._first = True

    @abstractmethod
    def see(self, deadline: Deadline) -> Seen:
        """The guests now, within the deadline. Never raises."""

    def theirs(self, seen: Seen, ours: Sequence[TextFamily]) -> list[TextFamily]:  # noqa: ARG002  # for who overrides it
        """The same under the names of other exporters; by default nothing."""
        return []

    @property
    def name(self) -> str:
        """See Host."""
        return self._name

    def start(self) -> None:
        """See Host."""
        for lane in self.lanes:
            lane.start()

    def read(self, deadline: Deadline) -> list[TextFamily]:
        """See Host."""
        if self._first:
            self._await_first_round(deadline.remaining())
            self._first = False
        seen = self.see(deadline)
        statuses = [self._stats.status(), *(lane.status() for lane in self.lanes)]
        ours = merged(
            [
                *self._metrics.families(seen.reading, seen.facts),
                *seen.families,
                *(family for lane in self.lanes for family in lane.families),
                *lane_families(self.name, statuses),
            ]
        )
        return ours + self.theirs(seen, ours)

    def close(self) -> None:
        """See Host."""
        for lane in self.lanes:
            lane.stop()
        self._stats.close()

    def _await_first_round(self, budget: float) -> None:
        end = monotonic() + min(FIRST_ROUND_SECONDS, budget * FIRST_ROUND_SHARE)
        while monotonic() < end:
            status = self._inventory.status()
            if status.succeeded_at is not None or status.failures:
                return
            sleep(0.01)
