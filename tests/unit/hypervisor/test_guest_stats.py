"""Reading libvirt's flat statistics."""

from __future__ import annotations

import math

from hypothesis import given, settings
from hypothesis import strategies as st

from exporters.hypervisor.measures import BLOCK, GUEST, NET, VCPU
from exporters.hypervisor.stats import guest_from

RUNNING = {"state.state": 1, "state.reason": 1}
OFF = {"state.state": 5, "state.reason": 1}
P = "hypervisor_domain_"


def test_units_are_seconds_and_bytes(qemu_guests):
    web = qemu_guests[0]
    assert web.values[P + "cpu_seconds"] == 4.49
    assert web.values[P + "memory_bytes"] == 1024**3
    assert web.values[P + "swap_out_bytes"] == 8192
    assert web.vcpus["0"][P + "vcpu_delay_seconds"] == 0.031
    assert web.disks["vda"][P + "block_read_seconds"] == 0.25
    assert web.disks["vda"][P + "block_read_bytes"] == 4915200
    assert web.nics["vnet0"][P + "network_receive_drops"] == 1


def test_a_missing_field_gives_no_value_at_all():
    guest = guest_from("g", "u", RUNNING)
    assert (guest.values, guest.vcpus, guest.disks, guest.nics) == ({}, {}, {}, {})


def test_an_empty_cdrom_has_no_counters_and_no_false_zero(qemu_guests):
    assert qemu_guests[0].disks["sda"] == {}


def test_a_guest_that_is_shut_off_has_no_cpu_though_libvirt_reports_its_own(qemu_guests):
    bench = qemu_guests[1]
    assert set(bench.values) == {P + "memory_configured_bytes", P + "vcpus_configured"}
    assert bench.vcpus == {}
    assert bench.disks["vda"] == {
        P + "block_capacity_bytes": 1024**3,
        P + "block_physical_bytes": 331776,
    }
    assert bench.nics == {"vnet7": {}}


def test_a_busy_guest_without_its_monitor_keeps_what_the_host_knows(qemu_guests):
    mx1 = qemu_guests[2]
    assert mx1.values[P + "cpu_seconds"] == 1.0
    assert P + "memory_bytes" not in mx1.values
    assert mx1.disks == {}


def test_only_a_guest_whose_monitor_was_asked_is_called_responsive_or_not(qemu_guests):
    assert [guest.responsive for guest in qemu_guests] == [True, None, False, None]


def test_memory_figures_of_a_balloon_driver_that_never_spoke_are_left_out(qemu_guests):
    assert P + "memory_usable_bytes" not in qemu_guests[3].values
    assert qemu_guests[0].values[P + "memory_usable_bytes"] == 700000 * 1024


def test_a_counter_libvirt_cannot_read_is_left_out():
    stats = {
        **RUNNING,
        "block.count": 1,
        "block.0.name": "vda",
        "block.0.rd.bytes": -1,
        "block.0.rd.reqs": 0,
    }
    assert guest_from("g", "u", stats).disks == {"vda": {P + "block_reads": 0}}


def test_nics_without_a_name_or_with_the_same_one_get_labels_of_their_own(qemu_guests):
    nics = qemu_guests[3].nics
    assert list(nics) == ["net0", "net1", "net0#2"]
    assert [v[P + "network_receive_bytes"] for v in nics.values()] == [1, 2, 3]


def test_two_disks_of_the_same_name_stay_two():
    stats = {**RUNNING, "block.count": 3, **{f"block.{n}.name": "vda" for n in range(3)}}
    assert len(guest_from("g", "u", stats).disks) == 3


FIELDS = [m.field for m in GUEST] + [
    f"{group}.{n}.{m.field}"
    for group, table in (("vcpu", VCPU), ("block", BLOCK), ("net", NET))
    for n in range(2)
    for m in table
]


@settings(deadline=None)  # a busy machine is no fault of the reader
@given(
    st.integers(0, 9),
    st.dictionaries(st.sampled_from(FIELDS), st.integers(-1, 2**63)),
    st.integers(0, 3),
)
def test_whatever_libvirt_leaves_out_no_value_is_invented(state, stats, devices):
    counts = {"block.count": devices, "net.count": devices, "vcpu.maximum": devices}
    guest = guest_from("g", "u", {"state.state": state, **stats, **counts})
    parts = [guest.values, *guest.vcpus.values(), *guest.disks.values(), *guest.nics.values()]
    found = [value for part in parts for value in part.values()]
    assert all(math.isfinite(v) and v >= 0 for v in found)
    assert len(found) <= len(stats) + 1
