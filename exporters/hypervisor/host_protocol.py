"""What a back end is to the collector, and what a lane is to a back end.

Whoever adds a back end writes a Host; whoever adds work in the background writes a
BackgroundLane. Nothing here does any I/O.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Protocol

from exporters.hypervisor.lane import LaneStatus
from exporters.hypervisor.model import DomainFacts, Identity
from exporters.toolkit.collector import Deadline
from exporters.toolkit.text_family import TextFamily


class Host(Protocol):
    """One hypervisor, whatever runs it."""

    @property
    def name(self) -> str:
        """The label ``hypervisor`` of its series."""
        ...

    def start(self) -> None:
        """Begin its background work. Returns at once."""
        ...

    def read(self, deadline: Deadline) -> list[TextFamily]:
        """Everything known of it, within the deadline, no two families of one name.

        Never raises: a hypervisor that does not answer has ``hypervisor_up`` 0. Never called
        twice at once.
        """
        ...

    def close(self) -> None:
        """End its work and let its connections go. What hangs is left behind, not waited for."""
        ...


class BackgroundLane(Protocol):
    """Work done beside the scrapes. A scrape takes what it rendered last."""

    @property
    def families(self) -> tuple[TextFamily, ...]:
        """Its metrics, rendered once a round; () before the first and once they are too old."""
        ...

    def status(self) -> LaneStatus:
        """How it does now."""
        ...

    def start(self) -> None:
        """Begin; the first round runs at once."""
        ...

    def stop(self) -> None:
        """End. A round that hangs is left behind."""
        ...


class InventoryLane(BackgroundLane, Protocol):
    """The lane that knows what changes seldom."""

    @property
    def facts(self) -> Mapping[str, DomainFacts]:
        """By uuid. Replaced as a whole when something changes, never changed in place."""
        ...

    def identity(self, name: str, uuid: str) -> Identity:
        """Whose a domain is, from the inventory first, then from its checked metadata."""
        ...
