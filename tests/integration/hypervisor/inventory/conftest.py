"""Inventory and jobs lanes on any URI, and what they tell, as a dictionary."""

from __future__ import annotations

import libvirt
import pytest

from deploy.estate.child import wait_until
from deploy.estate.qemu import QemuGuest
from exporters.hypervisor.libvirtd.connection import Address
from exporters.hypervisor.libvirtd.inventory_lane import InventoryLane
from exporters.hypervisor.libvirtd.jobs import JobsLane
from exporters.hypervisor.libvirtd.site import Site
from exporters.hypervisor.settings import HypervisorEntry, Settings
from exporters.toolkit.collector import Context
from inventory.process import system_clock

P = "hypervisor_domain_"
GUESTS = (QemuGuest("valmont-web", "running"), QemuGuest("mx1"), QemuGuest("banc-essai", "off"))


class Told:
    """A lane, asked by short names."""

    def __init__(self, lane, site):
        self.lane, self.site = lane, site

    def series(self, name):
        """Label values without the hypervisor's, in alphabetical order of names -> value."""
        found = {}
        for family in self.lane.families:
            if family.sample_name == name:
                for sample in family.samples:
                    labels = sorted(sample.labels.items())
                    key = tuple(value for label, value in labels if label != "hypervisor")
                    assert key not in found, f"twice: {sample}"
                    found[key] = sample.value
        return found

    def count(self, domain, event):
        return self.series(f"{P}events_total").get((domain, event))

    def counts(self, domain):
        series = self.series(f"{P}events_total")
        return {event: n for (name, event), n in series.items() if name == domain and n}

    def value(self, name, *key):
        return self.series(name).get(key)

    def until(self, check, what, seconds=10):
        wait_until(check, what, seconds)

    def until_counted(self, domain, event, number=1, seconds=10):
        self.until(lambda: self.count(domain, event) == number, f"{domain}: {event}", seconds)


@pytest.fixture
def site_of(example_inventory):
    def make(uri, folder=None, clock=system_clock):
        entry = HypervisorEntry(name="hv1", uri=uri)
        return Site(entry, Settings(), Context(example_inventory, clock, folder), Address(uri))

    return make


@pytest.fixture
def follow(site_of):
    """Starts an inventory lane and waits for its first round."""
    lanes = []

    def start(uri, folder=None, **timing):
        site = site_of(uri, folder)
        lane = InventoryLane(site, **timing)
        lanes.append(lane)
        lane.start()
        wait_until(lambda: lane.status().succeeded_at is not None, "le premier tour", 20)
        return Told(lane, site)

    yield start
    for lane in lanes:
        lane.stop()


@pytest.fixture
def follow_jobs(site_of):
    lanes = []

    def start(uri, interval=0.2):
        site = site_of(uri)
        lane = JobsLane(site, interval)
        lanes.append(lane)
        lane.start()
        wait_until(lambda: lane.status().succeeded_at is not None, "le premier tour", 20)
        return Told(lane, site)

    yield start
    for lane in lanes:
        lane.stop()


@pytest.fixture(scope="module")
def guests():
    return GUESTS


@pytest.fixture
def fresh(qemu):
    """One guest of its own for a test that ends it."""
    names = []

    def make(name, start="paused"):
        qemu.add(QemuGuest(name, start))
        names.append(name)
        return qemu.machine(name)

    yield make
    connection = libvirt.open(qemu.uri)
    for domain in connection.listAllDomains():
        if domain.name() in names:
            if domain.isActive():
                domain.destroy()
            domain.undefineFlags(libvirt.VIR_DOMAIN_UNDEFINE_MANAGED_SAVE)
    connection.close()
