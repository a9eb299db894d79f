"""Space and inodes of the file systems that hold data."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable
from dataclasses import dataclass

import psutil
from prometheus_client.core import GaugeMetricFamily, Metric

from exporters.toolkit.collector import Deadline

PSEUDO = frozenset(
    [
        "autofs",
        "binfmt_misc",
        "bpf",
        "cgroup",
        "cgroup2",
        "configfs",
        "debugfs",
        "devpts",
        "devtmpfs",
        "efivarfs",
        "fuse.lxcfs",
        "fusectl",
        "hugetlbfs",
        "mqueue",
        "nsfs",
        "overlay",
        "proc",
        "procfs",
        "pstore",
        "ramfs",
        "rpc_pipefs",
        "securityfs",
        "selinuxfs",
        "squashfs",
        "sysfs",
        "tmpfs",
        "tracefs",
    ]
)
"""Types that hold no data of their own, or whose fullness is another file system's."""

REMOTE = frozenset(
    ["nfs", "nfs4", "cifs", "smb3", "smbfs", "ceph", "fuse.sshfs", "fuse.glusterfs", "9p", "afs"]
)
"""Types whose server may stop answering; statvfs(3) then hangs, so they are left out."""


@dataclass(frozen=True, slots=True)
class Mount:
    """One mounted file system: the place, the device and the type."""

    mountpoint: str
    device: str
    kind: str


def of_interest(mounts: Iterable[Mount]) -> list[Mount]:
    """Local file systems with data, each device once (at its shortest path), by place.

    The root is always among them, whatever it is made of (overlay in a
    container, nothing listed in a chroot): a full one stops the host.
    """
    mounts = list(mounts)
    root = [mount for mount in mounts if mount.mountpoint == "/"]
    chosen: dict[str, Mount] = {}
    for mount in sorted(mounts, key=lambda mount: (len(mount.mountpoint), mount.mountpoint)):
        if mount.kind not in PSEUDO | REMOTE:
            chosen.setdefault(mount.device, mount)
    if not any(mount.mountpoint == "/" for mount in chosen.values()):
        found = root[-1] if root else Mount("/", "", "")  # the last mounted is the visible one
        chosen[found.device] = found
    return sorted(chosen.values(), key=lambda mount: mount.mountpoint)


def mounted() -> list[Mount]:
    """Everything that is mounted (/proc/self/mounts)."""
    return [Mount(p.mountpoint, p.device, p.fstype) for p in psutil.disk_partitions(all=True)]


def file_systems(
    deadline: Deadline,
    mounts: Callable[[], list[Mount]] = mounted,
    statvfs: Callable[[str], os.statvfs_result] = os.statvfs,
) -> list[Metric]:
    """Size, free space and inodes of each; one that cannot be asked is left out."""
    labels = ["mountpoint", "device", "fstype"]

    def family(name: str, text: str) -> GaugeMetricFamily:
        full = f"{text} (statvfs(3))."
        return GaugeMetricFamily(f"vigie_host_filesystem_{name}", full, labels=labels)

    size = family("size_bytes", "Size of a file system")
    free = family("free_bytes", "Space not in use, root's reserve included")
    available = family("available_bytes", "Space an ordinary user may still fill")
    inodes = family("inodes", "Inodes of a file system")
    inodes_free = family("inodes_free", "Inodes not in use")
    for mount in of_interest(mounts()):
        if deadline.remaining() <= 0:
            break
        try:
            found = statvfs(mount.mountpoint)
        except OSError:
            continue
        where = [mount.mountpoint, mount.device, mount.kind]
        if not found.f_blocks:
            continue
        size.add_metric(where, found.f_blocks * found.f_frsize)
        free.add_metric(where, found.f_bfree * found.f_frsize)
        available.add_metric(where, found.f_bavail * found.f_frsize)
        if found.f_files:  # btrfs and others have no fixed number
            inodes.add_metric(where, found.f_files)
            inodes_free.add_metric(where, found.f_ffree)
    return [size, free, available, inodes, inodes_free]
