"""A guest's configuration -> facts. Pure.

Keys and their meaning are those of qm.conf(5) and pct.conf(5). Tags are written by whoever may
edit the guest: ``vigie-member-ID`` and ``vigie-service-ID`` are judged like any metadata.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

from exporters.hypervisor.identity import written_once
from exporters.hypervisor.model import DiskFacts, DomainFacts, NicFacts
from exporters.hypervisor.proxmox.states import SAVED_LOCK
from exporters.hypervisor.proxmox.values import flag, properties, size, text, whole

MOST_TAGS = 64
_TAG = re.compile(r"vigie-(\w+)-(.+)", re.ASCII)
_DISK = {
    "qemu": re.compile(r"(?:ide|sata|scsi|virtio)[0-9]{1,2}"),
    "lxc": re.compile(r"rootfs|mp[0-9]{1,3}"),
}
_NIC = re.compile(r"net([0-9]{1,2})")
_MAC = re.compile(r"[0-9A-Fa-f]{2}(?::[0-9A-Fa-f]{2}){5}")
_UUID = re.compile(r"[0-9a-fA-F]{8}(?:-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}")

_LIMITS = {
    f"{theirs}{suffix}{burst}": (f"{ours}_{libvirt}{burst}", factor)
    for theirs, libvirt, factor in (("mbps", "bytes_sec", 1024**2), ("iops", "iops_sec", 1))
    for suffix, ours in (("", "total"), ("_rd", "read"), ("_wr", "write"))
    for burst in ("", "_max")
}
"""``mbps_rd`` (MiB/s) and its like -> the name in libvirt's ``<iotune>`` and the factor."""


@dataclass(frozen=True, slots=True)
class GuestConfiguration:
    """`facts`, and the size in bytes of each disk that the configuration gives one."""

    facts: DomainFacts
    sizes: Mapping[str, int] = field(default_factory=dict)


def configuration_of(
    kind: str, vmid: int, name: str, config: Mapping[str, Any], detail: Mapping[str, Any] | None
) -> GuestConfiguration:
    """What the configuration says; what it does not say is None or "".

    `detail` is the guest's row of ``/nodes/{node}/qemu?full=1``. The uuid is that of the guest's
    SMBIOS, else the API's own name for it (``lxc/101``).
    """
    disks, sizes = _disks(kind, config)
    machine = text(detail or {}, "running-machine") or text(config, "machine")
    cores = whole(config, "cores")
    facts = DomainFacts(
        uuid=_uuid(config) or f"{kind}/{vmid}",
        name=name,
        autostart=flag(config, "onboot"),
        managed_save=text(config, "lock") == SAVED_LOCK if kind == "qemu" else None,
        machine=machine,
        arch=text(config, "arch"),
        memory_bytes=_memory(config),
        vcpus=None if cores is None and kind == "lxc" else _vcpus(config, cores),
        disks=disks,
        nics=tuple(_nics(kind, vmid, config)),
        written=written(text(config, "tags")),
    )
    return GuestConfiguration(facts, sizes)


def written(tags: str) -> dict[str, str]:
    """What our tags say; see `written_once`."""
    matches = map(_TAG.fullmatch, re.split(r"[;, ]+", tags)[:MOST_TAGS])
    return written_once(((match[1], match[2]) for match in matches if match), MOST_TAGS)


def _uuid(config: Mapping[str, Any]) -> str:
    _, keys = properties(text(config, "smbios1"))
    uuid = keys.get("uuid", "")
    return uuid.lower() if _UUID.fullmatch(uuid) else ""


def _memory(config: Mapping[str, Any]) -> int | None:
    # "2048", or since Proxmox VE 8.1 "current=2048".
    first, keys = properties(str(config.get("memory", "")))
    mebibytes = whole({"memory": keys.get("current", first)}, "memory")
    return None if not mebibytes else mebibytes * 1024**2


def _vcpus(config: Mapping[str, Any], cores: int | None) -> int:
    return (cores or 1) * (whole(config, "sockets") or 1)


def _disks(kind: str, config: Mapping[str, Any]) -> tuple[tuple[DiskFacts, ...], dict[str, int]]:
    disks, sizes = [], {}
    for key in sorted(config):
        if not _DISK[kind].fullmatch(key) or not isinstance(config[key], str):
            continue
        volume, keys = properties(config[key])
        volume = keys.get("file", keys.get("volume", volume))
        removable = keys.get("media") == "cdrom" or volume in ("none", "cdrom")
        disks.append(_disk(key, volume, keys, removable))
        bytes_ = size(keys.get("size", ""))
        if bytes_ is not None and not removable:
            sizes[key] = bytes_
    return tuple(disks), sizes


def _disk(key: str, volume: str, keys: Mapping[str, str], removable: bool) -> DiskFacts:
    storage, colon, name = volume.partition(":")
    if volume in ("none", "cdrom"):
        kind, source = "", ""
    elif colon and not volume.startswith("/"):
        kind, source = "volume", f"{storage}/{name}"
    else:
        kind, source = "block" if volume.startswith("/dev/") else "file", volume
    limits = {
        libvirt: int(float(keys[theirs]) * factor)
        for theirs, (libvirt, factor) in _LIMITS.items()
        if theirs in keys and re.fullmatch(r"[0-9]{1,9}(\.[0-9]{1,3})?", keys[theirs])
    }
    return DiskFacts(
        target=key,
        device="cdrom" if removable else "disk",
        kind=kind,
        source=source,
        bus=key.rstrip("0123456789") if key[-1].isdigit() else "",
        format=keys.get("format", ""),
        limits={name: value for name, value in limits.items() if value},
    )


def _nics(kind: str, vmid: int, config: Mapping[str, Any]) -> Iterable[NicFacts]:
    for key in sorted(config):
        match = _NIC.fullmatch(key)
        if match is None or not isinstance(config[key], str):
            continue
        _, keys = properties(config[key])
        model, mac = next(
            ((name, value) for name, value in keys.items() if _MAC.fullmatch(value)), ("", "")
        )
        bridge = keys.get("bridge", "")
        device = f"{'tap' if kind == 'qemu' else 'veth'}{vmid}i{match[1]}"
        yield NicFacts(
            target=device,
            mac=mac.lower(),
            kind="bridge" if bridge else "user",
            source=bridge,
            model=model if kind == "qemu" else "",
            bridge=bridge,
        )
