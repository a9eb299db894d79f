"""Which background lanes a libvirt hypervisor has. One place to add one."""

from __future__ import annotations

from exporters.hypervisor.host_protocol import BackgroundLane, InventoryLane
from exporters.hypervisor.libvirtd.agent_lane import AgentLane
from exporters.hypervisor.libvirtd.inventory_lane import InventoryLane as FactsLane
from exporters.hypervisor.libvirtd.jobs import JobsLane
from exporters.hypervisor.libvirtd.site import Site
from exporters.hypervisor.libvirtd.slow_lane import SlowLane


def inventory_lane(site: Site) -> InventoryLane:
    """The lane of facts, identities and events."""
    return FactsLane(site)


def other_lanes(site: Site) -> list[BackgroundLane]:
    """The lanes that only render: jobs, slow, and agent where the settings want it."""
    lanes: list[BackgroundLane] = [JobsLane(site), SlowLane(site)]
    if site.entry.agent:
        lanes.append(AgentLane(site))
    return lanes
