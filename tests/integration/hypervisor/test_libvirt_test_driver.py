"""The collector on libvirt's test driver, in process: states, fallbacks, autostart."""

from __future__ import annotations

import time
from uuid import UUID

import libvirt
import pytest

P = "hypervisor_domain_"

_GUEST = """
<domain type='test' xmlns:test='http://libvirt.org/schemas/domain/test/1.0'>
<name>{name}</name><uuid>{uuid}</uuid><memory unit='MiB'>512</memory><vcpu>1</vcpu>
<os><type>hvm</type></os>
<devices>
 <disk type='file'><source file='/x'/><target dev='vda'/></disk>
 <interface type='network'><source network='default'/></interface>
 <interface type='network'><source network='default'/></interface>
</devices>{state}</domain>
"""
_NETWORK = "<network><name>default</name></network>"


@pytest.fixture
def every_state(tmp_path):
    """A hypervisor file with one guest in each state the driver can play."""
    guests = [
        _GUEST.format(
            name=f"etat-{number}",
            # Each connection to a file makes guests of its own: without one, a uuid by chance.
            uuid=UUID(int=number),
            state=f"<test:runstate>{number}</test:runstate>",
        )
        for number in range(1, 8)
    ]
    path = tmp_path / "node.xml"
    path.write_text(f"<node>{_NETWORK}{''.join(guests)}</node>", encoding="utf-8")
    return f"test://{path}"


def test_every_state_is_told_in_its_word(every_state, build, scrape):
    states = scrape(build(hv1=every_state))[P + "state"]
    assert {labels[0]: labels[3] for labels in states} == {
        "etat-1": "running",
        "etat-2": "blocked",
        "etat-3": "paused",
        "etat-4": "shutdown",
        "etat-5": "shutoff",
        "etat-6": "crashed",
        "etat-7": "pmsuspended",
    }


def test_guests_without_a_process_have_no_cpu_and_no_rates(every_state, build, scrape):
    found = scrape(build(hv1=every_state))
    running = {f"etat-{number}" for number in (1, 2, 3, 4, 7)}
    for name in ("cpu_seconds_total", "memory_bytes", "block_reads_total"):
        assert {labels[-2] for labels in found[P + name]} == running, name
    assert P + "vcpu_seconds_total" not in found


def test_values_the_bulk_call_lacks_are_asked_domain_by_domain(build, scrape):
    found = scrape(build(d="test:///default"))
    assert found[P + "memory_bytes"] == {("test", "d"): 2 * 1024**3}
    assert found[P + "memory_configured_bytes"] == {("test", "d"): 8 * 1024**3}
    assert found[P + "vcpus"] == {("test", "d"): 2}
    assert found[P + "cpu_seconds_total"][("test", "d")] == pytest.approx(time.time(), abs=60)
    assert set(found[P + "network_receive_bytes_total"]) == {("testnet0", "test", "d")}


def test_a_guest_nobody_declared_follows_its_autostart_flag(build, scrape):
    assert scrape(build(d="test:///default"))[P + "should_run"] == {("test", "d"): 0}
    libvirt.open("test:///default").lookupByName("test").setAutostart(1)
    try:
        # No event tells of the flag: a running exporter sees it when it reads all XML again.
        assert scrape(build(d="test:///default"))[P + "should_run"] == {("test", "d"): 1}
    finally:
        libvirt.open("test:///default").lookupByName("test").setAutostart(0)


def test_a_hypervisor_that_is_not_there_hides_no_other(build, scrape, tmp_path):
    found = scrape(build(d="test:///default", absent=f"test://{tmp_path}/absent.xml"))
    assert found["hypervisor_up"] == {("d",): 1, ("absent",): 0}
    assert ("test", "d", "unknown", "running") in found[P + "state"]
