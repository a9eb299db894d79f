"""What the lanes that only render have in common: a round's families are all they tell."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable
from contextlib import AbstractContextManager, nullcontext

from exporters.hypervisor.lane import Lane, LaneStatus
from exporters.toolkit.text_family import TextFamily


class RenderingLane(ABC):
    """A BackgroundLane (see `exporters.hypervisor.host_protocol`) made of two methods."""

    def __init__(
        self,
        hypervisor: str,
        name: str,
        interval: float,
        wall_clock: Callable[[], float],
        turn: Callable[[], AbstractContextManager[None]] = nullcontext,
    ) -> None:
        self._lane: Lane[tuple[TextFamily, ...]] = Lane(
            hypervisor, name, self.read, interval, wall_clock, at_end=self.let_go, turn=turn
        )

    @abstractmethod
    def read(self) -> tuple[TextFamily, ...]:
        """One round, in the lane's thread. What it raises is told as the lane's failure."""

    @abstractmethod
    def let_go(self) -> None:
        """Close what the rounds keep open. In the lane's thread, once no round will follow."""

    @property
    def families(self) -> tuple[TextFamily, ...]:
        """See BackgroundLane."""
        return self._lane.served or ()

    def status(self) -> LaneStatus:
        """See BackgroundLane."""
        return self._lane.status()

    def start(self) -> None:
        """See BackgroundLane."""
        self._lane.start()

    def stop(self) -> None:
        """See BackgroundLane."""
        self._lane.stop()
