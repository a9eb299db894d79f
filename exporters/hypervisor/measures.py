"""What each field of libvirt's domain statistics becomes: one row a metric.

Field names, units and meaning are those of ``virConnectGetAllDomainStats`` in the
libvirt API reference. Prefixes (``vcpu.3.``, ``block.0.``, ``net.1.``) are added by
the reader. CPU and disk times are nanoseconds there, balloon sizes kibibytes, block
and network sizes bytes; here everything is seconds and bytes.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

# How many of libvirt's units make one of ours; division keeps the decimals clean.
NANOSECOND = 1e9
KIBIBYTE = 1 / 1024
MEBIBYTE = 1 / 1024**2


@dataclass(frozen=True, slots=True)
class Measure:
    """One field and the metric it feeds.

    `always` fields describe the configuration and are kept for a guest that does not
    run; all others belong to a running process. `when_off` names the field that says the
    same of a guest that does not run, where libvirt uses another. `driver` fields are
    only true when the guest's balloon driver has reported at least once, `schedstats`
    fields when the host's kernel keeps scheduler statistics.
    """

    field: str
    metric: str
    help: str
    kind: Literal["gauge", "counter"] = "counter"
    divisor: float = 1
    always: bool = False
    when_off: str = ""
    driver: bool = False
    schedstats: bool = False


_P = "hypervisor_domain_"

GUEST = (
    Measure(
        "cpu.time",
        _P + "cpu_seconds",
        "CPU time the guest has used since it started (libvirt cpu.time).",
        divisor=NANOSECOND,
    ),
    Measure(
        "cpu.user",
        _P + "cpu_user_seconds",
        "CPU time the guest's process has spent in user mode (libvirt cpu.user).",
        divisor=NANOSECOND,
    ),
    Measure(
        "cpu.system",
        _P + "cpu_system_seconds",
        "CPU time the host's kernel has spent for the guest's process (libvirt cpu.system).",
        divisor=NANOSECOND,
    ),
    Measure(
        "balloon.current",
        _P + "memory_bytes",
        "Memory the running guest holds now (libvirt balloon.current).",
        "gauge",
        KIBIBYTE,
    ),
    Measure(
        "balloon.maximum",
        _P + "memory_configured_bytes",
        "Memory the guest is configured to have, running or not (libvirt balloon.maximum).",
        "gauge",
        KIBIBYTE,
        always=True,
    ),
    Measure(
        "balloon.rss",
        _P + "memory_resident_bytes",
        "Host memory the guest's process occupies (libvirt balloon.rss).",
        "gauge",
        KIBIBYTE,
    ),
    Measure(
        "balloon.usable",
        _P + "memory_usable_bytes",
        "Memory the guest could use without swapping, as its driver says (libvirt balloon.usable).",
        "gauge",
        KIBIBYTE,
        driver=True,
    ),
    Measure(
        "balloon.unused",
        _P + "memory_unused_bytes",
        "Memory the guest leaves unused, as its driver says (libvirt balloon.unused).",
        "gauge",
        KIBIBYTE,
        driver=True,
    ),
    Measure(
        "balloon.available",
        _P + "memory_available_bytes",
        "Memory the guest's kernel manages, as its driver says (libvirt balloon.available).",
        "gauge",
        KIBIBYTE,
        driver=True,
    ),
    Measure(
        "balloon.disk_caches",
        _P + "memory_disk_caches_bytes",
        "Memory the guest could give back at once, as its driver says"
        " (libvirt balloon.disk_caches).",
        "gauge",
        KIBIBYTE,
        driver=True,
    ),
    Measure(
        "balloon.major_fault",
        _P + "major_faults",
        "Page faults of the guest that read its disk (libvirt balloon.major_fault).",
        driver=True,
    ),
    Measure(
        "balloon.minor_fault",
        _P + "minor_faults",
        "Page faults of the guest that did not (libvirt balloon.minor_fault).",
        driver=True,
    ),
    Measure(
        "balloon.last-update",
        _P + "balloon_last_update_timestamp_seconds",
        "When the guest's balloon driver last reported (libvirt balloon.last-update).",
        "gauge",
        driver=True,
    ),
    Measure(
        "balloon.swap_in",
        _P + "swap_in_bytes",
        "Memory the guest read back from its swap (libvirt balloon.swap_in).",
        divisor=KIBIBYTE,
        driver=True,
    ),
    Measure(
        "balloon.swap_out",
        _P + "swap_out_bytes",
        "Memory the guest wrote out to its swap (libvirt balloon.swap_out).",
        divisor=KIBIBYTE,
        driver=True,
    ),
    Measure(
        "vcpu.current",
        _P + "vcpus",
        "Virtual processors the running guest has (libvirt vcpu.current).",
        "gauge",
    ),
    Measure(
        "vcpu.maximum",
        _P + "vcpus_configured",
        "Virtual processors the guest is configured to have (libvirt vcpu.maximum).",
        "gauge",
        always=True,
    ),
    Measure(
        "iothread.count",
        _P + "iothreads",
        "I/O threads of the guest's process (libvirt iothread.count).",
        "gauge",
    ),
    Measure(
        "dirtyrate.megabytes_per_second",
        _P + "dirty_rate_bytes_per_second",
        "Memory the guest wrote to during the last measurement somebody had made"
        " (libvirt dirtyrate.megabytes_per_second).",
        "gauge",
        MEBIBYTE,
    ),
)

VCPU = (
    Measure(
        "time",
        _P + "vcpu_seconds",
        "CPU time of one virtual processor (libvirt vcpu.N.time).",
        divisor=NANOSECOND,
    ),
    Measure(
        "delay",
        _P + "vcpu_delay_seconds",
        "Time a virtual processor was ready and waited for a real one, also called steal"
        " (libvirt vcpu.N.delay).",
        divisor=NANOSECOND,
    ),
    Measure(
        "wait",
        _P + "vcpu_wait_seconds",
        "Time a virtual processor waited for input or output (libvirt vcpu.N.wait).",
        divisor=NANOSECOND,
        schedstats=True,
    ),
)


def _block(field: str, name: str, text: str, divisor: float = 1) -> Measure:
    return Measure(
        field, f"{_P}block_{name}", f"{text} (libvirt block.N.{field}).", divisor=divisor
    )


BLOCK = (
    _block("rd.reqs", "reads", "Read requests of a disk"),
    _block("rd.bytes", "read_bytes", "Bytes read from a disk"),
    _block("rd.times", "read_seconds", "Time spent in read requests of a disk", NANOSECOND),
    _block("wr.reqs", "writes", "Write requests of a disk"),
    _block("wr.bytes", "written_bytes", "Bytes written to a disk"),
    _block("wr.times", "write_seconds", "Time spent in write requests of a disk", NANOSECOND),
    _block("fl.reqs", "flushes", "Flush requests of a disk"),
    _block("fl.times", "flush_seconds", "Time spent in flush requests of a disk", NANOSECOND),
    Measure(
        "capacity",
        _P + "block_capacity_bytes",
        "Size of a disk as the guest sees it (libvirt block.N.capacity).",
        "gauge",
        always=True,
    ),
    Measure(
        "allocation",
        _P + "block_allocation_bytes",
        "Highest byte written to a disk's image since the guest started"
        " (libvirt block.N.allocation).",
        "gauge",
    ),
    Measure(
        "physical",
        _P + "block_physical_bytes",
        "Space a disk's image takes on the host (libvirt block.N.physical, and"
        " block.N.allocation for a guest that does not run).",
        "gauge",
        when_off="allocation",
    ),
)


def _net(field: str, name: str, text: str) -> Measure:
    return Measure(field, f"{_P}network_{name}", f"{text} (libvirt net.N.{field}).")


NET = (
    _net("rx.bytes", "receive_bytes", "Bytes received on an interface"),
    _net("rx.pkts", "receive_packets", "Packets received on an interface"),
    _net("rx.errs", "receive_errors", "Receive errors of an interface"),
    _net("rx.drop", "receive_drops", "Received packets dropped by an interface"),
    _net("tx.bytes", "transmit_bytes", "Bytes sent on an interface"),
    _net("tx.pkts", "transmit_packets", "Packets sent on an interface"),
    _net("tx.errs", "transmit_errors", "Transmit errors of an interface"),
    _net("tx.drop", "transmit_drops", "Packets to send dropped by an interface"),
)

PERF = Measure(
    "",
    _P + "perf_events",
    "Events the host's processor counted for the guest (libvirt perf.EVENT).",
)
MEMORY_BANDWIDTH = Measure(
    "",
    _P + "memory_bandwidth_bytes",
    "Memory traffic of the guest, by NUMA cell, as resctrl counts it"
    " (libvirt memory.bandwidth.monitor.N.node.M.bytes).",
)
