"""The metric names of other libvirt exporters, from the same readings."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from prometheus_client.core import GaugeMetricFamily

from exporters.hypervisor.metrics.compat import CompatGuests
from exporters.hypervisor.metrics.compat_lanes import CompatLanes
from exporters.hypervisor.model import DiskFacts, DomainFacts, GuestStats, NicFacts
from exporters.toolkit.text_family import TextFamily, frozen

RUNNING: dict[str, Any] = {
    "state.state": 1,
    "state.reason": 1,
    "cpu.time": 1_500_000_000,
    "balloon.current": 2048,
    "balloon.maximum": 4096,
    "balloon.rss": 1024,
    "balloon.last-update": 0,
    "vcpu.current": 1,
    "vcpu.maximum": 2,
    "vcpu.0.state": 1,
    "vcpu.0.time": 250_000_000,
    "vcpu.0.wait": 0,
    "vcpu.0.delay": 500_000_000,
    "net.count": 1,
    "net.0.name": "vnet0",
    "net.0.rx.bytes": 90,
    "block.count": 2,
    "block.0.name": "vda",
    "block.0.rd.bytes": 512,
    "block.0.rd.times": 2_000_000_000,
    "block.0.capacity": 8192,
    "block.1.name": "sda",
    "block.1.rd.bytes": 7,
}
OFF = {
    "state.state": 5,
    "state.reason": 0,
    "cpu.time": 160_000_000,
    "balloon.current": 2048,
    "balloon.maximum": 4096,
    "vcpu.current": 1,
    "vcpu.maximum": 1,
    "block.count": 1,
    "block.0.name": "vda",
    "block.0.capacity": 8192,
}
FACTS = DomainFacts(
    "u1",
    "web",
    machine="pc-i440fx-7.2",
    arch="x86_64",
    disks=(
        DiskFacts("vda", kind="file", source='/srv/a"b.qcow2', bus="virtio", format="qcow2"),
        DiskFacts("sda", device="cdrom", kind="file", source="/srv/install.iso"),
    ),
    nics=(NicFacts("vnet0", mac="52:54:00:00:00:01", kind="network", bridge="virbr0"),),
)


def guest(raw: dict[str, Any], uuid: str = "u1", responsive: bool | None = True) -> GuestStats:
    return GuestStats("web", uuid, 1 if raw["state.state"] == 1 else -1, raw, responsive)


def read(families: Iterable[TextFamily]) -> dict[str, list[tuple[dict[str, str], float]]]:
    found: dict[str, list[tuple[dict[str, str], float]]] = {}
    for family in families:
        assert family.name not in found
        assert family.series == len(family.samples)
        for sample in family.samples:
            found.setdefault(sample.name, []).append((sample.labels, sample.value))
    return found


def test_a_running_guest_has_seconds_and_bytes_under_the_labels_of_all_three() -> None:
    found = read(CompatGuests("hv1", False).families(True, [guest(RUNNING)], {"u1": FACTS}))
    whose = {"domain": "web", "uuid": "u1"}
    assert found["libvirt_up"] == [({}, 1.0)]
    assert found["libvirt_domain_info_cpu_time_seconds_total"] == [(whose, 1.5)]
    assert found["libvirt_domain_info_memory_usage_bytes"] == [(whose, 2048.0 * 1024)]
    disk = {**whose, "source_file": '/srv/a"b.qcow2', "target_device": "vda"}
    assert found["libvirt_domain_block_stats_read_bytes_total"] == [(disk, 512.0)]
    assert found["libvirt_domain_block_stats_read_time_seconds_total"] == [(disk, 2.0)]
    nic = {**whose, "source_bridge": "virbr0", "target_device": "vnet0"}
    assert found["libvirt_domain_interface_stats_receive_bytes_total"] == [(nic, 90.0)]
    state = {**whose, "state_desc": "the domain is running"}
    assert found["libvirt_domain_info_state"] == [(state, 1.0)]
    vcpu = {**whose, "vcpu": "0"}
    assert found["libvirt_domain_vcpu_delay_seconds_total"] == [(vcpu, 0.5)]


def test_what_is_not_known_has_no_series_where_the_others_say_nought() -> None:
    found = read(CompatGuests("hv1", False).families(True, [guest(RUNNING)], {"u1": FACTS}))
    # No schedstats, no balloon driver, no write counters in this reading.
    assert "libvirt_domain_vcpu_wait_seconds_total" not in found
    assert "libvirt_domain_memory_stats_usable_bytes" not in found
    assert "libvirt_domain_memory_stats_used_percent" not in found
    assert "libvirt_domain_block_stats_write_bytes_total" not in found


def test_the_share_of_memory_in_use_is_said_once_the_driver_reported() -> None:
    reported = {"balloon.last-update": 9, "balloon.available": 200, "balloon.usable": 50}
    found = read(
        CompatGuests("hv1", False).families(True, [guest({**RUNNING, **reported})], {"u1": FACTS})
    )
    assert found["libvirt_domain_memory_stats_used_percent"][0][1] == 75.0


def test_a_guest_that_is_off_keeps_what_it_is_configured_to_have_and_nothing_it_used() -> None:
    found = read(CompatGuests("hv1", False).families(True, [guest(OFF)], {"u1": FACTS}))
    assert found["libvirt_domains_number"] == [({}, 0.0)]
    assert found["libvirt_domains"] == [({}, 1.0)]
    assert found["libvirt_domain_state_code"][0][1] == 5.0
    assert found["libvirt_domain_info_maximum_memory_bytes"][0][1] == 4096 * 1024.0
    assert found["libvirt_domain_block_stats_capacity_bytes"][0][1] == 8192.0
    # libvirt's cpu.time of a guest that is off is the time of its own daemon.
    assert "libvirt_domain_info_cpu_time_seconds_total" not in found
    assert "libvirt_domain_info_memory_usage_bytes" not in found


def test_devices_wait_for_the_facts_that_give_them_their_labels() -> None:
    guests = CompatGuests("hv1", False)
    before = read(guests.families(True, [guest(RUNNING)], {}))
    assert "libvirt_domain_block_stats_read_bytes_total" not in before
    assert "libvirt_domain_info_virtual_cpus" in before
    after = read(guests.families(True, [guest(RUNNING)], {"u1": FACTS}))
    assert "libvirt_domain_block_stats_read_bytes_total" in after


def test_a_drive_for_removable_media_is_left_out_whatever_its_name() -> None:
    found = read(CompatGuests("hv1", False).families(True, [guest(RUNNING)], {"u1": FACTS}))
    devices = [labels for labels, _ in found["libvirt_domain_block_stats_read_bytes_total"]]
    assert [labels["target_device"] for labels in devices] == ["vda"]


def test_a_plan_is_made_anew_when_the_guest_changes_shape() -> None:
    guests = CompatGuests("hv1", False)
    guests.families(True, [guest(RUNNING)], {"u1": FACTS})
    off = read(guests.families(True, [guest(OFF)], {"u1": FACTS}))
    assert "libvirt_domain_info_cpu_time_seconds_total" not in off
    again = read(guests.families(True, [guest({**RUNNING, "cpu.time": 10**9})], {"u1": FACTS}))
    assert again["libvirt_domain_info_cpu_time_seconds_total"][0][1] == 1.0


def test_a_guest_that_does_not_answer_is_told_as_timed_out() -> None:
    found = read(CompatGuests("hv1", False).families(True, [guest(RUNNING, "u1", False)], {}))
    assert found["libvirt_domain_timed_out"][0][1] == 1.0


def test_a_hypervisor_that_is_down_has_one_series() -> None:
    found = read(CompatGuests("hv1", False).families(False, [], {}))
    assert found == {"libvirt_up": [({}, 0.0)]}


def test_several_hypervisors_are_told_apart_by_a_label() -> None:
    for name in ("hv1", "hv2"):
        guests = CompatGuests(name, True).families(True, [guest(RUNNING)], {"u1": FACTS})
        for series in read(guests).values():
            assert {labels["hypervisor"] for labels, _ in series} == {name}


def test_pools_limits_and_versions_are_made_of_what_lanes_rendered() -> None:
    pools = GaugeMetricFamily("hypervisor_pool_capacity_bytes", "-", labels=["hypervisor", "pool"])
    pools.add_metric(["hv1", "default"], 4096)
    state = GaugeMetricFamily("hypervisor_pool_state", "-", labels=["hypervisor", "pool", "state"])
    state.add_metric(["hv1", "default", "running"], 1)
    state.add_metric(["hv1", "odd", "state_9"], 1)
    limit = GaugeMetricFamily(
        "hypervisor_domain_block_limit_bytes_per_second",
        "-",
        labels=["hypervisor", "domain", "device", "direction", "burst"],
    )
    limit.add_metric(["hv1", "web", "vda", "read", "no"], 1e6)
    limit.add_metric(["hv1", "web", "vda", "read", "yes"], 2e6)
    lanes = CompatLanes(False)
    ours = [frozen(pools), frozen(state), frozen(limit)]
    found = read(lanes.families(ours))
    assert found["libvirt_pool_info_capacity_bytes"] == [({"pool": "default"}, 4096.0)]
    assert found["libvirt_storage_pool_capacity_bytes"] == [({"storage_pool": "default"}, 4096.0)]
    assert found["libvirt_storage_pool_state"] == [({"storage_pool": "default"}, 2.0)]
    where = {"domain": "web", "target_device": "vda"}
    assert found["libvirt_domain_block_stats_limit_read_bytes"] == [(where, 1e6)]
    assert found["libvirt_domain_block_stats_limit_burst_read_bytes"] == [(where, 2e6)]
    first = lanes.families(ours)
    assert all(one is two for one, two in zip(first, lanes.families(ours), strict=True))
