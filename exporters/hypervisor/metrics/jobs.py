"""Jobs and disks in error -> families. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any, Protocol

from exporters.hypervisor.metrics.build import Families
from exporters.toolkit.text_family import TextFamily

OPERATIONS = {
    0: "unknown",
    1: "start",
    2: "save",
    3: "restore",
    4: "migration_in",
    5: "migration_out",
    6: "snapshot",
    7: "snapshot_revert",
    8: "dump",
    9: "backup",
    10: "snapshot_delete",
}
"""``virDomainJobOperation`` as words."""

DISK_ERRORS = {1: "unspecified", 2: "no_space"}
"""``virDomainDiskErrorCode`` as words."""

_MS = 1000
FIELDS: tuple[tuple[str, str, float, str], ...] = (
    ("time_elapsed", "elapsed_seconds", _MS, "Time since the job began"),
    ("time_remaining", "remaining_seconds", _MS, "Time the job will still take"),
    ("setup_time", "setup_seconds", _MS, "Time the migration took to begin"),
    ("downtime", "downtime_seconds", _MS, "Expected pause of the guest at the end of the job"),
    ("data_total", "data_total_bytes", 1, "Data the job must move"),
    ("data_processed", "data_processed_bytes", 1, "Data the job has moved"),
    ("data_remaining", "data_remaining_bytes", 1, "Data the job must still move"),
    ("memory_total", "memory_total_bytes", 1, "Memory the job must move"),
    ("memory_processed", "memory_processed_bytes", 1, "Memory the job has moved"),
    ("memory_remaining", "memory_remaining_bytes", 1, "Memory the job must still move"),
    ("memory_bps", "memory_bytes_per_second", 1, "Speed at which the job moves memory"),
    ("memory_iteration", "iteration", 1, "How many times the job has gone over the memory"),
    ("auto_converge_throttle", "throttle_ratio", 100, "How much the job slows the guest down"),
    ("disk_total", "disk_total_bytes", 1, "Disk content the job must move"),
    ("disk_processed", "disk_processed_bytes", 1, "Disk content the job has moved"),
    ("disk_remaining", "disk_remaining_bytes", 1, "Disk content the job must still move"),
    ("disk_bps", "disk_bytes_per_second", 1, "Speed at which the job moves disk content"),
)
"""Field of ``virDomainGetJobStats``, metric, divisor, meaning."""


class Busy(Protocol):
    """See `exporters.hypervisor.libvirtd.jobs.Busy`."""

    @property
    def name(self) -> str:
        """The domain."""
        ...

    @property
    def job(self) -> Mapping[str, Any]:
        """libvirt's fields of its job, empty when it has none."""
        ...

    @property
    def errors(self) -> Mapping[str, int]:
        """Error code by device."""
        ...


def families(hypervisor: str, busy: Iterable[Busy]) -> tuple[TextFamily, ...]:
    """A field libvirt leaves out has no series."""
    told = Families(hypervisor)
    for one in busy:
        here = {"domain": one.name}
        if one.job:
            number = one.job.get("operation", 0)
            told.gauge(
                "domain_job_active",
                "A job that runs on a domain (libvirt jobStats); always 1.",
                1,
                {**here, "operation": OPERATIONS.get(number, f"operation_{number}")},
            )
        for field, metric, divisor, text in FIELDS:
            value = one.job.get(field)
            told.gauge(
                f"domain_job_{metric}",
                f"{text} (libvirt jobStats {field}); only while it runs.",
                None if value is None else value / divisor,
                here,
            )
        pages, size = one.job.get("memory_dirty_rate"), one.job.get("memory_page_size")
        told.gauge(
            "domain_job_dirty_rate_bytes_per_second",
            "Memory the guest rewrites while it migrates (libvirt jobStats memory_dirty_rate).",
            pages * size if pages is not None and size else None,
            here,
        )
        for device, code in one.errors.items():
            told.gauge(
                "domain_block_error",
                "An error that holds a disk of a paused guest (libvirt diskErrors); always 1.",
                1,
                {**here, "device": device, "error": DISK_ERRORS.get(code, f"error_{code}")},
            )
    return told.rendered()
