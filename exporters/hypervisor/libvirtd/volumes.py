"""The volumes of a storage pool, one call each: size, space taken, use, image beneath."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from exporters.hypervisor.libvirtd.xml_tree import integer, tree_of

SMALLEST_DISK = 1024**2
"""Bytes. A smaller file of no known format is a note, a checksum or the NVRAM of a guest
that is gone: no disk."""


@dataclass(frozen=True, slots=True)
class Volume:
    """One volume. `path` and `backing` are canonical; `backing` is "" without an image beneath.

    `media` is an installation image; `disk` is whether a guest's disk may be in it.
    """

    pool: str
    name: str
    path: str
    capacity: int
    allocation: int
    backing: str = ""
    media: bool = False
    disk: bool = True


def volume_from(pool: str, xml: str, canonical: Callable[[str], str]) -> Volume:
    """A volume from libvirt's description of it. Raise ET.ParseError."""
    root = tree_of(xml)
    name = root.findtext("name") or ""
    capacity = integer(root, "capacity") or 0
    kind = root.get("type", "file")
    found = root.find("target/format")
    form = "" if found is None else found.get("type", "")
    media = form == "iso" or name.lower().endswith(".iso")
    folder = kind in ("dir", "netdir") or form == "dir"
    small = kind == "file" and form in ("raw", "unknown", "") and capacity < SMALLEST_DISK
    return Volume(
        pool,
        name,
        canonical(root.findtext("target/path") or root.findtext("key") or name),
        capacity,
        integer(root, "allocation") or 0,
        _path(root.findtext("backingStore/path"), canonical),
        media,
        not (media or folder or small),
    )


def _path(text: str | None, canonical: Callable[[str], str]) -> str:
    return canonical(text) if text else ""
