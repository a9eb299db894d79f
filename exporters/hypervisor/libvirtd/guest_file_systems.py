"""What a guest's agent says of its file systems. The guest is a tenant's: nothing is believed.

Pure. `typed` is the dictionary of ``virDomainGetGuestInfo``; ``virDomainGetFSInfo`` gives
tuples and no sizes.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from typing import Any

from exporters.hypervisor.holdings import FileSystem

MOST, LONGEST_MOUNTPOINT = 32, 128
FULL_BY_NATURE = frozenset(["squashfs", "iso9660", "udf", "erofs", "cramfs"])
"""Read-only images, always full: they would only cry wolf."""

_TYPE = re.compile(r"[A-Za-z0-9._-]{1,32}")


def from_info(typed: Mapping[str, Any]) -> tuple[tuple[FileSystem, ...], int]:
    """The file systems, and how many were left out."""
    count = typed.get("fs.count", 0)
    listed = range(min(count if isinstance(count, int) else 0, 10_000))
    return bounded(
        FileSystem(
            str(typed.get(f"fs.{number}.mountpoint", "")),
            str(typed.get(f"fs.{number}.fstype", "")),
            _size(typed.get(f"fs.{number}.total-bytes")),
            _size(typed.get(f"fs.{number}.used-bytes")),
        )
        for number in listed
    )


def from_list(listed: Iterable[tuple[Any, ...]]) -> tuple[tuple[FileSystem, ...], int]:
    """As `from_info`, from (mountpoint, device, type, disks) each: no sizes."""
    return bounded(FileSystem(str(one[0]), str(one[2])) for one in listed)


def bounded(found: Iterable[FileSystem]) -> tuple[tuple[FileSystem, ...], int]:
    """At most `MOST`, the shortest mount points first, each once, with labels that are fit.

    A mount point that is too long, not absolute or not printable is left out, not cut: two
    might become one. A type we would not print becomes ``other``.
    """
    kept: dict[str, FileSystem] = {}
    dropped = 0
    for one in found:
        if one.type in FULL_BY_NATURE or one.mountpoint in kept:
            continue
        if not _fit(one.mountpoint):
            dropped += 1
            continue
        kind = one.type if _TYPE.fullmatch(one.type) else "other"
        kept[one.mountpoint] = FileSystem(one.mountpoint, kind, one.size, one.used)
    ordered = sorted(kept.values(), key=lambda one: (len(one.mountpoint), one.mountpoint))
    return tuple(ordered[:MOST]), dropped + max(0, len(ordered) - MOST)


def _fit(mountpoint: str) -> bool:
    # Windows says C:\, a folder on a volume without a letter \\?\Volume{…}\.
    absolute = mountpoint.startswith(("/", "\\")) or mountpoint[1:3] == ":\\"
    return absolute and len(mountpoint) <= LONGEST_MOUNTPOINT and mountpoint.isprintable()


def _size(value: Any) -> int | None:
    return value if isinstance(value, int) and 0 <= value < 2**63 else None
