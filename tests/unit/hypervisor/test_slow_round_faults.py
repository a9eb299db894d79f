"""What one domain or one network that cannot be read costs the slow lane: itself."""

from __future__ import annotations

import libvirt
import pytest

from exporters.hypervisor.libvirtd.event_loop import start_event_loop
from exporters.hypervisor.libvirtd.slow_round import SlowRound
from exporters.hypervisor.settings import HypervisorEntry
from inventory.process.logs import capture

URI = "test:///default"
DOMAIN = """
<domain type='test'><name>{name}</name><memory unit='MiB'>16</memory><os><type>hvm</type></os>
</domain>"""
NETWORK = """
<network><name>interne</name><bridge name='vigie-none'/>
  <ip address='10.99.0.1' netmask='255.255.255.0'/></network>
"""


class _Odd(libvirt.libvirtError):
    """An error no reader expects of one object."""

    def __init__(self, code: int = libvirt.VIR_ERR_INTERNAL_ERROR) -> None:
        Exception.__init__(self, "métadonnées illisibles")
        self._code = code

    def get_error_code(self) -> int:
        return self._code


@pytest.fixture
def connection():
    start_event_loop()
    opened = libvirt.open(URI)
    for name in ("mx1", "mx2"):
        opened.defineXML(DOMAIN.format(name=name))
    opened.networkCreateXML(NETWORK)
    yield opened
    for name in ("mx1", "mx2"):
        opened.lookupByName(name).undefine()
    opened.networkLookupByName("interne").destroy()
    opened.close()


@pytest.fixture
def odd(monkeypatch):
    """Let a method of libvirt fail for the objects of these names."""

    def fail(kind, method, error, *names, answers=None):
        real = getattr(kind, method)

        def called(self, *arguments):
            if self.name() in names:
                raise error
            return real(self, *arguments) if answers is None else answers

        monkeypatch.setattr(kind, method, called)

    return fail


@pytest.fixture
def read(connection):
    """One round: (name without ``hypervisor_``, label values but the hypervisor's) -> value."""
    rounds = SlowRound(HypervisorEntry(name="hv1", uri=URI))

    def once():
        return {
            (
                sample.name.removeprefix("hypervisor_"),
                *(value for key, value in sorted(sample.labels.items()) if key != "hypervisor"),
            ): sample.value
            for family in rounds.read(connection)
            for sample in family.samples
        }

    return once


@pytest.fixture
def told():
    """What the log says."""
    with capture() as entries:
        yield entries


def test_a_domain_whose_snapshots_cannot_be_listed_costs_itself(odd, read, told):
    assert read()["pool_orphan_volumes", "default-pool"] == 0
    odd(libvirt.virDomain, "listAllSnapshots", _Odd(), "mx1")
    for _ in range(2):
        found = read()
        known = {labels[0] for name, *labels in found if name == "domain_snapshots"}
        assert known == {"test", "mx2"}
        assert found["slow_section_up", "snapshots"] == 0  # not all of it could be read
        # What mx1's snapshots refer to is not known.
        assert ("pool_orphan_volumes", "default-pool") not in found
        assert found["slow_section_up", "orphans"] == found["slow_section_up", "networks"] == 1
    odd(libvirt.virDomain, "listAllCheckpoints", _Odd(), "mx2")
    assert ("domain_snapshots", "test") in read()
    assert [entry["error"] for entry in told] == [  # each once, however many rounds
        "mx1 : métadonnées illisibles",
        "mx1 : métadonnées illisibles (et 1 de plus)",
    ]


def test_what_comes_back_is_whole_again(odd, read, monkeypatch):
    with monkeypatch.context():
        odd(libvirt.virDomain, "listAllSnapshots", _Odd(), "mx1")
        assert read()["slow_section_up", "snapshots"] == 0
    monkeypatch.undo()
    found = read()
    assert found["slow_section_up", "snapshots"] == 1
    assert found["domain_snapshots", "mx1"] == found["pool_orphan_volumes", "default-pool"] == 0


def test_a_network_whose_leases_cannot_be_read_costs_these_leases(odd, read):
    odd(libvirt.virNetwork, "DHCPLeases", _Odd(), "interne", answers=[{}, {}])
    found = read()
    assert found["network_dhcp_leases", "default"] == 2
    assert ("network_dhcp_leases", "interne") not in found
    assert found["network_active", "interne"] == found["network_active", "default"] == 1
    assert found["slow_section_up", "networks"] == 0


def test_a_network_that_cannot_be_read_costs_itself(odd, read):
    odd(libvirt.virNetwork, "XMLDesc", _Odd(), "interne")
    found = read()
    assert found["network_active", "default"] == 1
    assert ("network_active", "interne") not in found
    assert found["slow_section_up", "networks"] == 0


def test_what_goes_meanwhile_is_no_fault(odd, read):
    odd(libvirt.virDomain, "listAllSnapshots", _Odd(libvirt.VIR_ERR_NO_DOMAIN), "mx1")
    odd(libvirt.virNetwork, "XMLDesc", _Odd(libvirt.VIR_ERR_NO_NETWORK), "interne")
    found = read()
    assert ("domain_snapshots", "mx1") not in found
    assert ("network_active", "interne") not in found
    assert found["slow_section_up", "snapshots"] == found["slow_section_up", "networks"] == 1


def test_when_the_connection_died_the_round_is_over(odd, read, monkeypatch):
    odd(libvirt.virDomain, "listAllSnapshots", _Odd(), "mx1")
    monkeypatch.setattr(libvirt.virConnect, "isAlive", lambda _: 0)
    with pytest.raises(libvirt.libvirtError):
        read()
