"""The host's basics, against the machine the tests run on."""

from __future__ import annotations

import os
from pathlib import Path
from typing import NamedTuple

import psutil
import pytest

from exporters.host.collector import PLUGIN, HostCollector, Settings
from exporters.host.filesystems import Mount, file_systems, of_interest
from exporters.toolkit.collector import Context, Deadline
from inventory.process import system_clock


@pytest.fixture
def samples(example_inventory):
    collector = PLUGIN.build(Settings(), Context(example_inventory, system_clock))
    found = {}
    for family in collector.collect(Deadline.after(5)):
        assert family.name.startswith("vigie_host_")
        assert family.documentation
        for sample in family.samples:
            key = (sample.name, *sorted(sample.labels.items()))
            assert key not in found
            found[key] = sample.value
    return found


def test_it_runs_without_being_asked_for():
    assert PLUGIN.enabled is True


def test_the_figures_are_those_of_the_kernel(samples):
    total = next(
        int(line.split()[1]) * 1024
        for line in Path("/proc/meminfo").read_text().splitlines()
        if line.startswith("MemTotal")
    )
    assert samples[("vigie_host_memory_size_bytes",)] == total
    assert samples[("vigie_host_cpus",)] == psutil.cpu_count()
    assert samples[("vigie_host_boot_time_seconds",)] == pytest.approx(psutil.boot_time(), abs=2)
    idle = samples[("vigie_host_cpu_seconds_total", ("mode", "idle"))]
    assert idle == pytest.approx(psutil.cpu_times().idle, abs=5)


def test_counters_never_go_back(samples, example_inventory):
    again = {
        (s.name, *sorted(s.labels.items())): s.value
        for family in HostCollector().collect(Deadline.after(5))
        for s in family.samples
    }
    counters = [key for key in samples if key[0].endswith("_total") and key in again]
    assert len(counters) > 8
    assert all(again[key] >= samples[key] for key in counters)


def test_loopback_and_the_ends_of_guests_interfaces_are_left_out(monkeypatch):
    counters = psutil.net_io_counters()
    devices = dict.fromkeys(("lo", "eth0", "vnet3", "tap1", "bond0"), counters)
    monkeypatch.setattr(psutil, "net_io_counters", lambda **_: devices)
    shown = {
        s.labels["device"]
        for family in HostCollector().collect(Deadline.after(5))
        for s in family.samples
        if "device" in s.labels and "network" in s.name
    }
    assert shown == {"eth0", "bond0"}


def test_pseudo_and_network_file_systems_are_left_out_and_each_device_comes_once():
    mounts = [
        Mount("/", "/dev/vda", "ext4"),
        Mount("/var/bind", "/dev/vda", "ext4"),
        Mount("/srv", "/dev/vdb", "xfs"),
        Mount("/proc", "proc", "proc"),
        Mount("/run", "tmpfs", "tmpfs"),
        Mount("/nas", "nas:/x", "nfs4"),
    ]
    assert [m.mountpoint for m in of_interest(mounts)] == ["/", "/srv"]


def test_the_root_of_a_container_counts_although_it_is_an_overlay():
    mounts = [Mount("/", "overlay", "overlay"), Mount("/x", "o2", "overlay")]
    assert [m.mountpoint for m in of_interest(mounts)] == ["/"]


class Statvfs(NamedTuple):
    f_frsize: int
    f_blocks: int
    f_bfree: int
    f_bavail: int
    f_files: int
    f_ffree: int


def _values(families):
    return {
        (f.name.rpartition("system_")[2], s.labels["mountpoint"]): s.value
        for f in families
        for s in f.samples
    }


def test_sizes_are_in_bytes_and_a_file_system_without_inodes_has_no_inode_figure():
    found = {"/": Statvfs(4096, 100, 50, 40, 10, 5), "/b": Statvfs(512, 8, 4, 4, 0, 0)}
    mounts = [Mount("/", "a", "ext4"), Mount("/b", "b", "btrfs")]
    values = _values(file_systems(Deadline.after(5), lambda: mounts, found.__getitem__))
    assert values[("size_bytes", "/")] == 409600
    assert values[("free_bytes", "/")] == 204800
    assert values[("available_bytes", "/")] == 163840
    assert values[("inodes_free", "/")] == 5
    assert ("inodes", "/b") not in values


def test_one_file_system_that_cannot_be_asked_hides_no_other():
    def statvfs(path: str) -> os.statvfs_result:
        if path == "/a":
            raise PermissionError(path)
        return os.statvfs("/")

    mounts = [Mount("/", "r", "ext4"), Mount("/a", "a", "ext4"), Mount("/b", "b", "ext4")]
    values = _values(file_systems(Deadline.after(5), lambda: mounts, statvfs))
    assert {where for _, where in values} == {"/", "/b"}


def test_the_root_is_shown_even_where_nothing_is_listed_or_only_an_overlay_is():
    assert [mount.mountpoint for mount in of_interest([])] == ["/"]
    overlay = Mount("/", "overlay", "overlay")
    assert of_interest([Mount("/proc", "proc", "proc"), overlay]) == [overlay]
