"""libvirt's numbers of a guest -> lines: units, what is left out, labels that never clash."""

from __future__ import annotations

import math
from dataclasses import replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from exporters.hypervisor.measures import BLOCK, GUEST, NET, VCPU
from exporters.hypervisor.metrics.guests import GuestMetrics
from exporters.hypervisor.model import DiskFacts, DomainFacts, GuestStats, Identity, NicFacts
from exporters.hypervisor.reading import Reading

RUNNING = {"state.state": 1, "state.reason": 1}
OFF = {"state.state": 5, "state.reason": 1}
P = "hypervisor_domain_"


def _guest(name, raw, **more):
    return GuestStats(name, more.pop("uuid", name), 1, raw, **more)


def _of(found, metric, name, **labels):
    return found[P + metric][(("domain", name), *labels.items())]


def _told(found, name):
    """The metrics that have a series of this guest."""
    return {
        metric.removeprefix(P)
        for metric, series in found.items()
        if any(("domain", name) in labels for labels in series)
    }


def test_units_are_seconds_and_bytes(rendered, qemu_guests):
    found = rendered(*qemu_guests)
    name = "valmont-web"
    assert _of(found, "cpu_seconds", name) == 4.49
    assert _of(found, "memory_bytes", name) == 1024**3
    assert _of(found, "swap_out_bytes", name) == 8192
    assert _of(found, "vcpu_delay_seconds", name, vcpu="0") == 0.031
    assert _of(found, "block_read_seconds", name, device="vda") == 0.25
    assert _of(found, "block_read_bytes", name, device="vda") == 4915200
    assert _of(found, "network_receive_drops", name, device="vnet0") == 1
    assert _of(found, "balloon_last_update_timestamp_seconds", name) == 1795528192


def test_whole_numbers_are_written_whole(page):
    text = page(
        GuestMetrics("hv1", lambda *_: Identity()).families(
            Reading([_guest("g", {**RUNNING, "balloon.rss": 2**53, "cpu.time": 1_500_000_000})]), {}
        )
    )
    assert f'_resident_bytes{{hypervisor="hv1",domain="g"}} {2**63}\n' in text
    assert '_cpu_seconds_total{hypervisor="hv1",domain="g"} 1.5\n' in text


def test_a_missing_field_gives_no_value_at_all(rendered):
    assert _told(rendered(_guest("g", RUNNING)), "g") == {"info", "state"}


def test_an_empty_cdrom_has_no_counters_and_no_false_zero(rendered, qemu_guests):
    found = rendered(*qemu_guests)
    assert not any(("device", "sda") in labels for series in found.values() for labels in series)


def test_a_drive_for_removable_media_is_known_by_its_type_not_by_its_name(rendered):
    raw = {
        **RUNNING,
        "block.count": 3,
        **{f"block.{n}.name": name for n, name in enumerate(("sda", "sdb", "fda"))},
        **{f"block.{n}.rd.reqs": n for n in range(3)},
    }
    disks = (DiskFacts("sda", "cdrom"), DiskFacts("sdb", "disk"), DiskFacts("fda", "floppy"))
    found = rendered(_guest("g", raw), facts={"g": DomainFacts("g", "g", disks=disks)})
    assert list(found[P + "block_reads"]) == [(("domain", "g"), ("device", "sdb"))]


def test_a_guest_that_is_shut_off_has_no_cpu_though_libvirt_reports_its_own(rendered, qemu_guests):
    assert _told(rendered(*qemu_guests), "banc-essai") == {
        *("info", "state", "memory_configured_bytes", "vcpus_configured"),
        *("block_capacity_bytes", "block_physical_bytes"),
    }
    found = rendered(*qemu_guests)
    assert _of(found, "block_physical_bytes", "banc-essai", device="vda") == 331776


def test_a_busy_guest_without_its_monitor_keeps_what_the_host_knows(rendered, qemu_guests):
    found = rendered(*qemu_guests)
    assert _of(found, "cpu_seconds", "mx1") == 1.0
    assert not {"memory_bytes", "block_reads"} & _told(found, "mx1")


def test_only_a_guest_whose_monitor_was_asked_is_called_responsive_or_not(qemu_guests):
    assert [guest.responsive for guest in qemu_guests] == [True, None, False, None]


def test_figures_of_a_balloon_driver_that_never_spoke_are_left_out_until_it_does(rendered):
    metrics = GuestMetrics("hv1", lambda *_: Identity())
    raw = {**RUNNING, "balloon.usable": 0, "balloon.last-update": 0}
    assert "memory_usable_bytes" not in _told(rendered(_guest("g", raw), metrics=metrics), "g")
    spoke = {**raw, "balloon.usable": 7, "balloon.last-update": 1795528192}
    found = rendered(_guest("g", spoke), metrics=metrics)
    assert _of(found, "memory_usable_bytes", "g") == 7 * 1024


@pytest.mark.parametrize("unreadable", [-1, 2**64 - 1])
def test_a_counter_libvirt_cannot_read_is_left_out(rendered, unreadable):
    raw = {
        **RUNNING,
        "block.count": 1,
        "block.0.name": "vda",
        "block.0.rd.bytes": unreadable,
        "block.0.rd.times": unreadable,
        "block.0.rd.reqs": 0,
    }
    found = rendered(_guest("g", raw))
    assert _told(found, "g") == {"info", "state", "block_reads"}
    assert _of(found, "block_reads", "g", device="vda") == 0


def test_nics_without_a_name_go_by_their_mac_and_no_two_share_a_label(rendered):
    raw = {**RUNNING, "net.count": 4, "net.2.name": "net0", "net.3.name": "net0"}
    raw |= {f"net.{n}.rx.bytes": n for n in range(4)}
    nics = (NicFacts(), NicFacts(mac="52:54:00:00:00:01"), NicFacts("net0"), NicFacts("net0"))
    found = rendered(_guest("g", raw), facts={"g": DomainFacts("g", "g", nics=nics)})
    assert {labels[1][1]: v for labels, v in found[P + "network_receive_bytes"].items()} == {
        "net0": 0,
        "52:54:00:00:00:01": 1,
        "net0#2": 2,
        "net0#3": 3,
    }


def test_time_waited_for_input_is_only_told_where_the_kernel_counts_it(rendered):
    metrics = GuestMetrics("hv1", lambda *_: Identity())
    raw = {**RUNNING, "vcpu.maximum": 1, "vcpu.0.state": 1, "vcpu.0.wait": 0}
    idle = _guest("idle", raw)
    assert P + "vcpu_wait_seconds" not in rendered(idle, metrics=metrics)
    busy = _guest("busy", {**raw, "vcpu.0.wait": 2_000_000_000})
    found = rendered(idle, busy, metrics=metrics)
    assert _of(found, "vcpu_wait_seconds", "idle", vcpu="0") == 0
    assert _of(found, "vcpu_wait_seconds", "busy", vcpu="0") == 2


def test_counters_of_kvm_in_the_vcpu_group_make_no_series(rendered):
    raw = {**RUNNING, "vcpu.maximum": 1, "vcpu.0.state": 1, "vcpu.0.time": 1}
    more = {f"vcpu.0.{name}.sum": 5 for name in ("halt_exits", "exits", "irq_exits")}
    assert rendered(_guest("g", {**raw, **more})).keys() == rendered(_guest("g", raw)).keys()


def test_optional_groups_are_told_when_they_are_there(rendered):
    raw = {
        **RUNNING,
        "iothread.count": 2,
        "dirtyrate.megabytes_per_second": 3,
        "perf.cache_misses": 11,
        "perf.cmt": 9,
        "memory.bandwidth.monitor.count": 1,
        "memory.bandwidth.monitor.0.name": "vcpus_0-4",
        "memory.bandwidth.monitor.0.node.0.id": 0,
        "memory.bandwidth.monitor.0.node.0.bytes.total": 10,
        "memory.bandwidth.monitor.0.node.0.bytes.local": 4,
    }
    found = rendered(_guest("g", raw))
    assert _of(found, "iothreads", "g") == 2
    assert _of(found, "dirty_rate_bytes_per_second", "g") == 3 * 1024**2
    assert found[P + "perf_events"] == {(("domain", "g"), ("event", "cache_misses")): 11}
    assert _of(
        *(found, "memory_bandwidth_bytes", "g"), monitor="vcpus_0-4", cell="0", scope="local"
    ) == 4  # fmt: skip


def test_a_plan_follows_what_is_plugged_in_and_out(rendered):
    metrics = GuestMetrics("hv1", lambda *_: Identity())
    one = {**RUNNING, "block.count": 1, "block.0.name": "vda", "block.0.rd.reqs": 1}
    two = {**one, "block.count": 2, "block.1.name": "vdb", "block.1.rd.reqs": 2}
    swapped = {**two, "block.0.name": "vdb", "block.1.name": "vda"}
    for raw, expected in ((one, {"vda": 1}), (two, {"vda": 1, "vdb": 2}), (one, {"vda": 1})):
        found = rendered(_guest("g", raw), metrics=metrics)[P + "block_reads"]
        assert {labels[1][1]: v for labels, v in found.items()} == expected
    found = rendered(_guest("g", swapped), metrics=metrics)[P + "block_reads"]
    assert {labels[1][1]: v for labels, v in found.items()} == {"vdb": 1, "vda": 2}


def test_whose_a_guest_is_is_asked_again_only_when_its_facts_or_its_name_change(rendered):
    asked = []

    def identity(name, uuid):
        asked.append(name)
        return Identity("valmont")

    metrics = GuestMetrics("hv1", identity)
    facts = DomainFacts("u", "g", autostart=True)
    for _ in range(3):
        rendered(_guest("g", RUNNING, uuid="u"), facts={"u": replace(facts)}, metrics=metrics)
    assert asked == ["g"]
    rendered(_guest("h", RUNNING, uuid="u"), facts={"u": facts}, metrics=metrics)
    found = rendered(
        _guest("h", RUNNING, uuid="u"),
        facts={"u": replace(facts, autostart=False)},
        metrics=metrics,
    )
    assert asked == ["g", "h", "h"]
    assert found[P + "should_run"] == {(("domain", "h"),): 0}


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
    raw = {"state.state": state, **stats, **counts}
    metrics = GuestMetrics("hv1", lambda *_: Identity())
    found = [
        sample.value
        for family in metrics.families(Reading([_guest("g", raw)]), {})
        if family.name.startswith(P) and family.name not in (P + "info", P + "state")
        for sample in family.samples
    ]
    assert all(math.isfinite(value) and value >= 0 for value in found)
    assert len(found) <= len(stats) + 1


NAMES = st.text(st.characters(codec="utf-8", exclude_characters="\0"), max_size=6)


@settings(deadline=None)
@given(
    st.lists(NAMES, max_size=4),
    st.lists(st.one_of(st.none(), NAMES), max_size=4),
    st.lists(NAMES, max_size=4, unique=True),
)
def test_no_two_lines_have_the_same_labels_whatever_the_names(disks, nics, guests):
    raw = {**RUNNING, "block.count": len(disks), "net.count": len(nics)}
    raw |= {f"block.{n}.name": name for n, name in enumerate(disks)}
    raw |= {f"block.{n}.rd.reqs": n for n in range(len(disks))}
    raw |= {f"net.{n}.name": name for n, name in enumerate(nics) if name is not None}
    raw |= {f"net.{n}.rx.bytes": n for n in range(len(nics))}
    metrics = GuestMetrics("hv1", lambda *_: Identity())
    for family in metrics.families(Reading([_guest(name, raw) for name in guests]), {}):
        lines = family.text.removesuffix("\n").split("\n")
        assert len(lines) == len({line.rpartition(" ")[0] for line in lines}) == family.series
        if family.name == P + "block_reads":
            assert {s.labels["domain"] for s in family.samples} == set(guests)
