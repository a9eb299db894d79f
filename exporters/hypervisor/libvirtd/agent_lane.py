"""The agent lane: file systems inside guests, where the settings allow it.

libvirt refuses agent calls on the read-only socket, so this lane has a read-write
connection; it only ever asks.
"""

from __future__ import annotations

from time import monotonic

from exporters.hypervisor.libvirtd.agent_round import AgentRound
from exporters.hypervisor.libvirtd.kept_connection import KeptConnection
from exporters.hypervisor.libvirtd.site import Site
from exporters.hypervisor.metrics.agent import agent_families
from exporters.hypervisor.rendering_lane import RenderingLane
from exporters.toolkit.text_family import TextFamily

INTERVAL = 60.0


class AgentLane(RenderingLane):
    """Has a read-write connection of its own."""

    def __init__(self, site: Site, interval: float = INTERVAL) -> None:
        super().__init__(site.name, "agent", interval, site.now, site.rounds.take)
        self._name = site.name
        self._kept = KeptConnection(site.door(), read_only=False)
        self._round = AgentRound(site.stuck.__contains__, monotonic)

    def let_go(self) -> None:
        """See RenderingLane."""
        self._kept.close()

    def read(self) -> tuple[TextFamily, ...]:
        """One round. Raise HypervisorUnreachable when the connection could not last it."""
        answers = self._round.read(self._kept.get())
        self._kept.check()
        return agent_families(self._name, answers)
