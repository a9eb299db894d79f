"""A node's storages, snapshots, certificates and its own capacity -> neutral facts. Pure.

Shapes: PVE::API2::Storage::Status and ::Content, ``/snapshot``, PVE::API2::Certificates,
``/nodes/{node}/status`` (PVE::API2::Nodes), ``/version``.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from exporters.hypervisor.holdings import (
    CertificateFile,
    DomainSnapshots,
    HostCapacity,
    Pool,
    Software,
)
from exporters.hypervisor.proxmox.values import flag, number, text, whole

Row = Mapping[str, Any]
GUEST_CONTENT = ("images", "rootdir")


def holds_guests(storage: Row) -> bool:
    """Whether guests' disks may lie on a storage that answers now."""
    kinds = text(storage, "content").split(",")
    return flag(storage, "active") and any(kind in GUEST_CONTENT for kind in kinds)


def pool(storage: Row, content: Iterable[Row] | None, limit: int) -> Pool | None:
    """A storage as a pool. `content` is what lies on it, None where that is not known.

    Volumes beyond `limit` are not looked at. A volume that is named after no guest, or after one
    that the node does not have, is not called an orphan: it may be another node's.
    """
    name = text(storage, "storage")
    if not name:
        return None
    active = flag(storage, "active")
    volumes = media = provisioned = skipped = None
    if content is not None:
        rows = list(content)
        skipped = max(0, len(rows) - limit)
        disks = [row for row in rows[:limit] if row.get("content") in GUEST_CONTENT]
        volumes = len(rows)
        media = sum(row.get("content") == "iso" for row in rows[:limit])
        sizes = [whole(row, "size") for row in disks]
        if not skipped and None not in sizes:
            provisioned = sum(found for found in sizes if found is not None)
    return Pool(
        name=name,
        kind=text(storage, "type"),
        state="running" if active else "inactive",
        capacity=whole(storage, "total") if active else None,
        allocation=whole(storage, "used") if active else None,
        available=whole(storage, "avail") if active else None,
        volumes=volumes,
        provisioned=provisioned,
        media=media,
        skipped=skipped,
        source="proxmox" if active else "",
    )


def snapshots(domain: str, rows: Iterable[Row]) -> DomainSnapshots:
    """When the snapshots of a guest were made; ``current`` is the guest itself."""
    times = [whole(row, "snaptime") for row in rows if row.get("name") != "current"]
    return DomainSnapshots(domain, tuple(float(found) for found in times if found))


def certificates(rows: Iterable[Row]) -> list[CertificateFile]:
    """The end of each certificate of the node."""
    found = []
    for row in rows:
        name, end = text(row, "filename"), whole(row, "notafter")
        if name and end is not None:
            found.append(CertificateFile(name, (float(end),)))
    return found


def capacity(status: Row) -> HostCapacity:
    """The node's processors, memory and load."""
    memory, processors = _inner(status, "memory"), _inner(status, "cpuinfo")
    return HostCapacity(
        cpus=whole(processors, "cpus"),
        memory=whole(memory, "total"),
        # Since Proxmox VE 9. What is "free" leaves out what the kernel would give back.
        available=whole(memory, "available"),
        load=_load(status.get("loadavg")),
    )


def _inner(row: Row, key: str) -> Row:
    value = row.get(key)
    return value if isinstance(value, dict) else {}


def _load(value: Any) -> tuple[float, float, float] | None:
    if not isinstance(value, list) or len(value) != 3:
        return None
    one, five, fifteen = (number({"load": load}, "load") for load in value)
    if one is None or five is None or fifteen is None:
        return None
    return one, five, fifteen


def software(version: Row, cluster: str) -> Software:
    """The versions of the node's Proxmox VE."""
    return Software("proxmox", cluster, daemon=text(version, "version"))
