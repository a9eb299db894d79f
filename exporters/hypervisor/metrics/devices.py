"""The label ``device`` of disks and network interfaces, unique in a guest whatever its XML."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from exporters.hypervisor.model import DomainFacts

REMOVABLE = ("cdrom", "floppy")
Labels = list[tuple[int, str]]
"""libvirt's number of a device and its label."""


def disk_labels(raw: Mapping[str, Any], facts: DomainFacts | None) -> Labels:
    """The disks of a guest that have statistics, without drives for removable media."""
    removable = {disk.target for disk in facts.disks if disk.device in REMOVABLE} if facts else ()
    return [
        (number, label)
        for number, label in _labels(raw, "block", {})
        if raw.get(f"block.{number}.name") not in removable
    ]


def nic_labels(raw: Mapping[str, Any], facts: DomainFacts | None) -> Labels:
    """The interfaces of a guest; one that libvirt does not name (SR-IOV) goes by its MAC."""
    macs = {number: nic.mac for number, nic in enumerate(facts.nics) if nic.mac} if facts else {}
    return _labels(raw, "net", macs)


def _labels(raw: Mapping[str, Any], group: str, fallback: Mapping[int, str]) -> Labels:
    found: Labels = []
    used: set[str] = set()
    for number in range(int(raw.get(f"{group}.count") or 0)):
        name = raw.get(f"{group}.{number}.name") or fallback.get(number) or f"{group}{number}"
        label = str(name)
        while label in used:
            label = f"{label}#{number}"
        used.add(label)
        found.append((number, label))
    return found
