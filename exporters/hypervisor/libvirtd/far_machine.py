"""The machine of a hypervisor as libvirt tells of it: all there is of a distant one."""

from __future__ import annotations

from typing import Any

import libvirt

from exporters.hypervisor.holdings import HostCapacity, HugePages, NumaCell, Software
from exporters.hypervisor.libvirtd.xml_tree import tree_of

KIBIBYTE = 1024
_UNITS = {"KiB": 1024, "MiB": 1024**2, "GiB": 1024**3, "B": 1, "bytes": 1}
_UNSUPPORTED = (
    libvirt.VIR_ERR_NO_SUPPORT,
    libvirt.VIR_ERR_OPERATION_UNSUPPORTED,
    libvirt.VIR_ERR_CONFIG_UNSUPPORTED,
)


def unsupported(error: libvirt.libvirtError) -> bool:
    """Whether a driver simply has no such thing."""
    return error.get_error_code() in _UNSUPPORTED


def far_machine(connection: Any) -> HostCapacity:
    """Processors online and memory. Raise libvirt.libvirtError.

    Available memory counts what the page cache would give back, as far as libvirt tells.
    """
    info = connection.getInfo()
    cpus, memory, available = int(info[2]), int(info[1]) * KIBIBYTE**2, None
    try:
        stats = connection.getMemoryStats(libvirt.VIR_NODE_MEMORY_STATS_ALL_CELLS)
        memory = stats["total"] * KIBIBYTE
        told = [stats[name] for name in ("free", "buffers", "cached") if name in stats]
        available = sum(told) * KIBIBYTE if told else None
    except libvirt.libvirtError as error:
        if not unsupported(error):
            raise
    try:
        cpus = sum(connection.getCPUMap()[1])
    except libvirt.libvirtError as error:
        if not unsupported(error):
            raise
    return HostCapacity(cpus=cpus, memory=memory, available=available)


def numa(connection: Any) -> tuple[tuple[NumaCell, ...], tuple[HugePages, ...]]:
    """The NUMA cells and their huge pages, from the capabilities. Raise libvirt.libvirtError.

    The smallest page of a cell is its ordinary one: not huge.
    """
    cells, pages = [], []
    for cell in tree_of(connection.getCapabilities()).iterfind("host/topology/cells/cell"):
        number = int(cell.get("id", "0"))
        memory = cell.find("memory")
        if memory is not None:
            size = int(memory.text or 0) * _UNITS.get(memory.get("unit", "KiB"), KIBIBYTE)
            cells.append(NumaCell(number, size, _free_memory(connection, number)))
        totals = {
            int(page.get("size", "0")) * _UNITS.get(page.get("unit", "KiB"), KIBIBYTE): int(
                page.text or 0
            )
            for page in cell.iterfind("pages")
        }
        huge = sorted(size for size in totals if size > min(totals))
        free = _free_pages(connection, number, huge)
        pages += [HugePages(number, size, totals[size], free.get(size)) for size in huge]
    return tuple(cells), tuple(pages)


def _free_memory(connection: Any, cell: int) -> int | None:
    try:
        return int(connection.getCellsFreeMemory(cell, 1)[0])
    except libvirt.libvirtError as error:
        if unsupported(error):
            return None
        raise


def _free_pages(connection: Any, cell: int, sizes: list[int]) -> dict[int, int]:
    if not sizes:
        return {}
    try:
        found = connection.getFreePages([size // KIBIBYTE for size in sizes], cell, 1)
    except libvirt.libvirtError as error:
        if unsupported(error):
            return {}
        raise
    return {int(size) * KIBIBYTE: int(free) for size, free in found.get(cell, {}).items()}


def software(connection: Any, cluster: str) -> Software:
    """The versions of the daemon, of our library, of the hypervisor. Raise libvirtError."""
    try:
        hypervisor = _version(connection.getVersion())
    except libvirt.libvirtError as error:
        if not unsupported(error):
            raise
        hypervisor = ""
    return Software(
        "libvirt",
        cluster,
        _version(connection.getLibVersion()),
        _version(libvirt.getVersion()),
        hypervisor,
    )


def _version(number: int) -> str:
    return f"{number // 1_000_000}.{number // 1000 % 1000}.{number % 1000}"
