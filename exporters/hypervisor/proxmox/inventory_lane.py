"""The lane of details: what each guest's QEMU says, and what its configuration says.

Two calls a round tell of all guests of the node; a configuration is read once in five minutes
and when its guest is new, for at most ten seconds a round. What a scrape shows of disks,
interfaces and memory is hence at most a round old.
"""

from __future__ import annotations

from collections.abc import Mapping
from time import monotonic
from typing import Any

from exporters.hypervisor.identity import Judgement, Register
from exporters.hypervisor.lane import Lane, LaneStatus
from exporters.hypervisor.metrics import facts as fact_metrics
from exporters.hypervisor.metrics.build import Families
from exporters.hypervisor.model import DomainFacts, Identity
from exporters.hypervisor.proxmox.client import Client, row, rows
from exporters.hypervisor.proxmox.configuration import GuestConfiguration
from exporters.hypervisor.proxmox.details import Detail, configured, operations
from exporters.hypervisor.proxmox.errors import BadAnswer, Refused, Unreachable
from exporters.hypervisor.proxmox.guests import Listed, listed
from exporters.hypervisor.proxmox.site import Site
from exporters.toolkit.text_family import TextFamily
from inventory.process.logs import get_logger

INTERVAL, RESYNC = 15.0, 300.0
CONFIGURATIONS_SECONDS, CALL_SECONDS = 10.0, 8.0
_log = get_logger("vigie.hypervisor")


class InventoryLane:
    """See `exporters.hypervisor.host_protocol.InventoryLane`."""

    def __init__(
        self, site: Site, client: Client, interval: float = INTERVAL, resync: float = RESYNC
    ) -> None:
        self._site, self._client, self._resync = site, client, resync
        self._register = Register(site.context.inventory)
        self._read_at: dict[str, float] = {}
        self._configs: dict[str, dict[str, Any]] = {}
        self._denied = 0
        self._started: dict[str, float] = {}
        self._judged: dict[str, tuple[str, Judgement]] = {}
        self._lane: Lane[Detail] = Lane(
            site.name, "inventory", self._round, interval, site.now, at_end=client.close
        )

    @property
    def detail(self) -> Detail:
        """What the last round found; nothing before the first and once it is too old."""
        return self._lane.served or Detail()

    @property
    def facts(self) -> Mapping[str, DomainFacts]:
        """See InventoryLane."""
        return self.detail.facts

    @property
    def families(self) -> tuple[TextFamily, ...]:
        """See BackgroundLane."""
        return self.detail.families

    def identity(self, name: str, uuid: str) -> Identity:
        """See InventoryLane."""
        known, judgement = self._judged.get(uuid, ("", None))
        if judgement is not None and known == name:
            return judgement.identity
        return self._register.judge(name, {}, None).identity

    def start(self) -> None:
        """See BackgroundLane."""
        self._lane.start()

    def wake(self) -> None:
        """A scrape saw a guest that the last round did not: look at once."""
        self._lane.wake()

    def stop(self) -> None:
        """See BackgroundLane."""
        self._lane.stop()

    def status(self) -> LaneStatus:
        """See BackgroundLane."""
        return self._lane.status()

    def _round(self) -> Detail:
        node = self._site.node
        resources = self._client.get("cluster", "resources", type="vm", seconds=CALL_SECONDS)
        guests = listed(rows(resources, "/cluster/resources"), node)
        details: dict[str, dict[str, Any]] = {}
        for kind, query in (("qemu", {"full": 1}), ("lxc", {})):
            if any(guest.kind == kind for guest in guests):
                path = f"/nodes/{node}/{kind}"
                told = self._client.get("nodes", node, kind, seconds=CALL_SECONDS, **query)
                details |= {f"{kind}/{one.get('vmid')}": one for one in rows(told, path)}
        self._read_configurations(guests)
        return self._found(guests, details)

    def _read_configurations(self, guests: list[Listed]) -> None:
        present = {guest.key for guest in guests}
        self._configs = {key: one for key, one in self._configs.items() if key in present}
        self._read_at = {key: at for key, at in self._read_at.items() if key in present}
        end, denied = monotonic() + CONFIGURATIONS_SECONDS, 0
        due = [one for one in guests if monotonic() - self._last_read(one) >= self._resync]
        for guest in sorted(due, key=self._last_read):
            left = end - monotonic()
            if left <= 0:
                self._lane.wake()  # the next round goes on at once where this one ends
                break
            try:
                self._configs[guest.key] = self._configuration(guest, min(left, CALL_SECONDS))
            except Refused:
                denied += 1
            except BadAnswer:
                pass  # destroyed or moved between the list and now; asked again when due
            except Unreachable:
                break
            self._read_at[guest.key] = monotonic()
        if denied and not self._denied:
            _log.warning(
                "configurations refusées au jeton",
                hypervisor=self._site.name,
                guests=denied,
                expected="le rôle PVEAuditor sur /vms",
            )
        self._denied = denied

    def _last_read(self, guest: Listed) -> float:
        return self._read_at.get(guest.key, -self._resync)

    def _configuration(self, guest: Listed, seconds: float) -> dict[str, Any]:
        path = ("nodes", self._site.node, guest.kind, guest.vmid, "config")
        return row(self._client.get(*path, seconds=seconds), "/".join(map(str, path)))

    def _found(self, guests: list[Listed], details: dict[str, dict[str, Any]]) -> Detail:
        now = self._site.now()
        configurations: dict[str, GuestConfiguration] = {}
        lines: list[fact_metrics.Lines] = []
        judged: dict[str, tuple[str, Judgement]] = {}
        started: dict[str, float] = {}
        uuids: set[str] = set()
        families = Families(self._site.name)
        for guest in guests:
            detail = details.get(guest.key)
            operations(families, guest, detail)
            config = self._configs.get(guest.key)
            if config is None:
                continue
            before = self._started.get(guest.key)
            one = configured(guest, config, detail, now=now, started_before=before, taken=uuids)
            uuids.add(one.facts.uuid)
            if one.facts.started_at is not None:
                started[guest.key] = one.facts.started_at
            judgement = self._register.judge(guest.name, one.facts.written, one.facts.autostart)
            judged[one.facts.uuid] = (guest.name, judgement)
            configurations[guest.key] = one
            lines.append(fact_metrics.lines_of(self._site.name, one.facts, judgement))
        self._started, self._judged = started, judged
        facts = {one.facts.uuid: one.facts for one in configurations.values()}
        rendered = (*fact_metrics.families(lines), *families.rendered())
        return Detail(
            details, configurations, facts, rendered, frozenset(one.key for one in guests)
        )
