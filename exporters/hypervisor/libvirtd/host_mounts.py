"""What this machine has mounted: devices that are its own, folders that others see too."""

from __future__ import annotations

import os
from dataclasses import dataclass
from pathlib import Path

NETWORK_TYPES = frozenset(
    [
        "nfs",
        "nfs4",
        "cifs",
        "smb3",
        "ceph",
        "fuse.ceph",
        "fuse.glusterfs",
        "ocfs2",
        "gfs2",
        "lustre",
    ]
)


@dataclass(frozen=True, slots=True)
class HostMounts:
    """`devices` are canonical paths, mounted or swapped to; `shared` are mount points."""

    devices: frozenset[str] = frozenset()
    shared: tuple[str, ...] = ()

    def is_shared(self, folder: str) -> bool:
        """Whether a folder is on a file system that other machines write to."""
        return any(f"{folder}/".startswith(f"{point.rstrip('/')}/") for point in self.shared)


def host_mounts(proc: Path = Path("/proc")) -> HostMounts:
    """As /proc/self/mounts and /proc/swaps tell; what cannot be read counts for nothing."""
    devices: set[str] = set()
    shared: list[str] = []
    for name in ("self/mounts", "swaps"):
        for words in _lines(proc / name):
            if words[0].startswith("/dev/"):
                devices.add(os.path.realpath(words[0]))
            if name == "self/mounts" and len(words) > 2 and words[2] in NETWORK_TYPES:
                shared.append(words[1])
    return HostMounts(frozenset(devices), tuple(shared))


def _lines(path: Path) -> list[list[str]]:
    try:
        text = path.read_text(encoding="utf-8", errors="replace")
    except OSError:
        return []
    return [words for line in text.splitlines() if (words := line.split())]
