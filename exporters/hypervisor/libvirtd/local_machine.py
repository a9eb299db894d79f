"""The machine the exporter runs on, when that is the hypervisor: psutil, /proc, /sys."""

from __future__ import annotations

import os
from pathlib import Path

import psutil

from exporters.hypervisor.holdings import HostCapacity

PRESSURE = Path("/proc/pressure")
KSM = Path("/sys/kernel/mm/ksm")
RESOURCES = ("cpu", "io", "memory", "irq")
_KSM_FILES = {
    "pages_shared": "pages_shared",
    "pages_sharing": "pages_sharing",
    "pages_unshared": "pages_unshared",
    "pages_volatile": "pages_volatile",
    "run": "run",
    "general_profit": "general_profit_bytes",
}


def local_machine(pressure: Path = PRESSURE, ksm: Path = KSM) -> HostCapacity:
    """Its figures now, without NUMA and huge pages, which libvirt tells of any machine."""
    memory = psutil.virtual_memory()
    return HostCapacity(
        cpus=psutil.cpu_count(),
        memory=memory.total,
        available=memory.available,
        load=os.getloadavg(),
        pressure=pressures(pressure),
        ksm=merging(ksm),
    )


def pressures(folder: Path) -> dict[str, tuple[float | None, float | None]]:
    """Seconds some and all tasks waited, by resource; {} where the kernel does not count."""
    found: dict[str, tuple[float | None, float | None]] = {}
    for resource in RESOURCES:
        try:
            text = (folder / resource).read_text(encoding="ascii")
            totals = {
                line.split()[0]: int(line.rpartition("total=")[2]) / 1e6
                for line in text.splitlines()
            }
        except (OSError, ValueError, IndexError):
            continue
        # The kernel writes "full" of the processor for symmetry: it is always 0 there.
        full = None if resource == "cpu" else totals.get("full")
        found[resource] = (totals.get("some"), full)
    return found


def merging(folder: Path) -> dict[str, int]:
    """What same-page merging says of itself; {} in a kernel without it."""
    found = {}
    for file, name in _KSM_FILES.items():
        try:
            found[name] = int((folder / file).read_text(encoding="ascii"))
        except (OSError, ValueError):
            continue
    return found
