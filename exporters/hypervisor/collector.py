"""The collector ``hypervisor``: every guest of every hypervisor this exporter watches."""

from __future__ import annotations

from collections.abc import Iterable
from importlib import import_module
from threading import Event, Lock, Thread

from exporters.hypervisor.host_protocol import Host
from exporters.hypervisor.libvirtd import host as libvirt_host
from exporters.hypervisor.metrics.compat import NAME as COMPAT
from exporters.hypervisor.metrics.fleet import silent
from exporters.hypervisor.settings import HypervisorEntry, Settings
from exporters.toolkit.collector import Collector, CollectorPlugin, Context, Deadline
from exporters.toolkit.text_family import TextFamily, labelled, merged
from inventory import Inventory
from inventory.process.logs import get_logger

_log = get_logger("vigie.hypervisor")

MARGIN_SHARE, MARGIN_SECONDS = 0.05, 0.1
"""Kept back of a scrape's time to put the hypervisors together, should one overrun its own."""


class Visit:
    """One reading under way. `families` is empty until it is `done`."""

    def __init__(self) -> None:
        self.done = Event()
        self.families: list[TextFamily] = []


class Station:
    """One host and a thread for each reading of it; whoever comes meanwhile shares that one."""

    def __init__(self, host: Host) -> None:
        self.host = host
        self._lock = Lock()
        self._visit: Visit | None = None

    def begin(self, deadline: Deadline) -> Visit:
        """Start to read the host, or join the reading that is under way."""
        with self._lock:
            if self._visit is not None and not self._visit.done.is_set():
                return self._visit
            visit = self._visit = Visit()
        # A daemon: whatever hangs in there must not keep the process from ending.
        name = f"read-{self.host.name}"[:15]
        Thread(target=self._read, args=(visit, deadline), name=name, daemon=True).start()
        return visit

    def finish(self, visit: Visit, deadline: Deadline) -> list[TextFamily]:
        """What it found, or that it did not answer."""
        left = deadline.remaining()
        visit.done.wait(left - min(MARGIN_SECONDS, left * MARGIN_SHARE))
        if visit.done.is_set() and visit.families:
            return visit.families
        return silent(self.host.name)

    def _read(self, visit: Visit, deadline: Deadline) -> None:
        try:
            visit.families = self.host.read(deadline)
        except Exception:  # noqa: BLE001 - one hypervisor must not spoil the others
            _log.exception("lecture impossible", hypervisor=self.host.name)
        finally:
            visit.done.set()


class HypervisorCollector:
    """Reads all hypervisors side by side; one that is down or hangs never hides the others."""

    def __init__(self, settings: Settings, context: Context) -> None:
        self._expected = expected_machines(context.inventory)
        self._stations = {
            e.name: Station(_host(e, settings, context)) for e in settings.hypervisors
        }
        self._scraped = [entry.name for entry in settings.hypervisors if not entry.probe]
        for station in self._stations.values():
            station.host.start()

    def collect(self, deadline: Deadline) -> Iterable[TextFamily]:
        """All hypervisors that are not for ``/probe`` alone."""
        stations = [self._stations[name] for name in self._scraped]
        visits = [(station, station.begin(deadline)) for station in stations]
        found = [family for one, visit in visits for family in one.finish(visit, deadline)]
        return merged([self._expected, *found] if self._expected.series else found)

    def collect_target(self, target: str, deadline: Deadline) -> Iterable[TextFamily]:
        """One hypervisor, by its name. Raise KeyError for one the settings do not name."""
        station = self._stations[target]
        return station.finish(station.begin(deadline), deadline)

    def close(self) -> None:
        """Let the connections go."""
        for station in self._stations.values():
            station.host.close()


def _host(entry: HypervisorEntry, settings: Settings, context: Context) -> Host:
    if entry.proxmox is not None:
        # Only who watches a Proxmox VE pays for its HTTP client.
        proxmox = import_module("exporters.hypervisor.proxmox.host")
        host: Host = proxmox.build(entry, settings, context)
        return host
    return libvirt_host.build(entry, settings, context)


def expected_machines(inventory: Inventory) -> TextFamily:
    """What the inventory wants running, wherever it is."""
    name = "hypervisor_inventory_domain_info"
    lines = [
        labelled(
            name,
            (("domain", machine.name), ("member", owner.id), ("service", machine.service or "")),
        )
        + "1\n"
        for owner in inventory.owners
        for machine in owner.virtual_machines
        if machine.should_run
    ]
    text = "A machine the inventory declares and wants running, whether or not a hypervisor has it."
    return TextFamily(name, text, "gauge", "".join(lines), len(lines))


def _build(settings: Settings, context: Context) -> Collector:
    return HypervisorCollector(settings, context)


PLUGIN = CollectorPlugin(
    name="hypervisor",
    summary="machines virtuelles des hyperviseurs libvirt et Proxmox VE",
    settings=Settings,
    build=_build,
    targets=Settings.targets,
    compat=(COMPAT,),
)
