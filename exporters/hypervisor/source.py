"""One hypervisor, read over read-only libvirt connections that are kept between scrapes.

A connection serves one call at a time. libvirt allows more, but up to 9.0 at least its
client may lose the wake-up of a call made beside one that hangs (it releases its lock
just before it enters its loop): the second then hangs too, until something else arrives.
"""

from __future__ import annotations

import contextlib
import threading
from collections.abc import Container
from dataclasses import replace
from typing import Any

import libvirt

from exporters.hypervisor.events import start_event_loop
from exporters.hypervisor.fallback import DomainByDomain
from exporters.hypervisor.states import is_active
from exporters.hypervisor.stats import Guest, guest_from
from exporters.toolkit.collector import CollectorError

KEEPALIVE_SECONDS, KEEPALIVE_PROBES = 5, 3
_GROUPS = (
    libvirt.VIR_DOMAIN_STATS_STATE
    | libvirt.VIR_DOMAIN_STATS_CPU_TOTAL
    | libvirt.VIR_DOMAIN_STATS_BALLOON
    | libvirt.VIR_DOMAIN_STATS_VCPU
    | libvirt.VIR_DOMAIN_STATS_BLOCK
    | libvirt.VIR_DOMAIN_STATS_INTERFACE
)
# What libvirtd knows itself, without a word from any guest's QEMU.
_NO_MONITOR = libvirt.VIR_DOMAIN_STATS_STATE | libvirt.VIR_DOMAIN_STATS_INTERFACE
# A guest whose monitor is held by another job is skipped, not waited for.
_FLAGS = libvirt.VIR_CONNECT_GET_ALL_DOMAINS_STATS_NOWAIT


class HypervisorUnreachable(CollectorError):
    """libvirt did not answer for this hypervisor. The message is libvirt's."""


class Hypervisor:
    """The guests behind one libvirt URI.

    `read` and `read_states` may be called from several threads at once: a call that hangs
    on one guest must not keep the next from telling of the others. `idle` holds the
    connections that no call is using.
    """

    def __init__(self, uri: str, declared: Container[str]) -> None:
        self._uri = uri
        self._declared = declared
        self.idle: list[Any] = []
        self._opening = threading.Lock()
        self._one_by_one = DomainByDomain()
        start_event_loop()

    def read(self) -> tuple[Guest, ...]:
        """All guests, running or not. Raise HypervisorUnreachable.

        A connection that died since the last scrape (libvirtd restarted) is reopened once.
        """
        return self._answer(_GROUPS)

    def read_states(self) -> tuple[Guest, ...]:
        """The guests with their states and interfaces only, however many do not answer.

        Raise HypervisorUnreachable.
        """
        return self._answer(_NO_MONITOR)

    def _answer(self, groups: int) -> tuple[Guest, ...]:
        with contextlib.suppress(IndexError, libvirt.libvirtError):
            kept = self.idle.pop()
            try:
                guests = self._guests(kept, groups)
            except libvirt.libvirtError:
                self.idle.clear()  # they died together
                raise
            self.idle.append(kept)
            return guests
        try:
            opened = self._open()
            guests = self._guests(opened, groups)
        except libvirt.libvirtError as error:
            raise HypervisorUnreachable(str(error)) from None
        self.idle.append(opened)
        return guests

    def close(self) -> None:
        """Let the connections go, if any; each is closed once the last call inside it returns."""
        self.idle.clear()

    def _open(self) -> Any:
        if not self._opening.acquire(blocking=False):
            raise HypervisorUnreachable("connection still being opened")
        try:
            connection = libvirt.openReadOnly(self._uri)
            with contextlib.suppress(libvirt.libvirtError):  # none for drivers in process
                connection.setKeepAlive(KEEPALIVE_SECONDS, KEEPALIVE_PROBES)
            return connection
        finally:
            self._opening.release()

    def _guests(self, connection: Any, groups: int) -> tuple[Guest, ...]:
        records = connection.getAllDomainStats(groups, _FLAGS)
        running = [stats for _, stats in records if is_active(stats.get("state.state", 0))]
        # Asking guest by guest would hang on the first that does not answer.
        state_only = groups == _GROUPS and all(
            key.startswith("state.") for stats in running for key in stats
        )
        names = [domain.name() for domain, _ in records]
        autostart = None
        if any(name not in self._declared for name in names):
            chosen = connection.listAllDomains(libvirt.VIR_CONNECT_LIST_DOMAINS_AUTOSTART)
            autostart = {domain.UUIDString() for domain in chosen}
        guests = []
        for name, (domain, stats) in zip(names, records, strict=True):
            uuid, complete = domain.UUIDString(), stats
            if state_only and is_active(stats.get("state.state", 0)):
                complete = {**self._one_by_one.stats(domain), **stats}
            starts_itself = None if autostart is None else uuid in autostart
            guest = guest_from(name, uuid, complete, starts_itself)
            if groups == _NO_MONITOR and is_active(guest.state) and _is_held(domain):
                guest = replace(guest, responsive=False)
            guests.append(guest)
        return tuple(guests)


def _is_held(domain: Any) -> bool:
    """Whether some call waits for this guest's QEMU, or its monitor broke."""
    with contextlib.suppress(libvirt.libvirtError):
        held = (libvirt.VIR_DOMAIN_CONTROL_OCCUPIED, libvirt.VIR_DOMAIN_CONTROL_ERROR)
        return domain.controlInfo()[0] in held
    return False
