"""One hypervisor, read over a read-only libvirt connection that is kept between scrapes."""

from __future__ import annotations

import contextlib
import threading
from collections.abc import Container
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
# A guest whose monitor is held by another job is skipped, not waited for.
_FLAGS = libvirt.VIR_CONNECT_GET_ALL_DOMAINS_STATS_NOWAIT


class HypervisorUnreachable(CollectorError):
    """libvirt did not answer for this hypervisor. The message is libvirt's."""


class Hypervisor:
    """The guests behind one libvirt URI.

    `read` may be called from two threads at once: a call that hangs on one guest must
    not keep the next from telling of the others.
    """

    def __init__(self, uri: str, declared: Container[str]) -> None:
        self._uri = uri
        self._declared = declared
        self._connection: Any = None
        self._opening = threading.Lock()
        self._one_by_one = DomainByDomain()
        start_event_loop()

    def read(self) -> tuple[Guest, ...]:
        """All guests, running or not. Raise HypervisorUnreachable.

        A connection that died since the last scrape (libvirtd restarted) is reopened once.
        """
        kept = self._connection
        if kept is not None:
            with contextlib.suppress(libvirt.libvirtError):
                return self._guests(kept)
            self._drop(kept)
        try:
            kept = self._open()
            return self._guests(kept)
        except libvirt.libvirtError as error:
            self._drop(kept)
            raise HypervisorUnreachable(str(error)) from None

    def close(self) -> None:
        """Let the connection go, if any."""
        self._drop(self._connection)

    def _open(self) -> Any:
        if not self._opening.acquire(blocking=False):
            raise HypervisorUnreachable("connection still being opened")
        try:
            if self._connection is None:
                connection = libvirt.openReadOnly(self._uri)
                with contextlib.suppress(libvirt.libvirtError):  # none for drivers in process
                    connection.setKeepAlive(KEEPALIVE_SECONDS, KEEPALIVE_PROBES)
                self._connection = connection
            return self._connection
        finally:
            self._opening.release()

    def _drop(self, connection: Any) -> None:
        # Not closed here: another call may still be inside it. It closes when the last of
        # them lets go of it, and keepalive makes sure that they do.
        if self._connection is connection:
            self._connection = None

    def _guests(self, connection: Any) -> tuple[Guest, ...]:
        records = connection.getAllDomainStats(_GROUPS, _FLAGS)
        running = [stats for _, stats in records if is_active(stats.get("state.state", 0))]
        state_only = all(key.startswith("state.") for stats in running for key in stats)
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
            guests.append(guest_from(name, uuid, complete, starts_itself))
        return tuple(guests)
