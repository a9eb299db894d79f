"""What the API says of guests -> the statistics of `model`, in libvirt's words. Pure.

Shapes: ``/cluster/resources`` (PVE::API2::Cluster), ``/nodes/{node}/qemu?full=1`` and
``/lxc`` (PVE::QemuServer::vmstatus, PVE::LXC::vmstatus). The API counts no CPU time, no
packets and nothing of single virtual processors: those have no field here.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from typing import Any

from exporters.hypervisor.model import GuestStats
from exporters.hypervisor.proxmox.configuration import GuestConfiguration
from exporters.hypervisor.proxmox.states import state_of
from exporters.hypervisor.proxmox.values import flag, text, whole

KINDS = ("qemu", "lxc")
Row = Mapping[str, Any]

_SETTLED_SECONDS = 10
"""A QEMU younger than this may not have answered its node yet."""

_ANSWERED = ("blockstat", "running-qemu", "running-machine", "ballooninfo", "balloon")
"""Fields only the guest's monitor gives: without any of them it did not answer its node."""

_BALLOON = (
    ("free_mem", "unused"),
    ("total_mem", "available"),
    ("mem_swapped_in", "swap_in"),
    ("mem_swapped_out", "swap_out"),
)

_BLOCK = (
    ("rd_operations", "rd.reqs"),
    ("rd_bytes", "rd.bytes"),
    ("rd_total_time_ns", "rd.times"),
    ("wr_operations", "wr.reqs"),
    ("wr_bytes", "wr.bytes"),
    ("wr_total_time_ns", "wr.times"),
    ("flush_operations", "fl.reqs"),
    ("flush_total_time_ns", "fl.times"),
    ("wr_highest_offset", "allocation"),
)
"""QEMU's query-blockstats, of which libvirt makes the same fields."""


@dataclass(frozen=True, slots=True)
class Listed:
    """A guest of one node as ``/cluster/resources`` lists it. `name` is nobody else's there."""

    kind: str
    vmid: int
    name: str
    row: Row

    @property
    def key(self) -> str:
        """``qemu/100``: what the API calls it; stays when it is renamed."""
        return f"{self.kind}/{self.vmid}"


def listed(rows: Iterable[Row], node: str) -> list[Listed]:
    """The guests of a node, templates left out: they never run.

    Two guests may bear one name; then both are told apart by their number.
    """
    found: dict[str, Listed] = {}
    for row in rows:
        vmid = whole(row, "vmid")
        mine = row.get("type") in KINDS and row.get("node") == node
        if mine and vmid is not None and not flag(row, "template"):
            one = Listed(row["type"], vmid, text(row, "name") or f"VM {vmid}", row)
            found[one.key] = one
    return list(_told_apart(found.values()))


def _told_apart(guests: Collection[Listed]) -> Iterator[Listed]:
    """Each with a name that is nobody else's, even where one bears another's name and number."""
    names = Counter(one.name for one in guests)
    taken = {name for name, number in names.items() if number == 1}
    for one in guests:
        if names[one.name] == 1:
            yield one
            continue
        name = f"{one.name} ({one.vmid})"
        while name in taken:
            name = f"{name} ({one.key})"
        taken.add(name)
        yield replace(one, name=name)


def node_is_up(rows: Iterable[Row], node: str) -> bool:
    """Whether the cluster sees the node. A node that is not listed (no right) counts as seen."""
    for row in rows:
        if row.get("type") == "node" and row.get("node") == node:
            return row.get("status") not in ("offline", "unknown")
    return True


def statistics(
    guest: Listed, detail: Row | None, configuration: GuestConfiguration | None
) -> GuestStats:
    """One guest in one scrape.

    `detail` is its row of ``/nodes/{node}/qemu?full=1`` (or ``/lxc``), None where there is none.
    A detail of before the guest was started or stopped is not used.
    """
    row = guest.row
    status = text(row, "status")
    if detail is not None and (text(detail, "status") == "stopped") != (status == "stopped"):
        detail = None
    lock = text(detail or row, "lock") or text(row, "lock")
    qemu = text(detail, "qmpstatus") if detail is not None else ""
    state, reason = state_of(status, qemu, lock)
    running = status != "stopped"
    raw: dict[str, Any] = {"state.state": state, "state.reason": reason}
    _put(raw, "balloon.maximum", _kib(detail, "maxmem") or _kib(row, "maxmem"))
    _put(raw, "vcpu.current", whole(row, "maxcpu") if detail is None else whole(detail, "cpus"))
    cores = configuration.facts.vcpus if configuration is not None else None
    _put(raw, "vcpu.maximum", cores or raw.get("vcpu.current"))
    if guest.kind == "lxc":
        if running:
            _put(raw, "balloon.rss", _kib(detail, "mem") or _kib(row, "mem"))
    elif running and detail is not None:
        _memory(raw, detail)
        _interfaces(raw, detail)
    # Only the configuration tells a disk from a drive for removable media.
    if guest.kind == "qemu" and configuration is not None:
        _disks(raw, detail if running else None, configuration)
    uuid = configuration.facts.uuid if configuration is not None else guest.key
    run = (whole(detail or {}, "pid") or 1) if running and state else -1
    return GuestStats(guest.name, uuid, run, raw, _responsive(guest, detail, state))


def _responsive(guest: Listed, detail: Row | None, state: int) -> bool | None:
    if guest.kind != "qemu" or detail is None or text(detail, "status") != "running" or not state:
        return None
    if any(key in detail for key in _ANSWERED):
        return True
    uptime = whole(detail, "uptime")
    return None if uptime is None or uptime < _SETTLED_SECONDS else False


def _put(raw: dict[str, Any], key: str, value: int | None) -> None:
    if value is not None:
        raw[key] = value


def _kib(row: Row | None, key: str) -> int | None:
    value = whole(row or {}, key)
    return None if value is None else value // 1024


def _memory(raw: dict[str, Any], detail: Row) -> None:
    _put(raw, "balloon.current", _kib(detail, "balloon"))
    # Since Proxmox VE 9: what the guest's cgroup holds.
    _put(raw, "balloon.rss", _kib(detail, "memhost"))
    told = detail.get("ballooninfo")
    if not isinstance(told, dict):
        return
    for theirs, ours in _BALLOON:
        _put(raw, f"balloon.{ours}", _kib(told, theirs))
    _put(raw, "balloon.major_fault", whole(told, "major_page_faults"))
    _put(raw, "balloon.minor_fault", whole(told, "minor_page_faults"))
    _put(raw, "balloon.last-update", whole(told, "last_update"))


def _interfaces(raw: dict[str, Any], detail: Row) -> None:
    nics = detail.get("nics")
    if not isinstance(nics, dict):
        return
    raw["net.count"] = len(nics)
    for index, name in enumerate(sorted(nics)):
        values = nics[name] if isinstance(nics[name], dict) else {}
        raw[f"net.{index}.name"] = name
        # netin is what went to the guest: what libvirt calls received, too.
        _put(raw, f"net.{index}.rx.bytes", whole(values, "netin"))
        _put(raw, f"net.{index}.tx.bytes", whole(values, "netout"))


def _disks(raw: dict[str, Any], detail: Row | None, configuration: GuestConfiguration) -> None:
    told = (detail or {}).get("blockstat")
    counters: Mapping[str, Any] = told if isinstance(told, dict) else {}
    sizes = configuration.sizes
    names = sorted({*counters, *sizes})
    if not names:
        return
    raw["block.count"] = len(names)
    for index, name in enumerate(names):
        raw[f"block.{index}.name"] = name
        values = counters.get(name)
        if isinstance(values, dict):
            for theirs, ours in _BLOCK:
                _put(raw, f"block.{index}.{ours}", whole(values, theirs))
        _put(raw, f"block.{index}.capacity", sizes.get(name))
