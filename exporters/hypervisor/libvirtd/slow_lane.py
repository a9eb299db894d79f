"""The slow lane: what changes within minutes and costs a call each, once a minute.

Snapshots, pools and volumes, networks, certificates, the host. Nothing here needs a
guest's monitor, root, or more than the read-only socket.
"""

from __future__ import annotations

from exporters.hypervisor.libvirtd.kept_connection import KeptConnection
from exporters.hypervisor.libvirtd.site import Site
from exporters.hypervisor.libvirtd.slow_round import SlowRound
from exporters.hypervisor.rendering_lane import RenderingLane
from exporters.toolkit.text_family import TextFamily

INTERVAL = 60.0


class SlowLane(RenderingLane):
    """Without state but its connection and what `SlowRound` remembers."""

    def __init__(self, site: Site, interval: float = INTERVAL) -> None:
        super().__init__(site.name, "slow", interval, site.now, site.rounds.take)
        self._kept = KeptConnection(site.door())
        self._round = SlowRound(site.entry)

    def let_go(self) -> None:
        """See RenderingLane."""
        self._kept.close()

    def read(self) -> tuple[TextFamily, ...]:
        """One round. Raise HypervisorUnreachable when the connection could not last it."""
        families = self._round.read(self._kept.get())
        self._kept.check()
        return families
