"""Which volumes nobody refers to. Pure."""

from __future__ import annotations

from collections.abc import Container, Iterable

from exporters.hypervisor.libvirtd.references import References, follow
from exporters.hypervisor.libvirtd.volumes import Volume

GUESTS_ONLY = frozenset(["dir", "fs", "logical", "zfs"])
SHARED = frozenset(["netfs", "rbd", "gluster", "sheepdog", "vstorage"])
"""Kinds of pools whose volumes are judged: of one host, and of all hosts that mount them.
The volumes of others (disk, iscsi, scsi, mpath) are partitions and devices that the host
itself may use: none of them is called an orphan."""


def orphans(
    pools: Iterable[str],
    volumes: Iterable[Volume],
    references: References,
    host_devices: Container[str] = frozenset(),
) -> dict[str, list[Volume]]:
    """Pool -> its orphans, for these pools; `volumes` are those of all pools.

    What two pools show (one folder, two names) is in use when one of them says so, and is an
    orphan of the first pool by name only. What the host itself mounts or swaps to is none.
    """
    kept = sorted(volumes, key=lambda volume: (volume.pool, volume.name))
    for volume in kept:
        if (volume.pool, volume.name) in references.volumes:
            references.words.add(volume.path)
    follow(references, ((volume.path, volume.backing) for volume in kept if volume.backing))
    found: dict[str, list[Volume]] = {pool: [] for pool in pools}
    seen: set[str] = set()
    for volume in kept:
        used = volume.path in references.words or volume.path in host_devices
        if volume.pool not in found or used or not volume.disk or volume.path in seen:
            continue
        seen.add(volume.path)
        found[volume.pool].append(volume)
    return found
