"""The virtual networks of a hypervisor."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import libvirt

from exporters.hypervisor.holdings import Network
from exporters.hypervisor.libvirtd.far_machine import unsupported
from exporters.hypervisor.libvirtd.faults import Faults
from exporters.hypervisor.libvirtd.xml_tree import tree_of

SYSTEM_NETWORK = Path("/sys/class/net")


_GONE = (libvirt.VIR_ERR_NO_NETWORK,)


def networks(connection: Any, interfaces: Path | None, faults: Faults) -> list[Network]:
    """All of them; `interfaces` is the kernel's folder of links, None for another machine.

    Raise libvirt.libvirtError. A network that goes meanwhile is left out, and so is one that
    cannot be read; leases that cannot be read cost no more than themselves. `faults` learns it.
    """
    found = []
    for one in connection.listAllNetworks():
        with faults.costing(connection, one.name(), _GONE):
            network = _network(one, interfaces)
            if network.active:
                with faults.costing(connection, one.name(), _GONE):
                    network = replace(network, leases=_leases(one))
            found.append(network)
    return found


def _network(one: Any, interfaces: Path | None) -> Network:
    """All but its leases."""
    root = tree_of(one.XMLDesc())
    bridge, forward = root.find("bridge"), root.find("forward")
    name = "" if bridge is None else bridge.get("name", "")
    active = bool(one.isActive())
    return Network(
        one.name(),
        active,
        bool(one.autostart()),
        name,
        "isolated" if forward is None else forward.get("mode", "nat"),
        carrier=has_carrier(interfaces, name) if active and interfaces is not None else None,
    )


def _leases(one: Any) -> int | None:
    """None where libvirt lends no addresses: no driver for it, or no DHCP on this network."""
    try:
        return len(one.DHCPLeases())
    except libvirt.libvirtError as error:
        if unsupported(error):
            return None
        raise


def has_carrier(interfaces: Path, bridge: str) -> bool | None:
    """Whether a link is up; None without a bridge.

    The kernel refuses to say it of a bridge that is administratively down: it has none.
    """
    if not bridge or "/" in bridge:
        return None
    try:
        return (interfaces / bridge / "carrier").read_text(encoding="ascii").strip() == "1"
    except FileNotFoundError:
        return None
    except OSError:
        return False
