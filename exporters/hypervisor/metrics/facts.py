"""Facts of domains -> families, rendered once a change. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from itertools import chain
from typing import TypeVar

from exporters.hypervisor.identity import Judgement
from exporters.hypervisor.model import DomainFacts
from exporters.toolkit.text_family import TextFamily, labelled

_T = TypeVar("_T")
_P = "hypervisor_domain_"
FAMILIES: Mapping[str, str] = {
    _P + "autostart": "Whether the domain starts with its host (libvirt autostart).",
    _P + "persistent": "Whether the domain outlives its end (libvirt isPersistent).",
    _P + "managed_save": "Whether the domain was saved and resumes there at its next start"
    " (libvirt hasManagedSaveImage).",
    _P + "config_drift": "Whether the running configuration differs from the stored one in"
    " machine, memory, processors, disks or interfaces (live and inactive XML).",
    _P + "qemu_outdated": "Whether a QEMU was installed since the domain's process began"
    " (/proc and the emulator's file).",
    _P + "start_time_seconds": "Unix time at which the domain's process began"
    " (/proc, else the event of its start).",
    _P + "agent_connected": "Whether the guest's agent has opened its channel (live XML); only"
    " for running domains that have one.",
    _P + "configuration_info": "Machine type, architecture and emulator of a domain; always 1.",
    _P + "block_info": "A disk of a domain: kind (file, block, network, volume, cdrom, floppy),"
    " source, bus and format; always 1.",
    _P + "network_info": "An interface of a domain: MAC address, kind, source and model; always 1.",
    _P + "block_limit_bytes_per_second": "Throughput a disk is held to (libvirt iotune), where"
    " one is set.",
    _P + "block_limit_requests_per_second": "Requests per second a disk is held to (libvirt"
    " iotune), where a limit is set.",
    _P + "block_chain_depth": "Images under the top one of a disk (libvirt backingStore), where"
    " libvirt knows the chain.",
    _P + "metadata_rejected": "Why what the domain's metadata says of its owner is not used;"
    " always 1.",
}
"""Name -> HELP, in the order they are served."""

_FLAGS = {
    "autostart": "autostart",
    "persistent": "persistent",
    "managed_save": "managed_save",
    "config_drift": "drift",
    "qemu_outdated": "outdated",
    "agent_connected": "agent_connected",
}
_LIMITS = {
    (direction, unit, burst): f"{direction}_{field}_sec{ending}"
    for direction in ("total", "read", "write")
    for unit, field in (("bytes", "bytes"), ("requests", "iops"))
    for burst, ending in (("no", ""), ("yes", "_max"))
}
_Sample = tuple[str, float, dict[str, str]]
Lines = dict[str, str]
"""Family name -> lines, one after the other."""


def lines_of(hypervisor: str, facts: DomainFacts, judgement: Judgement) -> Lines:
    """Every line of one domain. What is not known has none."""
    here = (("hypervisor", hypervisor), ("domain", facts.name))
    found: Lines = {}
    told = (_whole(facts), _disks(facts), _nics(facts), _rejections(judgement))
    for name, value, labels in chain.from_iterable(told):
        line = f"{labelled(_P + name, (*here, *labels.items()))}{value!r}\n"
        found[_P + name] = found.get(_P + name, "") + line
    return found


def families(domains: Iterable[Lines]) -> tuple[TextFamily, ...]:
    """The lines of all domains, one family a name; a family without lines is left out."""
    gathered: dict[str, list[str]] = {name: [] for name in FAMILIES}
    for lines in domains:
        for name, some in lines.items():
            gathered[name].append(some)
    texts = {name: "".join(some) for name, some in gathered.items()}
    return tuple(
        # A line break inside a label is written as two characters.
        TextFamily(name, FAMILIES[name], "gauge", text, text.count("\n"))
        for name, text in texts.items()
        if text
    )


def _distinct(group: str, named: Iterable[tuple[str, _T]]) -> Iterator[tuple[str, _T]]:
    """Each with a name of its own, as the statistics call it: ``net0`` for one without any,
    ``#`` and its number for one whose name is taken."""
    taken: set[str] = set()
    for number, (name, value) in enumerate(named):
        wanted = name or f"{group}{number}"
        while wanted in taken:
            wanted = f"{wanted}#{number}"
        taken.add(wanted)
        yield wanted, value


def _whole(facts: DomainFacts) -> Iterator[_Sample]:
    for name, attribute in _FLAGS.items():
        flag = getattr(facts, attribute)
        if flag is not None:
            yield name, int(flag), {}
    if facts.started_at is not None:
        yield "start_time_seconds", facts.started_at, {}
    about = {"machine": facts.machine, "arch": facts.arch, "emulator": facts.emulator}
    if any(about.values()):
        yield "configuration_info", 1, about


def _disks(facts: DomainFacts) -> Iterator[_Sample]:
    for device, disk in _distinct("block", ((disk.target, disk) for disk in facts.disks)):
        at = {"device": device}
        kind = disk.device if disk.device in ("cdrom", "floppy") else disk.kind
        about = {"kind": kind, "source": disk.source, "bus": disk.bus, "format": disk.format}
        yield "block_info", 1, at | about
        if disk.depth is not None:
            yield "block_chain_depth", disk.depth, at
        for (direction, unit, burst), field in _LIMITS.items():
            if value := disk.limits.get(field):
                labels = at | {"direction": direction, "burst": burst}
                yield f"block_limit_{unit}_per_second", value, labels


def _nics(facts: DomainFacts) -> Iterator[_Sample]:
    for device, nic in _distinct("net", ((nic.target or nic.mac, nic) for nic in facts.nics)):
        about = {"mac": nic.mac, "kind": nic.kind, "source": nic.source, "model": nic.model}
        yield "network_info", 1, {"device": device} | about


def _rejections(judgement: Judgement) -> Iterator[_Sample]:
    for reason in judgement.rejected:
        yield "metadata_rejected", 1, {"reason": reason}
