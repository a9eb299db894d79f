"""The hypervisor's own machine and software -> families."""

from __future__ import annotations

from exporters.hypervisor.holdings import HostCapacity, Software
from exporters.hypervisor.metrics.build import Families
from exporters.toolkit.text_family import TextFamily

_KSM = {
    "pages_shared": "Shared pages that same-page merging keeps",
    "pages_sharing": "Pages that same-page merging saves",
    "pages_unshared": "Pages same-page merging checks in vain",
    "pages_volatile": "Pages that change too fast for same-page merging",
    "run": "Whether same-page merging runs (0 no, 1 yes, 2 stopped and being undone)",
    "general_profit_bytes": "Memory same-page merging saves, its own cost deducted",
}


def software_families(hypervisor: str, software: Software) -> tuple[TextFamily, ...]:
    """``hypervisor_info``."""
    families = Families(hypervisor)
    families.gauge(
        "info",
        "The software a hypervisor runs and the cluster it belongs to; always 1.",
        1,
        {
            "backend": software.backend,
            "cluster": software.cluster,
            "daemon_version": software.daemon,
            "library_version": software.library,
            "hypervisor_version": software.hypervisor,
        },
    )
    return families.rendered()


def reserved_families(hypervisor: str, reserved: int | None) -> tuple[TextFamily, ...]:
    """The memory the site keeps back from guests, as its configuration says."""
    families = Families(hypervisor)
    families.gauge(
        "host_memory_reserved_bytes",
        "Memory of the host that guests must leave alone (configuration, memory_reserved).",
        reserved,
    )
    return families.rendered()


def host_families(hypervisor: str, host: HostCapacity) -> tuple[TextFamily, ...]:
    """``hypervisor_host_*``."""
    families = Families(hypervisor)
    families.gauge("host_cpus", "Logical processors online on the host.", host.cpus)
    families.gauge("host_memory_bytes", "Memory of the host.", host.memory)
    families.gauge(
        "host_memory_available_bytes",
        "Memory of the host one can use without swapping; huge pages count as used.",
        host.available,
    )
    for minutes, load in zip((1, 5, 15), host.load or (), strict=False):
        families.gauge(f"host_load{minutes}", f"Load average of the host over {minutes} min.", load)
    _pressure(families, host)
    _numa(families, host)
    for name, text in _KSM.items():
        families.gauge(f"host_ksm_{name}", f"{text} (/sys/kernel/mm/ksm).", host.ksm.get(name))
    return families.rendered()


def _pressure(families: Families, host: HostCapacity) -> None:
    for resource, (waiting, stalled) in host.pressure.items():
        here = {"resource": resource}
        families.counter(
            "host_pressure_waiting_seconds",
            "Time in which some tasks of the host waited for a resource (/proc/pressure some).",
            waiting,
            here,
        )
        families.counter(
            "host_pressure_stalled_seconds",
            "Time in which all tasks of the host waited for a resource (/proc/pressure full).",
            stalled,
            here,
        )


def _numa(families: Families, host: HostCapacity) -> None:
    for cell in host.numa:
        here = {"cell": str(cell.cell)}
        families.gauge("host_numa_memory_bytes", "Memory of a NUMA cell.", cell.memory, here)
        families.gauge(
            "host_numa_memory_free_bytes", "Free memory of a NUMA cell.", cell.free, here
        )
    for pages in host.huge_pages:
        where = {"cell": str(pages.cell), "size": str(pages.size)}
        families.gauge(
            "host_hugepages", "Huge pages of a NUMA cell; size in bytes.", pages.total, where
        )
        families.gauge(
            "host_hugepages_free",
            "Huge pages of a NUMA cell that nobody uses; size in bytes.",
            pages.free,
            where,
        )
