"""The metric names of three other libvirt exporters, and which of libvirt's fields feeds each.

Names, units and labels are those of libvirt_exporter 0.2.0 (kumina; Debian's
``prometheus-libvirt-exporter``), libvirt-exporter 2.3.3 (Tinkoff) and
prometheus-libvirt-exporter 2.5.0 (inovex). Where they disagree, and what is served then, is
in ``docs/reference/collectors/hypervisor-migration.md``.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Literal

from exporters.hypervisor.measures import KIBIBYTE, NANOSECOND
from exporters.toolkit.text_family import Kind

When = Literal["always", "active", "driver", "schedstats"]


@dataclass(frozen=True, slots=True)
class Row:
    """One field and the family it feeds; `family` is without ``libvirt_`` and ``_total``.

    `when`: whatever the guest's state; only while it runs; only once its balloon driver has
    reported; only where the kernel counts it.
    """

    family: str
    field: str
    help: str
    kind: Kind = "gauge"
    divisor: float = 1
    when: When = "active"


def _counter(family: str, field: str, text: str, divisor: float = 1, when: When = "active") -> Row:
    return Row(family, field, text, "counter", divisor, when)


_INFO, _MEMORY = "domain_info_", "domain_memory_stats_"

GUEST = (
    Row("domain_state_code", "state.state", "State (virDomainState).", when="always"),
    Row(_INFO + "vstate", "state.state", "State (virDomainState).", when="always"),
    Row(
        _INFO + "maximum_memory_bytes",
        "balloon.maximum",
        "Memory the domain may have.",
        divisor=KIBIBYTE,
        when="always",
    ),
    Row(
        _INFO + "memory_usage_bytes",
        "balloon.current",
        "Memory the running domain holds.",
        divisor=KIBIBYTE,
    ),
    Row(_INFO + "virtual_cpus", "vcpu.current", "Virtual processors.", when="always"),
    _counter(_INFO + "cpu_time_seconds", "cpu.time", "CPU time used.", NANOSECOND),
    Row(_MEMORY + "actual_balloon_bytes", "balloon.current", "Balloon now.", divisor=KIBIBYTE),
    Row(_MEMORY + "current_balloon_bytes", "balloon.current", "Balloon now.", divisor=KIBIBYTE),
    Row(_MEMORY + "maximum_bytes", "balloon.maximum", "Balloon at most.", divisor=KIBIBYTE),
    Row(_MEMORY + "rss_bytes", "balloon.rss", "Memory of the process.", divisor=KIBIBYTE),
    *(
        Row(_MEMORY + family, field, text, divisor=KIBIBYTE, when="driver")
        for family, field, text in (
            ("swap_in_bytes", "balloon.swap_in", "Read back from the guest's swap."),
            ("swap_out_bytes", "balloon.swap_out", "Written to the guest's swap."),
            ("unused_bytes", "balloon.unused", "Memory the guest leaves unused."),
            ("available_bytes", "balloon.available", "Memory the guest sees."),
            ("usable_bytes", "balloon.usable", "Memory usable without swapping."),
            ("disk_cache_bytes", "balloon.disk_caches", "Reclaimable caches."),
            ("disk_caches_bytes", "balloon.disk_caches", "Reclaimable caches."),
        )
    ),
    Row(
        _MEMORY + "last_update_timestamp_seconds",
        "balloon.last-update",
        "When the balloon driver reported last.",
        when="driver",
    ),
    *(
        _counter(_MEMORY + family, field, text, when="driver")
        for family, field, text in (
            ("major_fault", "balloon.major_fault", "Page faults that read from disk."),
            ("minor_fault", "balloon.minor_fault", "Other page faults."),
            ("hugetlb_pgalloc", "balloon.hugetlb_pgalloc", "Huge pages allocated."),
            ("hugetlb_pgfail", "balloon.hugetlb_pgfail", "Huge pages refused."),
        )
    ),
    Row("domain_vcpu_current", "vcpu.current", "Virtual processors now."),
    Row("domain_vcpu_maximum", "vcpu.maximum", "Virtual processors at most."),
)
"""Labels: domain, uuid."""

VCPU = (
    Row("domain_vcpu_state", "state", "State of a virtual processor (virVcpuState)."),
    _counter("domain_vcpu_time_seconds", "time", "CPU time.", NANOSECOND),
    _counter("domain_vcpu_delay_seconds", "delay", "Time ready but waiting.", NANOSECOND),
    _counter("domain_vcpu_wait_seconds", "wait", "Time waiting.", NANOSECOND, "schedstats"),
)
"""Labels: domain, uuid, vcpu."""

_BLOCK = "domain_block_stats_"
BLOCK = (
    _counter(_BLOCK + "read_bytes", "rd.bytes", "Bytes read."),
    _counter(_BLOCK + "read_requests", "rd.reqs", "Read requests."),
    _counter(_BLOCK + "read_time_seconds", "rd.times", "Time in reads.", NANOSECOND),
    _counter(_BLOCK + "write_bytes", "wr.bytes", "Bytes written."),
    _counter(_BLOCK + "write_requests", "wr.reqs", "Write requests."),
    _counter(_BLOCK + "write_time_seconds", "wr.times", "Time in writes.", NANOSECOND),
    _counter(_BLOCK + "flush_requests", "fl.reqs", "Flush requests."),
    _counter(_BLOCK + "flush_time_seconds", "fl.times", "Time in flushes.", NANOSECOND),
    Row(_BLOCK + "allocation", "allocation", "Highest byte written.", when="always"),
    Row(_BLOCK + "capacity_bytes", "capacity", "Size the guest sees.", when="always"),
    Row(_BLOCK + "physicalsize_bytes", "physical", "Size of the image.", when="always"),
)
"""Labels: domain, uuid, source_file, target_device."""

_NET = "domain_interface_stats_"
INTERFACE = tuple(
    _counter(f"{_NET}{way}_{what}", f"{short}.{field}", f"{what.capitalize()} {way}.")
    for way, short in (("receive", "rx"), ("transmit", "tx"))
    for what, field in (
        ("bytes", "bytes"),
        ("packets", "pkts"),
        ("errors", "errs"),
        ("drops", "drop"),
    )
)
"""Labels: domain, uuid, source_bridge, target_device."""


@dataclass(frozen=True, slots=True)
class Described:
    """A family made from what changes seldom; always 1, but for those with a `help` that says
    otherwise."""

    family: str
    help: str


UP = Described("up", "Whether libvirt could be read.")
DOMAINS_NUMBER = Described("domains_number", "Domains that run.")
DOMAINS = Described("domains", "Domains, whatever their state.")
STATE = Described(_INFO + "state", "State (virDomainState), in words as a label.")
META = Described(_INFO + "meta", "A domain and its uuid; always 1.")
INFO = Described("domain_info", "A domain's machine; always 1.")
TIMED_OUT = Described("domain_timed_out", "Whether the domain did not answer in time.")
USED_PERCENT = Described(_MEMORY + "used_percent", "Memory used inside, in percent.")
BLOCK_META = Described("domain_block_meta", "A disk; always 1.")
BLOCK_INFO = Described(_BLOCK + "info", "A disk; always 1.")
NET_META = Described("domain_interface_meta", "An interface on a bridge; always 1.")
NET_INFO = Described(_NET + "info", "An interface; always 1.")

DESCRIBED = (
    UP,
    DOMAINS_NUMBER,
    DOMAINS,
    STATE,
    META,
    INFO,
    TIMED_OUT,
    USED_PERCENT,
    BLOCK_META,
    BLOCK_INFO,
    NET_META,
    NET_INFO,
)

STATE_DESCRIPTIONS = (
    "no state",
    "the domain is running",
    "the domain is blocked on resource",
    "the domain is paused by user",
    "the domain is being shut down",
    "the domain is shut off",
    "the domain is crashed",
    "the domain is suspended by guest power management",
)
"""The words inovex's exporter gives a virDomainState; its dashboards match on them."""


@dataclass(frozen=True, slots=True)
class Translation:
    """One of our families, rendered by a lane, and theirs made of it.

    `labels` is our label -> theirs; a label that is not in it is dropped; only samples with all
    of `where` are taken. `value` says what a sample becomes, None for none.
    """

    ours: str
    theirs: str
    help: str
    labels: dict[str, str]
    where: tuple[tuple[str, str], ...] = ()
    value: Callable[[float, dict[str, str]], float | None] = lambda value, _: value


_POOL_STATES = ("inactive", "building", "running", "degraded", "inaccessible")
_DOMAIN = {"domain": "domain"}


def _pool_state(_: float, labels: dict[str, str]) -> float | None:
    state = labels.get("state", "")
    return float(_POOL_STATES.index(state)) if state in _POOL_STATES else None


def _limits() -> list[Translation]:
    found = []
    labels = {"domain": "domain", "device": "target_device"}
    for unit, ours in (("bytes", "bytes_per_second"), ("requests", "requests_per_second")):
        for direction in ("total", "write", "read"):
            for burst, infix in (("no", ""), ("yes", "burst_")):
                found.append(
                    Translation(
                        f"hypervisor_domain_block_limit_{ours}",
                        f"{_BLOCK}limit_{infix}{direction}_{unit}",
                        f"Limit of a disk in {unit} per second, where one is set.",
                        labels,
                        (("direction", direction), ("burst", burst)),
                    )
                )
    return found


TRANSLATIONS = (
    *(
        Translation(f"hypervisor_pool_{size}_bytes", f"{theirs}{size}_bytes", text, {"pool": label})
        for size in ("capacity", "allocation", "available")
        for theirs, label, text in (
            ("pool_info_", "pool", f"{size.capitalize()} of a pool."),
            ("storage_pool_", "storage_pool", f"{size.capitalize()} of a pool."),
        )
    ),
    Translation(
        "hypervisor_pool_state",
        "storage_pool_state",
        "State of a pool (virStoragePoolState).",
        {"pool": "storage_pool"},
        value=_pool_state,
    ),
    Translation(
        "hypervisor_info",
        "versions_info",
        "Versions in use; always 1.",
        {
            "hypervisor_version": "hypervisor_running",
            "daemon_version": "libvirtd_running",
            "library_version": "libvirt_library",
        },
    ),
    *_limits(),
    *(
        Translation(f"hypervisor_domain_job_{ours}", f"domain_job_info_{theirs}", text, _DOMAIN)
        for ours, theirs, text in (
            ("elapsed_seconds", "time_elapsed_seconds", "Time a job has run."),
            ("remaining_seconds", "time_remaining_seconds", "Time a job will still take."),
            ("data_total_bytes", "data_total_bytes", "Data a job has to move."),
            ("data_processed_bytes", "data_processed_bytes", "Data a job has moved."),
            ("data_remaining_bytes", "data_remaining_bytes", "Data a job has yet to move."),
            ("memory_total_bytes", "memory_total_bytes", "Memory a job has to move."),
            ("memory_processed_bytes", "memory_processed_bytes", "Memory a job has moved."),
            ("memory_remaining_bytes", "memory_remaining_bytes", "Memory yet to move."),
            ("disk_total_bytes", "file_total_bytes", "Disk content a job has to move."),
            ("disk_processed_bytes", "file_processed_bytes", "Disk content a job has moved."),
            ("disk_remaining_bytes", "file_remaining_bytes", "Disk content yet to move."),
        )
    ),
)


def families() -> frozenset[str]:
    """Every name that can be served, as it stands in a query."""
    rows = (*GUEST, *VCPU, *BLOCK, *INTERFACE)
    return frozenset(
        [
            *(f"libvirt_{row.family}{'_total' if row.kind == 'counter' else ''}" for row in rows),
            *(f"libvirt_{described.family}" for described in DESCRIBED),
            *(f"libvirt_{translation.theirs}" for translation in TRANSLATIONS),
        ]
    )
