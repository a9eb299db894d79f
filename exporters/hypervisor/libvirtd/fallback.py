"""Statistics domain by domain, for drivers whose bulk call gives the state only.

libvirt's test driver is one: it answers each question about one domain, never all at
once. Only used when no running guest of a hypervisor has any bulk statistics, so that
one busy QEMU guest is never asked twice.
"""

from __future__ import annotations

import contextlib
from typing import Any
from xml.etree import ElementTree as ET

import libvirt

_BLOCK = ("rd.reqs", "rd.bytes", "wr.reqs", "wr.bytes")
_NET = (
    *("rx.bytes", "rx.pkts", "rx.errs", "rx.drop"),
    *("tx.bytes", "tx.pkts", "tx.errs", "tx.drop"),
)


class DomainByDomain:
    """Fills in what ``virConnectGetAllDomainStats`` left out, under the same field names.

    Device names come from the domain's XML, read once for each start of the domain.
    """

    def __init__(self) -> None:
        self._devices: dict[str, tuple[int, list[str], list[str]]] = {}

    def stats(self, domain: Any) -> dict[str, int]:
        """CPU, memory, disks and interfaces of one running domain; what fails is left out."""
        found: dict[str, int] = {}
        with contextlib.suppress(libvirt.libvirtError):
            _, maximum, memory, vcpus, cpu_time = domain.info()
            found.update(
                {
                    "cpu.time": cpu_time,
                    "balloon.current": memory,
                    "balloon.maximum": maximum,
                    "vcpu.current": vcpus,
                }
            )
        with contextlib.suppress(libvirt.libvirtError):
            disks, nics = self._names(domain)
            self._group(found, "block", disks, _BLOCK, domain.blockStats)
            self._group(found, "net", nics, _NET, domain.interfaceStats)
        return found

    @staticmethod
    def _group(
        found: dict[str, Any], group: str, names: list[str], fields: tuple[str, ...], ask: Any
    ) -> None:
        found[f"{group}.count"] = len(names)
        for number, name in enumerate(names):
            found[f"{group}.{number}.name"] = name
            with contextlib.suppress(libvirt.libvirtError):
                for field, value in zip(fields, ask(name), strict=False):
                    found[f"{group}.{number}.{field}"] = value

    def _names(self, domain: Any) -> tuple[list[str], list[str]]:
        uuid, run = domain.UUIDString(), domain.ID()
        if uuid not in self._devices or self._devices[uuid][0] != run:
            # libvirt wrote this XML itself: no entities, no document type.
            root = ET.fromstring(domain.XMLDesc())  # noqa: S314
            disks = [t.get("dev", "") for t in root.findall("./devices/disk/target")]
            nics = [t.get("dev", "") for t in root.findall("./devices/interface/target")]
            self._devices[uuid] = (run, disks, nics)
        return self._devices[uuid][1:]
