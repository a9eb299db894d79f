"""A domain's XML (libvirt's *formatdomain*) -> facts. Pure; the XML is untrusted.

DomainXmlError    not a domain libvirt could have written; the message says why
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, NoReturn
from xml.etree import ElementTree as ET
from xml.etree.ElementTree import Element

from exporters.hypervisor.identity import written_once
from exporters.hypervisor.model import DiskFacts, DomainFacts, NicFacts

NAMESPACE = "urn:vigie:domain:1"
"""The XML namespace of our element in a domain's ``<metadata>``."""

AGENT_CHANNEL = "org.qemu.guest_agent.0"
REMOVABLE = ("cdrom", "floppy")
LONGEST_XML, LONGEST_TEXT, MOST_WRITTEN = 4 * 1024**2, 512, 8

_UNITS = {"b": 1, "bytes": 1}
for _power, _letter in enumerate("kmgtpe", 1):
    _UNITS |= {_letter: 1024**_power, f"{_letter}ib": 1024**_power, f"{_letter}b": 1000**_power}


class DomainXmlError(ValueError):
    """This text does not describe a domain."""


@dataclass(frozen=True, slots=True)
class DomainXml:
    """What one XML says. Two are compared by `compared` to find a drift."""

    facts: DomainFacts
    compared: tuple[Any, ...]


class _Builder(ET.TreeBuilder):
    """Refuses a document type at its first byte, before any entity could be declared."""

    def doctype(self, *_: Any) -> NoReturn:
        raise DomainXmlError("a document type, which libvirt never writes")


def read_domain(xml: str) -> DomainXml:
    """The facts of a domain, live or persistent. Raise DomainXmlError."""
    if len(xml) > LONGEST_XML:
        raise DomainXmlError(f"{len(xml)} characters, more than {LONGEST_XML}")
    parser = ET.XMLParser(target=_Builder())  # noqa: S314  # document types are refused: no entity to expand or fetch
    try:
        parser.feed(xml)
        root = parser.close()
    except (ET.ParseError, UnicodeError, ValueError, RecursionError) as error:
        raise DomainXmlError(str(error)) from None
    if root.tag != "domain":
        raise DomainXmlError("no <domain>")
    machine = root.find("os/type")
    facts = DomainFacts(
        uuid=_text(root, "uuid"),
        name=root.findtext("name", ""),
        agent_connected=_agent(root),
        machine="" if machine is None else machine.get("machine", ""),
        arch="" if machine is None else machine.get("arch", ""),
        emulator=_text(root, "devices/emulator"),
        memory_bytes=_bytes(root.find("memory")),
        vcpus=_count(root.findtext("vcpu")),
        disks=tuple(_disk(disk) for disk in root.iterfind("devices/disk")),
        nics=tuple(_nic(nic) for nic in root.iterfind("devices/interface")),
        written=_written(root),
    )
    return DomainXml(facts, _compared(root, facts))


def _text(root: Element, path: str) -> str:
    return root.findtext(path, "").strip()[:LONGEST_TEXT]


def _count(text: str | None) -> int | None:
    """A whole number of at most 18 digits, else None."""
    text = (text or "").strip()
    return int(text) if text.isascii() and text.isdecimal() and len(text) <= 18 else None


def _bytes(element: Element | None) -> int | None:
    if element is None:
        return None
    number = _count(element.text)
    factor = _UNITS.get(element.get("unit", "KiB").lower())
    return None if number is None or factor is None else number * factor


def _agent(root: Element) -> bool | None:
    """libvirt tells a channel's state only while the domain runs."""
    for target in root.iterfind("devices/channel/target"):
        if target.get("name") == AGENT_CHANNEL and "state" in target.attrib:
            return target.get("state") == "connected"
    return None


def _source(kind: str, source: Element | None) -> str:
    """Where a disk's content is: a path, ``pool/volume`` or ``protocol:name``."""
    if source is None:
        return ""
    get = source.attrib.get
    if kind == "volume":
        found = "/".join(filter(None, (get("pool"), get("volume"))))
    elif kind == "network":
        found = ":".join(filter(None, (get("protocol"), get("name"))))
    else:
        found = get("file") or get("dev") or get("dir") or get("path") or ""
    return found[:LONGEST_TEXT]


def _disk(disk: Element) -> DiskFacts:
    kind = disk.get("type", "")
    target, driver = disk.find("target"), disk.find("driver")
    limits = {
        limit.tag: value
        for limit in disk.iterfind("iotune/*")
        if isinstance(limit.tag, str) and (value := _count(limit.text))
    }
    return DiskFacts(
        target="" if target is None else target.get("dev", "")[:LONGEST_TEXT],
        device=disk.get("device", "disk"),
        kind=kind,
        source=_source(kind, disk.find("source")),
        bus="" if target is None else target.get("bus", ""),
        format="" if driver is None else driver.get("type", ""),
        depth=_depth(disk),
        limits=limits,
    )


def _depth(disk: Element) -> int | None:
    """Images under the top one. libvirt ends a chain it knows with an empty element."""
    layer = disk.find("backingStore")
    if layer is None:
        return None
    depth = 0
    while layer is not None and layer.get("type"):
        depth += 1
        layer = layer.find("backingStore")
    return depth


def _nic(nic: Element) -> NicFacts:
    kind = nic.get("type", "")
    source = nic.find("source")
    of = {} if source is None else source.attrib
    names = (of.get(key) for key in ("network", "bridge", "dev", "path", "name"))

    def attribute(tag: str, key: str) -> str:
        element = nic.find(tag)
        return "" if element is None else element.get(key, "")[:LONGEST_TEXT]

    return NicFacts(
        target=attribute("target", "dev"),
        mac=attribute("mac", "address"),
        kind=kind,
        source=next(filter(None, names), "")[:LONGEST_TEXT],
        model=attribute("model", "type"),
        bridge=of.get("bridge", "")[:LONGEST_TEXT],
    )


def _written(root: Element) -> dict[str, str]:
    """What our element in the metadata says, at most a few keys of it, as written."""
    ours = root.find(f"metadata/{{{NAMESPACE}}}domain")
    return {} if ours is None else written_once(_children(ours), MOST_WRITTEN)


def _children(ours: Element) -> Iterator[tuple[str, str]]:
    for child in ours:
        if isinstance(child.tag, str):
            space, _, local = child.tag.rpartition("}")
            key = local if space in ("", f"{{{NAMESPACE}") else child.tag
            text = "<>" if len(child) else (child.text or "").strip()
            yield key[:LONGEST_TEXT], text[:LONGEST_TEXT]


def _compared(root: Element, facts: DomainFacts) -> tuple[Any, ...]:
    """What must be the same live and persistent.

    Not compared: the medium of a removable drive, memory below the maximum (the balloon
    moves it), names of host interfaces (given at each start), limits of disks.
    """
    vcpu = root.find("vcpu")
    at_start = None if vcpu is None else _count(vcpu.get("current")) or facts.vcpus
    disks = sorted(
        (disk.target, disk.device, disk.bus)
        + (("", "") if disk.device in REMOVABLE else (disk.kind, disk.source))
        for disk in facts.disks
    )
    nics = sorted((nic.mac.lower(), nic.kind, nic.source, nic.model) for nic in facts.nics)
    memory = facts.memory_bytes
    return (facts.machine, facts.arch, memory, facts.vcpus, at_start, tuple(disks), tuple(nics))
