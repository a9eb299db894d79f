"""The storage pools of a hypervisor and what is in them.

libvirt tells what a pool's last refresh saw. A refresh needs a read-write connection and
reads every file; the exporter asks for none. How full a folder of this machine is the kernel
tells; and libvirt looks at each volume it knows when asked for it.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from typing import Any
from xml.etree import ElementTree as ET

import libvirt

from exporters.hypervisor.holdings import Pool
from exporters.hypervisor.libvirtd.folders import Folders
from exporters.hypervisor.libvirtd.host_mounts import HostMounts
from exporters.hypervisor.libvirtd.orphans import GUESTS_ONLY, SHARED, orphans
from exporters.hypervisor.libvirtd.references import References
from exporters.hypervisor.libvirtd.volumes import Volume, volume_from
from exporters.hypervisor.libvirtd.xml_tree import tree_of
from exporters.hypervisor.metrics.storage import STATES

FOLDERS = frozenset(["dir", "fs", "netfs"])
"""libvirt's pool types whose sizes are those of the file system their target is on."""


@dataclass(frozen=True)
class StorageView:
    """How a hypervisor's storage is looked at.

    `limit` volumes in all are looked at, those of small pools first. `alone` says that no
    other hypervisor uses shared pools: only then are their volumes judged. `folders` looks at
    folders of this machine; None: the hypervisor is another one.
    """

    canonical: Callable[[str], str]
    limit: int
    alone: bool = True
    mounts: HostMounts = field(default_factory=HostMounts)
    folders: Folders | None = None


@dataclass
class OpenPool:
    """A pool under way: what is known of it, and its volumes.

    `folder` is the path of its target, "" without one. `listed` are libvirt's objects;
    `unreadable` are (name, canonical path) of those libvirt no longer finds, as when a file
    went behind its back.
    """

    pool: Pool
    shared: bool = False
    listed: list[Any] = field(default_factory=list)
    volumes: list[Volume] = field(default_factory=list)
    unreadable: list[tuple[str, str]] = field(default_factory=list)
    folder: str = ""

    @property
    def skipped(self) -> int:
        """How many the limit left out."""
        return len(self.listed) - len(self.volumes) - len(self.unreadable)


def open_pools(connection: Any, view: StorageView) -> list[OpenPool]:
    """All pools with their volumes, unjudged. Raise libvirt.libvirtError."""
    opened = [one for pool in connection.listAllStoragePools() if (one := _open(pool)) is not None]
    _look_at_folders(opened, view)
    left = view.limit
    for one in sorted(opened, key=lambda one: (len(one.listed), one.pool.name)):
        if one.pool.reachable is False:
            continue  # libvirtd would hang at the first volume, and hold the pool for everybody
        looked_at = one.listed[:left]
        left -= len(looked_at)
        for volume in looked_at:
            try:
                one.volumes.append(volume_from(one.pool.name, volume.XMLDesc(), view.canonical))
            except (libvirt.libvirtError, ET.ParseError):
                one.unreadable.append((volume.name(), view.canonical(volume.key())))
    return opened


def judged(
    opened: Sequence[OpenPool], references: References | None, view: StorageView
) -> list[Pool]:
    """The pools with their sums, and with their orphans where these can be told.

    They can when all volumes were looked at and everything in use could be followed down.
    """
    found: dict[str, list[Volume]] = {}
    if references is not None and not any(one.skipped for one in opened):
        found = orphans(
            [one.pool.name for one in opened if _judges(one, view)],
            (volume for one in opened for volume in one.volumes),
            references,
            view.mounts.devices,
        )
        if not references.complete or any(_broken(one, references) for one in opened):
            found = {}
    beneath = frozenset(volume.backing for one in opened for volume in one.volumes)
    return [_summed(one, found.get(one.pool.name), beneath) for one in opened]


def _judges(one: OpenPool, view: StorageView) -> bool:
    if view.alone:
        return one.pool.kind in GUESTS_ONLY | SHARED
    return one.pool.kind in GUESTS_ONLY and not one.shared


def _broken(one: OpenPool, references: References) -> bool:
    """Whether an image in use cannot be read: what is beneath it is not known."""
    return any(
        path in references.words or (one.pool.name, name) in references.volumes
        for name, path in one.unreadable
    )


def _filled(volume: Volume, beneath: frozenset[str]) -> int:
    """The space a volume takes once its guest has filled it. What has an image above it, and
    what is no disk, grows no more."""
    if not volume.disk or volume.path in beneath:
        return volume.allocation
    return max(volume.capacity, volume.allocation)


def _summed(one: OpenPool, orphaned: list[Volume] | None, beneath: frozenset[str]) -> Pool:
    if one.pool.volumes is None:
        return one.pool
    if one.skipped:
        return replace(one.pool, skipped=one.skipped)
    return replace(
        one.pool,
        skipped=0,
        provisioned=sum(_filled(volume, beneath) for volume in one.volumes),
        media=sum(volume.media for volume in one.volumes),
        orphans=None if orphaned is None else len(orphaned),
        orphan_bytes=None if orphaned is None else sum(v.allocation for v in orphaned),
    )


def _look_at_folders(opened: Sequence[OpenPool], view: StorageView) -> None:
    """Say of each pool who else sees its folder, and of those here how full it is now."""
    if view.folders is not None:
        measured = [one.folder for one in opened if _is_measured(one)]
        view.folders.look([*view.mounts.shared, *measured])
    for one in opened:
        one.shared = bool(one.folder) and view.mounts.is_shared(view.canonical(one.folder))
        if view.folders is None or not _is_measured(one):
            continue
        room = view.folders.room(one.folder)
        one.pool = replace(one.pool, reachable=not view.folders.hangs(one.folder))
        if room is not None:
            one.pool = replace(
                one.pool,
                source="statvfs",
                capacity=room.capacity,
                allocation=room.allocation,
                available=room.available,
            )


def _is_measured(one: OpenPool) -> bool:
    return one.pool.kind in FOLDERS and one.pool.capacity is not None and bool(one.folder)


def _open(pool: Any) -> OpenPool | None:
    """A pool and the list of its volumes; None when it is gone."""
    try:
        root = tree_of(pool.XMLDesc())
        number, capacity, allocation, available = pool.info()
        found = Pool(
            pool.name(),
            root.get("type", ""),
            STATES[number] if number < len(STATES) else f"state_{number}",
            bool(pool.autostart()),
        )
        one = OpenPool(found, folder=root.findtext("target/path") or "")
        if not pool.isActive():
            return one
        one.listed = sorted(pool.listAllVolumes(), key=_name)
    except libvirt.libvirtError as error:
        if error.get_error_code() == libvirt.VIR_ERR_NO_STORAGE_POOL:
            return None
        raise
    one.pool = replace(
        found,
        source="libvirt",
        capacity=capacity,
        allocation=allocation,
        available=available,
        volumes=len(one.listed),
    )
    return one


def _name(volume: Any) -> str:
    name: str = volume.name()
    return name
