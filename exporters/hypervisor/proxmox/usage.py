"""The one fact the API has and libvirt has not: the present use of processors, as a ratio."""

from __future__ import annotations

from collections.abc import Iterable

from exporters.hypervisor.proxmox.guests import Listed
from exporters.hypervisor.proxmox.values import number, text
from exporters.toolkit.text_family import TextFamily, labelled

NAME = "hypervisor_domain_cpu_usage_ratio"


def usage_families(hypervisor: str, guests: Iterable[Listed]) -> list[TextFamily]:
    """Share of its processors that each running guest uses, as the node's last average says."""
    lines = []
    for guest in guests:
        share = number(guest.row, "cpu")
        if share is not None and text(guest.row, "status") == "running":
            labels = (("hypervisor", hypervisor), ("domain", guest.name))
            lines.append(f"{labelled(NAME, labels)}{share!r}\n")
    what = "Share of its virtual processors a guest uses now (Proxmox VE cpu); 1 is all of them."
    return [TextFamily(NAME, what, "gauge", "".join(lines), len(lines))] if lines else []
