"""The slow lane: storages and what lies on them, snapshots, certificates, the node itself.

What the token may not see has no series; the rest has. Each guest's snapshots are read once in
five minutes, for at most ten seconds a round.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from time import monotonic
from typing import Any

from exporters.hypervisor.holdings import DomainSnapshots, Pool
from exporters.hypervisor.metrics.certificates import certificate_families
from exporters.hypervisor.metrics.host import (
    host_families,
    reserved_families,
    software_families,
)
from exporters.hypervisor.metrics.snapshots import snapshot_families
from exporters.hypervisor.metrics.storage import pool_families
from exporters.hypervisor.proxmox import holdings
from exporters.hypervisor.proxmox.client import Client, row, rows
from exporters.hypervisor.proxmox.errors import BadAnswer, ProxmoxError, Refused, Unreachable
from exporters.hypervisor.proxmox.guests import listed
from exporters.hypervisor.proxmox.site import Site
from exporters.hypervisor.rendering_lane import RenderingLane
from exporters.toolkit.text_family import TextFamily

INTERVAL, RESYNC = 60.0, 300.0
SNAPSHOTS_SECONDS, CALL_SECONDS = 10.0, 8.0


class SlowLane(RenderingLane):
    """Has a session of its own."""

    def __init__(self, site: Site, client: Client, interval: float = INTERVAL) -> None:
        super().__init__(site.name, "slow", interval, site.now)
        self._site, self._client = site, client
        self._snapshots: dict[str, tuple[float, list[dict[str, Any]] | None]] = {}

    def let_go(self) -> None:
        """See RenderingLane."""
        self._client.close()

    def read(self) -> tuple[TextFamily, ...]:
        """One round. Raise ProxmoxError when the API is out of reach or refuses everything."""
        name, refused = self._site.name, []
        found: list[TextFamily] = []
        parts: tuple[Callable[[], Iterable[TextFamily]], ...] = (
            lambda: software_families(
                name, holdings.software(self._row("version"), self._site.entry.cluster)
            ),
            lambda: host_families(name, holdings.capacity(self._row(*self._node("status")))),
            lambda: certificate_families(
                name, holdings.certificates(self._rows(*self._node("certificates", "info")))
            ),
            lambda: pool_families(name, self._pools()),
            lambda: snapshot_families(name, self._all_snapshots()),
        )
        for part in parts:
            try:
                found += part()
            except (Refused, BadAnswer) as error:
                refused.append(error)
        if len(refused) == len(parts):
            raise refused[0]
        reserved = self._site.entry.memory_reserved
        return (*found, *reserved_families(name, reserved or None))

    def _node(self, *path: str | int) -> tuple[str | int, ...]:
        return ("nodes", self._site.node, *path)

    def _row(self, *path: str | int) -> dict[str, Any]:
        return row(self._client.get(*path, seconds=CALL_SECONDS), "/".join(map(str, path)))

    def _rows(self, *path: str | int, **query: str) -> list[dict[str, Any]]:
        told = self._client.get(*path, seconds=CALL_SECONDS, **query)
        return rows(told, "/".join(map(str, path)))

    def _pools(self) -> Iterable[Pool]:
        for storage in self._rows(*self._node("storage")):
            content = None
            if holdings.holds_guests(storage):
                try:
                    content = self._rows(*self._node("storage", storage["storage"], "content"))
                except (Refused, BadAnswer, KeyError):
                    content = None  # Datastore.Audit missing, or the storage just went
            pool = holdings.pool(storage, content, self._site.entry.volumes_limit)
            if pool is not None:
                yield pool

    def _all_snapshots(self) -> Iterable[DomainSnapshots]:
        resources = self._rows("cluster", "resources", type="vm")
        guests = listed(resources, self._site.node)
        known = self._snapshots
        self._snapshots = {one.key: known[one.key] for one in guests if one.key in known}
        end, never = monotonic() + SNAPSHOTS_SECONDS, (-RESYNC, None)
        for guest in sorted(guests, key=lambda one: self._snapshots.get(one.key, never)[0]):
            at, kept = self._snapshots.get(guest.key, never)
            left = end - monotonic()
            if left > 0 and monotonic() - at >= RESYNC:
                path = self._node(guest.kind, guest.vmid, "snapshot")
                try:
                    told = self._client.get(*path, seconds=min(left, CALL_SECONDS))
                    kept = rows(told, "/".join(map(str, path)))
                except Unreachable:
                    end = 0.0  # the next round goes on where this one ended
                    continue
                except ProxmoxError:
                    kept = None
                self._snapshots[guest.key] = (monotonic(), kept)
            if kept is not None:
                yield holdings.snapshots(guest.name, kept)
