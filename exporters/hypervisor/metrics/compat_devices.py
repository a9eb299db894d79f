"""The labels that other exporters give a guest's disks and interfaces.

They take them from the domain's XML, so that a device has none before its facts are known:
a series that changed its labels after the first scrapes would be worse than one that is late.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from exporters.hypervisor.model import DiskFacts, DomainFacts, NicFacts

_REMOVABLE = ("cdrom", "floppy")
Labels = tuple[tuple[str, str], ...]


@dataclass(frozen=True, slots=True)
class DiskLabels:
    """Labels of a disk's counters, of Tinkoff's ``block_meta`` and of inovex's ``info``."""

    series: Labels
    meta: Labels
    info: Labels


@dataclass(frozen=True, slots=True)
class NicLabels:
    """Labels of an interface's counters and of inovex's ``info``."""

    series: Labels
    info: Labels
    on_bridge: bool


def disks_of(
    names: Sequence[tuple[int, str]], facts: DomainFacts | None
) -> Iterable[tuple[int, DiskLabels]]:
    """Number in the statistics -> labels, of each disk that is no drive for removable media."""
    known = {} if facts is None else {disk.target: disk for disk in reversed(facts.disks)}
    seen = set()
    for number, name in names:
        disk = known.get(name)
        if disk is not None and disk.device not in _REMOVABLE and name not in seen:
            seen.add(name)
            yield number, _disk(disk)


def _disk(disk: DiskFacts) -> DiskLabels:
    # Debian's exporter knows the source of a file only.
    file = disk.source if disk.kind == "file" else ""
    target = ("target_device", disk.target)
    protocol = disk.source.partition(":")[0] if disk.kind == "network" else ""
    return DiskLabels(
        series=(("source_file", file), target),
        meta=(
            target,
            ("source_file", disk.source),
            ("bus", disk.bus),
            ("disk_type", disk.kind),
            ("driver_type", disk.format),
        ),
        info=(
            target,
            ("source_file", file),
            ("source_protocol", protocol),
            ("target_bus", disk.bus),
            ("disk_type", disk.kind),
            ("driver_type", disk.format),
        ),
    )


def nics_of(
    names: Sequence[tuple[int, str]], facts: DomainFacts | None
) -> Iterable[tuple[int, NicLabels]]:
    """Number in the statistics -> labels, of each interface that has a device on the host."""
    known = {} if facts is None else {nic.target: nic for nic in reversed(facts.nics)}
    seen = set()
    for number, name in names:
        nic = known.get(name)
        if nic is not None and name not in seen:
            seen.add(name)
            yield number, _nic(nic)


def _nic(nic: NicFacts) -> NicLabels:
    series = (("source_bridge", nic.bridge), ("target_device", nic.target))
    info = (
        *series,
        ("interface_type", nic.kind),
        ("mac_address", nic.mac),
        ("model_type", nic.model),
    )
    return NicLabels(series, info, bool(nic.bridge))
