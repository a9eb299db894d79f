"""What a hypervisor holds beside its guests: snapshots, pools, networks, its own capacity.

Neutral between back ends, like `model`. None: not known, no series. Sizes in bytes, instants
in Unix seconds.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field


@dataclass(frozen=True, slots=True)
class DomainSnapshots:
    """When the snapshots and the checkpoints of one domain were made. None: not known."""

    domain: str
    snapshots: tuple[float, ...] | None = None
    checkpoints: tuple[float, ...] | None = None


@dataclass(frozen=True, slots=True)
class Pool:
    """One storage pool. Its sizes are None while it is not active.

    `kind` is libvirt's type (dir, logical, rbd…), `state` one of `metrics.storage.STATES`.
    `provisioned` is the space its volumes would take if guests filled them all; `orphans`
    counts those that nobody refers to; both are None where not all could be read. `media` counts
    installation images. `skipped` volumes were not looked at. `source` is who told the sizes:
    the kernel (``statvfs``) or the back end; "" without sizes. `reachable` is False while its
    folder hangs, None where nobody looked.
    """

    name: str
    kind: str
    state: str
    autostart: bool | None = None
    capacity: int | None = None
    allocation: int | None = None
    available: int | None = None
    volumes: int | None = None
    provisioned: int | None = None
    media: int | None = None
    orphans: int | None = None
    orphan_bytes: int | None = None
    skipped: int | None = None
    source: str = ""
    reachable: bool | None = None


@dataclass(frozen=True, slots=True)
class Network:
    """One virtual network. `forward` is libvirt's mode (nat, route, bridge…) or ``isolated``.

    `carrier` is whether its bridge has a link, None where the hypervisor is not this machine.
    """

    name: str
    active: bool
    autostart: bool | None = None
    bridge: str = ""
    forward: str = ""
    leases: int | None = None
    carrier: bool | None = None


@dataclass(frozen=True, slots=True)
class CertificateFile:
    """One PEM file. `not_after` holds the end of each certificate in it, in order.

    `fault` says why it could not be read; then `not_after` is what was found before.
    """

    path: str
    not_after: tuple[float, ...] = ()
    fault: str = ""


@dataclass(frozen=True, slots=True)
class HugePages:
    """Huge pages of one size (bytes) in one NUMA cell: how many, how many of them free."""

    cell: int
    size: int
    total: int
    free: int | None = None


@dataclass(frozen=True, slots=True)
class NumaCell:
    """The memory of one NUMA cell."""

    cell: int
    memory: int
    free: int | None = None


@dataclass(frozen=True, slots=True)
class HostCapacity:
    """The machine the guests run on.

    `pressure` is resource -> (waiting, stalled) seconds, in all, since it started
    (/proc/pressure: some, full). `ksm` is name -> value of what the kernel tells of
    same-page merging.
    """

    cpus: int | None = None
    memory: int | None = None
    available: int | None = None
    load: tuple[float, float, float] | None = None
    pressure: Mapping[str, tuple[float | None, float | None]] = field(default_factory=dict)
    ksm: Mapping[str, int] = field(default_factory=dict)
    numa: tuple[NumaCell, ...] = ()
    huge_pages: tuple[HugePages, ...] = ()


@dataclass(frozen=True, slots=True)
class Software:
    """Who answers. Versions as ``9.0.0``, "" where not known."""

    backend: str
    cluster: str = ""
    daemon: str = ""
    library: str = ""
    hypervisor: str = ""


@dataclass(frozen=True, slots=True)
class FileSystem:
    """One file system inside a guest, as its agent tells. Sizes in bytes."""

    mountpoint: str
    type: str
    size: int | None = None
    used: int | None = None


@dataclass(frozen=True, slots=True)
class AgentAnswer:
    """What one guest's agent said. `dropped` file systems were left out: too many, or no
    fit label."""

    domain: str
    responsive: bool
    file_systems: tuple[FileSystem, ...] = ()
    dropped: int = 0
