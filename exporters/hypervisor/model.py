"""What every back end tells of a hypervisor, whatever runs it. No I/O.

Statistics speak libvirt's vocabulary (``virConnectGetAllDomainStats``: field names, units,
absent fields absent); another back end translates into it, so that metrics, rules and
dashboards need not care.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any


@dataclass(frozen=True, slots=True)
class GuestStats:
    """One domain in one scrape.

    `run` changes whenever the guest starts anew (libvirt's domain id) and is -1 when it does
    not run. `raw` is libvirt's flat dictionary. `responsive` is None when nobody asked the
    guest's monitor or when it has none; `stuck_seconds` says for how long it has not answered.
    """

    name: str
    uuid: str
    run: int
    raw: Mapping[str, Any]
    responsive: bool | None = None
    stuck_seconds: float | None = None


@dataclass(frozen=True, slots=True)
class DiskFacts:
    """One ``<disk>`` of a domain's XML.

    `target` is the device's name in statistics; `device` is disk, cdrom, floppy or lun;
    `kind` is file, block, network, volume…; `source` is a path, ``pool/volume`` or
    ``protocol:name``, "" for an empty drive. `depth` counts the images under the top one, None
    where that is not known (libvirt follows the chain of a running guest only).
    `limits` are those of ``<iotune>`` that are set (``total_bytes_sec`` and the like).
    """

    target: str
    device: str = "disk"
    kind: str = ""
    source: str = ""
    bus: str = ""
    format: str = ""
    depth: int | None = None
    limits: Mapping[str, int] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class NicFacts:
    """One ``<interface>`` in the XML's order. `target` is "" where libvirt gives none (SR-IOV).

    `bridge` is the host's bridge it is on, also where `source` names a virtual network.
    """

    target: str = ""
    mac: str = ""
    kind: str = ""
    source: str = ""
    model: str = ""
    bridge: str = ""


@dataclass(frozen=True, slots=True)
class DomainFacts:
    """What changes seldom of a domain, kept between scrapes. None: not known, no series.

    `started_at` is when its QEMU began (Unix seconds); `drift` whether the live configuration
    differs from the persistent one; `outdated` whether a newer QEMU has been installed since it
    started; `agent_connected` is None for a guest without an agent channel. `written` is what
    its metadata says, as written: untrusted.
    """

    uuid: str
    name: str
    autostart: bool | None = None
    persistent: bool | None = None
    managed_save: bool | None = None
    drift: bool | None = None
    outdated: bool | None = None
    started_at: float | None = None
    agent_connected: bool | None = None
    machine: str = ""
    arch: str = ""
    emulator: str = ""
    memory_bytes: int | None = None
    vcpus: int | None = None
    disks: tuple[DiskFacts, ...] = ()
    nics: tuple[NicFacts, ...] = ()
    written: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Identity:
    """Whose a domain is and what it serves; "" when nobody's. `should_run`: None, unknown."""

    member: str = ""
    service: str = ""
    should_run: bool | None = None
