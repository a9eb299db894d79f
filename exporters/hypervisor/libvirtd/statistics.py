"""libvirt's bulk statistics: what is asked, and what an answer says of a guest's monitor."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

import libvirt

from exporters.hypervisor.libvirtd.caller import Link
from exporters.hypervisor.libvirtd.fallback import DomainByDomain
from exporters.hypervisor.states import is_active

Raw = Mapping[str, Any]
Record = tuple[str, str, int, Raw]
"""Name, uuid, domain id (-1 when it does not run) and libvirt's flat dictionary."""

_GROUPS = {
    "state": libvirt.VIR_DOMAIN_STATS_STATE,
    "cpu": libvirt.VIR_DOMAIN_STATS_CPU_TOTAL,
    "balloon": libvirt.VIR_DOMAIN_STATS_BALLOON,
    "vcpu": libvirt.VIR_DOMAIN_STATS_VCPU,
    "interface": libvirt.VIR_DOMAIN_STATS_INTERFACE,
    "block": libvirt.VIR_DOMAIN_STATS_BLOCK,
    "iothread": libvirt.VIR_DOMAIN_STATS_IOTHREAD,
    "dirtyrate": libvirt.VIR_DOMAIN_STATS_DIRTYRATE,
    "memory": libvirt.VIR_DOMAIN_STATS_MEMORY,
    "perf": libvirt.VIR_DOMAIN_STATS_PERF,
}
_WITHOUT_MONITOR = libvirt.VIR_DOMAIN_STATS_STATE | libvirt.VIR_DOMAIN_STATS_INTERFACE
_OF_IDLE = (
    libvirt.VIR_DOMAIN_STATS_STATE
    | libvirt.VIR_DOMAIN_STATS_BALLOON
    | libvirt.VIR_DOMAIN_STATS_VCPU
    | libvirt.VIR_DOMAIN_STATS_BLOCK
)
_NOWAIT = libvirt.VIR_CONNECT_GET_ALL_DOMAINS_STATS_NOWAIT


def flags_of(groups: Iterable[str]) -> int:
    """libvirt's bits for these groups, and always the state."""
    bits: int = libvirt.VIR_DOMAIN_STATS_STATE
    for group in groups:
        bits |= _GROUPS[group]
    return bits


def _records(answer: Iterable[tuple[Any, Raw]]) -> list[Record]:
    return [(d.name(), d.UUIDString(), d.ID(), raw) for d, raw in answer]


def census(link: Link) -> list[Record]:
    """Every guest with its state: never touches a monitor. Raise libvirt.libvirtError."""
    return _records(link.connection.getAllDomainStats(libvirt.VIR_DOMAIN_STATS_STATE, 0))


class Statistics:
    """The groups of one hypervisor."""

    def __init__(self, groups: Sequence[str]) -> None:
        self._flags = flags_of(groups)
        self._less = self._flags & _WITHOUT_MONITOR
        self._balloon, self._block = "balloon" in groups, "block" in groups
        self._one_by_one = DomainByDomain()

    def whole(self, link: Link, uuids: Sequence[str], active: bool) -> list[Record]:
        """All groups of these guests; one that another call waits for is told of in part.

        Of guests that do not run (not `active`) only what they are configured to have.
        """
        domains = link.domains(uuids)
        if not domains:
            return []
        flags = self._flags if active else self._flags & _OF_IDLE
        records = _records(link.connection.domainListGetStats(domains, flags, _NOWAIT))
        if self._poor(records) and link.connection.getType() != "QEMU":
            by_uuid = {domain.UUIDString(): domain for domain in domains}
            return [
                (name, uuid, run, {**self._one_by_one.stats(by_uuid[uuid]), **raw})
                if is_active(raw.get("state.state", 0))
                else (name, uuid, run, raw)
                for name, uuid, run, raw in records
            ]
        return records

    def less(self, link: Link, uuids: Sequence[str]) -> list[Record]:
        """What no guest can hold up: states and interfaces."""
        domains = link.domains(uuids)
        if not domains:
            return []
        return _records(link.connection.domainListGetStats(domains, self._less, _NOWAIT))

    def answered(self, raw: Raw) -> bool | None:
        """Whether a QEMU guest's monitor answered; None for a driver that has none.

        Of a guest it skipped libvirt still says what the kernel accounts: its CPU time in user
        mode, which no other driver has.
        """
        if self._balloon:
            if "balloon.rss" in raw:
                return True
        elif self._block:
            if "block.count" in raw:
                return True
        else:
            return None
        return False if "cpu.user" in raw or "vcpu.0.delay" in raw else None

    @staticmethod
    def _poor(records: Iterable[Record]) -> bool:
        active = [raw for *_, raw in records if is_active(raw.get("state.state", 0))]
        return bool(active) and all(key.startswith("state.") for raw in active for key in raw)


def held_for(link: Link, uuids: Sequence[str]) -> dict[str, float | None]:
    """Of these guests, those whose monitor is held: seconds since, None when it is broken.

    ``virDomainGetControlInfo`` never waits for the guest.
    """
    found: dict[str, float | None] = {}
    for domain in link.domains(uuids):
        try:
            state, _, milliseconds = domain.controlInfo()
        except libvirt.libvirtError:
            continue  # gone, or a driver without monitors
        if state == libvirt.VIR_DOMAIN_CONTROL_OCCUPIED:
            found[domain.UUIDString()] = milliseconds / 1000
        elif state == libvirt.VIR_DOMAIN_CONTROL_ERROR:
            found[domain.UUIDString()] = None
    return found
