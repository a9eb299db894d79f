"""The hypervisor's own machine: the kernel's files when it is this one, libvirt's word else."""

from __future__ import annotations

from types import SimpleNamespace

import libvirt
import pytest

from exporters.hypervisor.holdings import Network
from exporters.hypervisor.libvirtd.event_loop import start_event_loop
from exporters.hypervisor.libvirtd.far_machine import far_machine, numa, software
from exporters.hypervisor.libvirtd.faults import Faults
from exporters.hypervisor.libvirtd.local_machine import local_machine, merging, pressures
from exporters.hypervisor.libvirtd.networks import has_carrier, networks
from exporters.hypervisor.libvirtd.place import is_this_machine
from exporters.hypervisor.metrics.host import host_families

MIB = 1024**2


@pytest.fixture
def connection():
    start_event_loop()
    opened = libvirt.openReadOnly("test:///default")
    yield opened
    opened.close()


@pytest.mark.parametrize(
    ("uri", "here"),
    [
        ("qemu:///system", True),
        ("qemu+unix:///session?socket=/tmp/s", True),
        ("xen:///system", True),
        ("qemu+tls://hv2.example.test/system", False),
        ("qemu+ssh://root@hv2/system", False),
        ("qemu+tcp:///system", False),
        ("qemu://hv2/system", False),
        ("test:///default", False),
        ("test+unix:///default?socket=/tmp/s", False),
    ],
)
def test_an_uri_tells_whether_proc_and_sys_are_those_of_the_hypervisor(uri, here):
    assert is_this_machine(uri) is here


def test_pressure_is_in_seconds_and_the_processor_has_no_full_stall(tmp_path):
    some = "some avg10=0.00 avg60=0.00 avg300=0.00 total=2500000\n"
    (tmp_path / "cpu").write_text(some + "full avg10=0.00 avg60=0.00 avg300=0.00 total=0\n")
    (tmp_path / "io").write_text(some + "full avg10=0.00 avg60=0.00 avg300=0.00 total=1000000\n")
    (tmp_path / "irq").write_text("full avg10=0.00 avg60=0.00 avg300=0.00 total=500000\n")
    (tmp_path / "memory").write_text("nonsense")
    assert pressures(tmp_path) == {
        "cpu": (2.5, None),
        "io": (2.5, 1.0),
        "irq": (None, 0.5),
    }


def test_a_kernel_that_does_not_count_gives_no_series(tmp_path):
    host = local_machine(tmp_path / "pressure", tmp_path / "ksm")
    names = {family.name for family in host_families("hv1", host)}
    assert names == {
        f"hypervisor_host_{name}"
        for name in ("cpus", "memory_bytes", "memory_available_bytes", "load1", "load5", "load15")
    }


def test_same_page_merging_may_cost_more_than_it_saves(tmp_path):
    (tmp_path / "run").write_text("1\n")
    (tmp_path / "general_profit").write_text("-4096\n")
    (tmp_path / "pages_shared").write_text("?")
    assert merging(tmp_path) == {"run": 1, "general_profit_bytes": -4096}


def test_a_distant_machine_is_what_libvirt_says_of_it(connection):
    host = far_machine(connection)
    assert (host.cpus, host.memory, host.available) == (3, 3072 * MIB, None)  # 3 of 8 online


def test_huge_pages_are_those_larger_than_a_cell_s_ordinary_page(connection):
    cells, pages = numa(connection)
    assert [(cell.cell, cell.memory) for cell in cells] == [(0, 2048 * MIB), (1, 4096 * MIB)]
    sizes = {(page.cell, page.size) for page in pages}
    assert sizes == {(cell, size) for cell in (0, 1) for size in (2 * MIB, 1024 * MIB)}


def test_versions_read_as_people_write_them(connection):
    found = software(connection, "grappe")
    number = libvirt.getVersion()
    assert found.library == f"{number // 1_000_000}.{number // 1000 % 1000}.{number % 1000}"
    assert (found.backend, found.cluster, found.hypervisor) == ("libvirt", "grappe", "0.0.2")


def test_a_network_of_a_driver_without_leases_has_none(connection, tmp_path):
    assert networks(connection, None, Faults()) == [
        Network("default", True, False, "virbr0", "nat", None, None)
    ]
    (tmp_path / "virbr0").mkdir()
    (tmp_path / "virbr0" / "carrier").write_text("0\n")
    assert networks(connection, tmp_path, Faults())[0].carrier is False


def test_a_bridge_has_a_carrier_when_the_kernel_says_1(tmp_path):
    for name, text in (("up", "1\n"), ("down", "0\n")):
        (tmp_path / name).mkdir()
        (tmp_path / name / "carrier").write_text(text)
    (tmp_path / "disabled" / "carrier").mkdir(parents=True)  # reading it fails, as EINVAL does
    found = {name: has_carrier(tmp_path, name) for name in ("up", "down", "disabled", "none", "")}
    assert found == {"up": True, "down": False, "disabled": False, "none": None, "": None}


def test_a_far_machine_that_tells_no_free_memory_has_no_available_one():
    connection = SimpleNamespace(
        getInfo=lambda: ["x86_64", 1024, 2, 0, 1, 1, 1, 1],
        getMemoryStats=lambda _cells: {"total": 2048},
        getCPUMap=lambda: (2, [True, True], 2),
    )
    host = far_machine(connection)
    assert (host.memory, host.available, host.cpus) == (2048 * 1024, None, 2)
