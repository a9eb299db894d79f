"""One Proxmox VE node as a Host: the call of each scrape and the lanes beside it."""

from __future__ import annotations

from exporters.hypervisor.laned_host import LanedHost, Seen
from exporters.hypervisor.proxmox.guests import Listed, listed, node_is_up, statistics
from exporters.hypervisor.proxmox.inventory_lane import InventoryLane
from exporters.hypervisor.proxmox.site import Site
from exporters.hypervisor.proxmox.slow_lane import SlowLane
from exporters.hypervisor.proxmox.stats_lane import StatsLane
from exporters.hypervisor.proxmox.usage import usage_families
from exporters.hypervisor.reading import Reading
from exporters.hypervisor.settings import HypervisorEntry, Settings
from exporters.toolkit.collector import Context, Deadline


class ProxmoxHost(LanedHost):
    """A Host. See `exporters.hypervisor.host_protocol`."""

    def __init__(self, site: Site) -> None:
        self._site = site
        self.stats = StatsLane(site.name, site.client(), site.now)
        self.inventory = InventoryLane(site, site.client())
        super().__init__(site.name, self.stats, self.inventory, [SlowLane(site, site.client())])

    def see(self, deadline: Deadline) -> Seen:
        """See LanedHost."""
        guests = self._guests(deadline)
        detail = self.inventory.detail
        if guests is None:
            return Seen(Reading(None, outstanding=self.stats.outstanding), detail.facts)
        if any(guest.key not in detail.seen for guest in guests):
            self.inventory.wake()
        told = [
            statistics(guest, detail.rows.get(guest.key), detail.configurations.get(guest.key))
            for guest in guests
        ]
        reading = Reading(told, partial=not detail.seen >= {one.key for one in guests})
        return Seen(reading, detail.facts, usage_families(self.name, guests))

    def _guests(self, deadline: Deadline) -> list[Listed] | None:
        rows = self.stats.read(deadline)
        if rows is None or not node_is_up(rows, self._site.node):
            return None
        return listed(rows, self._site.node)


def build(entry: HypervisorEntry, settings: Settings, context: Context) -> ProxmoxHost:
    """The host of an entry with a `proxmox` block. Raise ValueError without one."""
    if entry.proxmox is None:
        raise ValueError(f"{entry.name}: no proxmox block")
    return ProxmoxHost(Site(entry, entry.proxmox, settings, context))
