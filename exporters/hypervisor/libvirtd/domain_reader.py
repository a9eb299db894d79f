"""Domains of one connection -> facts. No call here asks a guest's monitor: tried one by one
against a stopped QEMU, none of them waits for it.
"""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from functools import cache
from typing import Any

import libvirt

from exporters.hypervisor.libvirtd import qemu_processes
from exporters.hypervisor.libvirtd.domain_xml import DomainXmlError, read_domain
from exporters.hypervisor.model import DomainFacts
from exporters.hypervisor.states import is_active
from inventory.process.logs import get_logger

_log = get_logger("vigie.hypervisor")
_FLAGS = {
    "autostart": libvirt.VIR_CONNECT_LIST_DOMAINS_AUTOSTART,
    "persistent": libvirt.VIR_CONNECT_LIST_DOMAINS_PERSISTENT,
    "managed_save": libvirt.VIR_CONNECT_LIST_DOMAINS_MANAGEDSAVE,
}
_GONE = (libvirt.VIR_ERR_NO_DOMAIN, libvirt.VIR_ERR_OPERATION_INVALID)
"""``OPERATION_INVALID`` is what a call on a guest says that stopped in the middle of it."""


@dataclass(frozen=True, slots=True)
class DomainReading:
    """One domain now: its facts, its state and libvirt's id (-1 when it does not run)."""

    facts: DomainFacts
    state: int
    run: int


@dataclass(frozen=True, slots=True)
class _Flags:
    autostart: bool | None
    persistent: bool | None
    managed_save: bool | None


class DomainReader:
    """Reads domains. `known_start` tells what is known of a process's start (uuid, id)
    on another machine, where its processes cannot be seen."""

    def __init__(
        self, hypervisor: str, local: bool, known_start: Callable[[str, int], float | None]
    ) -> None:
        self._hypervisor, self._local, self._known_start = hypervisor, local, known_start
        self._complaints: dict[str, str] = {}
        self._began: dict[tuple[str, int], float] = {}

    def all(self, connection: Any) -> Iterator[DomainReading]:
        """Every domain. One that vanishes meanwhile is left out. Raise libvirt.libvirtError."""
        self._began = {}
        domains = connection.listAllDomains()
        marked: dict[str, set[str]] = {}
        for mark, flag in _FLAGS.items():
            with contextlib.suppress(libvirt.libvirtError):  # a driver may lack one
                marked[mark] = {one.UUIDString() for one in connection.listAllDomains(flag)}
        self._complaints = {
            uuid: complaint
            for uuid, complaint in self._complaints.items()
            if uuid in {domain.UUIDString() for domain in domains}
        }

        def flags(domain: Any) -> _Flags:
            uuid = domain.UUIDString()
            return _Flags(**{mark: _in(uuid, marked.get(mark)) for mark in _FLAGS})

        return self._read(domains, flags)

    def some(self, connection: Any, uuids: Iterable[str]) -> Iterator[DomainReading]:
        """Those of these domains that exist. Raise libvirt.libvirtError."""
        domains = []
        for uuid in uuids:
            try:
                domains.append(connection.lookupByUUIDString(uuid))
            except libvirt.libvirtError as error:
                if error.get_error_code() not in _GONE:
                    raise
        return self._read(domains, _asked)

    def _read(
        self, domains: Iterable[Any], flags: Callable[[Any], _Flags]
    ) -> Iterator[DomainReading]:
        starts = cache(qemu_processes.started_at)  # once a round, and only if a guest runs
        for domain in domains:
            try:
                yield self._one(domain, flags(domain), starts)
            except libvirt.libvirtError as error:
                if error.get_error_code() not in _GONE:
                    raise

    def _one(
        self, domain: Any, flags: _Flags, starts: Callable[[], Mapping[str, float]]
    ) -> DomainReading:
        uuid, state, run = domain.UUIDString(), domain.state(0)[0], domain.ID()
        active = is_active(state)
        found = DomainFacts(uuid=uuid, name=domain.name())
        try:
            live = read_domain(domain.XMLDesc(0))
            found = replace(live.facts, uuid=uuid, name=domain.name())
            if active and flags.persistent:
                stored = read_domain(domain.XMLDesc(libvirt.VIR_DOMAIN_XML_INACTIVE))
                found = replace(found, drift=live.compared != stored.compared)
            self._complaints.pop(uuid, None)
        except (DomainXmlError, libvirt.libvirtError) as error:
            if isinstance(error, libvirt.libvirtError) and not _this_one_alone(domain, error):
                raise
            self._complain(uuid, found.name, str(error))
        started = outdated = None
        if active:
            heard = self._known_start(uuid, run)
            started = (self._process_start(uuid, run, starts) if self._local else None) or heard
        if started is not None and self._local:
            installed = qemu_processes.installed_at(found.emulator)
            outdated = None if installed is None else installed > started
        facts = replace(
            found,
            autostart=flags.autostart,
            persistent=flags.persistent,
            managed_save=flags.managed_save,
            started_at=started,
            outdated=outdated,
        )
        return DomainReading(facts, state, run)

    def _process_start(
        self, uuid: str, run: int, starts: Callable[[], Mapping[str, float]]
    ) -> float | None:
        """As /proc tells, which is only looked through for a run not seen since the last reading
        of all: it costs more than all that libvirt is asked of a domain."""
        if (uuid, run) not in self._began:
            found = starts().get(uuid)
            if found is None:
                return None
            self._began[uuid, run] = found
        return self._began[uuid, run]

    def _complain(self, uuid: str, name: str, complaint: str) -> None:
        if self._complaints.get(uuid) != complaint:
            _log.warning(
                "description de machine illisible",
                hypervisor=self._hypervisor,
                domain=name,
                error=complaint,
            )
        self._complaints[uuid] = complaint


def _this_one_alone(domain: Any, error: libvirt.libvirtError) -> bool:
    """Whether a call failed for this domain and not for all, nor because it is no more."""
    return error.get_error_code() not in _GONE and bool(domain.connect().isAlive())


def _in(uuid: str, marked: set[str] | None) -> bool | None:
    return None if marked is None else uuid in marked


def _asked(domain: Any) -> _Flags:
    """The same of one domain, asked one by one."""
    answers: dict[str, bool | None] = dict.fromkeys(_FLAGS)
    calls = {
        "autostart": domain.autostart,
        "persistent": domain.isPersistent,
        "managed_save": lambda: domain.hasManagedSaveImage(0),
    }
    for mark, call in calls.items():
        try:
            answers[mark] = bool(call())
        except libvirt.libvirtError as error:
            if error.get_error_code() == libvirt.VIR_ERR_NO_DOMAIN:
                raise
    return _Flags(**answers)
