"""The lane of jobs (migrations, saves, dumps, backups) and of disks in error, every 15 seconds.

Two calls a guest, so they take turns: at most SHARE guests a round, and beside them all that
had something to tell in the last one or are paused by an error.

These calls may wait for a guest's monitor; so they have a connection and a thread of their
own, ask nothing of a guest known to be stuck nor of one whose monitor another call holds,
and ask for details only where there is something to tell.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

import libvirt

from exporters.hypervisor.libvirtd.kept_connection import KeptConnection
from exporters.hypervisor.libvirtd.site import Site
from exporters.hypervisor.metrics.jobs import families
from exporters.hypervisor.rendering_lane import RenderingLane
from exporters.toolkit.text_family import TextFamily

INTERVAL, SHARE = 15.0, 50
_HELD = (libvirt.VIR_DOMAIN_CONTROL_OCCUPIED, libvirt.VIR_DOMAIN_CONTROL_ERROR)
_RUNNING = (libvirt.VIR_DOMAIN_JOB_BOUNDED, libvirt.VIR_DOMAIN_JOB_UNBOUNDED)
State = tuple[int | None, int | None]
_ON_ERROR: State = (libvirt.VIR_DOMAIN_PAUSED, libvirt.VIR_DOMAIN_PAUSED_IOERROR)
_MIGRATING: State = (libvirt.VIR_DOMAIN_PAUSED, libvirt.VIR_DOMAIN_PAUSED_MIGRATION)
_TELLING = (_ON_ERROR, _MIGRATING)
_LISTED = (
    libvirt.VIR_CONNECT_GET_ALL_DOMAINS_STATS_ACTIVE
    | libvirt.VIR_CONNECT_GET_ALL_DOMAINS_STATS_NOWAIT
)


@dataclass(frozen=True, slots=True)
class Busy:
    """A domain with a job or a disk in error. `job` is ``virDomainGetJobStats``'s answer, empty
    when none runs; `errors` are ``virDomainDiskErrorCode`` by device."""

    name: str
    job: Mapping[str, Any] = field(default_factory=dict)
    errors: Mapping[str, int] = field(default_factory=dict)


class JobsLane(RenderingLane):
    """Has a connection of its own."""

    def __init__(self, site: Site, interval: float = INTERVAL) -> None:
        super().__init__(site.name, "jobs", interval, site.now, site.rounds.take)
        self._site = site
        self._kept = KeptConnection(site.door())
        self._turn = 0
        self._told: frozenset[str] = frozenset()

    def let_go(self) -> None:
        """See RenderingLane."""
        self._kept.close()

    def read(self) -> tuple[TextFamily, ...]:
        """One round. Raise HypervisorUnreachable when the connection could not last it."""
        busy = dict(self._busy(self._kept.get()))
        self._kept.check()
        self._told = frozenset(busy)
        return families(self._site.name, tuple(busy.values()))

    def _asked(self, connection: Any) -> Iterator[tuple[Any, str, State]]:
        """Those whose turn it is, and those with something to tell: domain, uuid, state."""
        listed = connection.getAllDomainStats(libvirt.VIR_DOMAIN_STATS_STATE, _LISTED)
        rounds = max(1, -(-len(listed) // SHARE))
        self._turn += 1
        for number, (domain, stats) in enumerate(listed):
            uuid = domain.UUIDString()
            state = stats.get("state.state"), stats.get("state.reason")
            if number % rounds == self._turn % rounds or uuid in self._told or state in _TELLING:
                yield domain, uuid, state

    def _busy(self, connection: Any) -> Iterator[tuple[str, Busy]]:
        for domain, uuid, state in self._asked(connection):
            if uuid in self._site.stuck:
                continue
            try:
                if domain.controlInfo()[0] in _HELD:
                    continue
                job = domain.jobStats() if domain.jobInfo()[0] in _RUNNING else {}
                errors = (domain.diskErrors() or {}) if state == _ON_ERROR else {}
            except libvirt.libvirtError:
                continue  # it ended meanwhile, or the driver has no jobs
            if job.get("type") in _RUNNING or errors:
                yield uuid, Busy(domain.name(), job, errors)
