"""Virtual networks -> families."""

from __future__ import annotations

from collections.abc import Iterable

from exporters.hypervisor.holdings import Network
from exporters.hypervisor.metrics.build import Families
from exporters.toolkit.text_family import TextFamily


def network_families(hypervisor: str, networks: Iterable[Network]) -> tuple[TextFamily, ...]:
    """``hypervisor_network_*``."""
    families = Families(hypervisor)
    for network in networks:
        here = {"network": network.name}
        families.gauge(
            "network_info",
            "A virtual network, its bridge and its forward mode; always 1.",
            1,
            {**here, "bridge": network.bridge, "forward": network.forward},
        )
        families.gauge(
            "network_active", "Whether a virtual network is active.", network.active, here
        )
        families.gauge(
            "network_autostart",
            "Whether a virtual network starts with its host.",
            network.autostart,
            here,
        )
        families.gauge(
            "network_dhcp_leases",
            "Addresses a virtual network has lent (virNetworkGetDHCPLeases).",
            network.leases,
            here,
        )
        families.gauge(
            "network_carrier",
            "Whether a virtual network's bridge has a link (/sys/class/net/<bridge>/carrier).",
            network.carrier,
            here,
        )
    return families.rendered()
