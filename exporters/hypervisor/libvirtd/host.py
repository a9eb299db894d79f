"""One hypervisor reached by libvirt: the stats lane and the lanes beside it, as one Host."""

from __future__ import annotations

from collections.abc import Sequence

from exporters.hypervisor.laned_host import LanedHost, Seen
from exporters.hypervisor.libvirtd.lanes import inventory_lane, other_lanes
from exporters.hypervisor.libvirtd.site import Site, site_of
from exporters.hypervisor.libvirtd.stats_lane import StatsLane
from exporters.hypervisor.metrics.compat import NAME, CompatGuests
from exporters.hypervisor.metrics.compat_lanes import CompatLanes
from exporters.hypervisor.settings import HypervisorEntry, Settings
from exporters.toolkit.collector import Context, Deadline
from exporters.toolkit.text_family import TextFamily, merged


class LibvirtHost(LanedHost):
    """A Host. See `exporters.hypervisor.host_protocol`."""

    def __init__(self, site: Site) -> None:
        self.stats, self.inventory = StatsLane(site), inventory_lane(site)
        super().__init__(site.name, self.stats, self.inventory, other_lanes(site))
        self._compat: tuple[CompatGuests, CompatLanes] | None = None
        if NAME in site.context.compat:
            several = len(site.settings.hypervisors) > 1
            self._compat = CompatGuests(site.name, several), CompatLanes(several)

    def see(self, deadline: Deadline) -> Seen:
        """See LanedHost."""
        reading = self.stats.read(deadline)
        return Seen(reading, self.inventory.facts)

    def theirs(self, seen: Seen, ours: Sequence[TextFamily]) -> list[TextFamily]:
        """See LanedHost. Nothing unless ``--compat`` wants it."""
        if self._compat is None:
            return []
        guests, lanes = self._compat
        known = seen.reading.guests
        found = guests.families(known is not None, known or (), seen.facts)
        return merged([*found, *lanes.families(ours)])


def build(entry: HypervisorEntry, settings: Settings, context: Context) -> LibvirtHost:
    """The host of an entry with an `uri`. Raise ValueError if its secret is unreadable."""
    return LibvirtHost(site_of(entry, settings, context))
