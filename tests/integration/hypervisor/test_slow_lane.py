"""The slow lane on real pools, qcow2 images, snapshots and QEMU guests."""

from __future__ import annotations

import os
import signal
import subprocess
import time

import libvirt
import pytest
import trustme

from deploy.estate.child import wait_until
from deploy.estate.libvirtd import NOBODY
from deploy.estate.qemu import QemuGuest
from exporters.hypervisor.libvirtd.site import site_of
from exporters.hypervisor.libvirtd.slow_lane import SlowLane
from exporters.hypervisor.settings import HypervisorEntry, Settings
from exporters.toolkit.collector import Context
from inventory.process import system_clock

MIB = 1024**2
GUESTS = (QemuGuest("web"), QemuGuest("mx"), QemuGuest("off", "off"))
DRIVERS = ("storage", "network")
POOL = "<pool type='dir'><name>{name}</name><target><path>{path}</path></target></pool>"
NETWORK = """
<network><name>interne</name><bridge name='vigie-none'/>
  <ip address='10.99.0.1' netmask='255.255.255.0'/></network>
"""


@pytest.fixture
def images(qemu, connection, tmp_path_factory):
    """An empty pool ``images`` of its own; what is put in counts after `_refresh`."""
    folder = qemu.libvirtd.run / f"images-{time.monotonic_ns()}"
    folder.mkdir()
    os.chown(folder, NOBODY, NOBODY)
    pool = connection.storagePoolCreateXML(POOL.format(name="images", path=folder))
    yield folder
    pool.destroy()


@pytest.fixture
def make(images):
    def image(name, size="64M", on=None):
        words = ["qemu-img", "create", "-q", "-f", "qcow2"]
        words += ["-F", "qcow2", "-b", str(images / on)] if on else []
        words += [str(images / name), *([] if on else [size])]
        subprocess.run(words, check=True, timeout=30)
        os.chown(images / name, NOBODY, NOBODY)
        return images / name

    return image


@pytest.fixture
def lane(example_inventory):
    lanes = []

    def build(uri, **entry):
        entry = HypervisorEntry(name="hv1", uri=uri, **entry)
        context = Context(example_inventory, system_clock)
        lanes.append(SlowLane(site_of(entry, Settings(hypervisors=(entry,)), context), 0.2))
        return lanes[-1]

    yield build
    for one in lanes:
        one.stop()


def _found(families):
    """(name without ``hypervisor_``, label values but the hypervisor's) -> value."""
    return {
        (
            sample.name.removeprefix("hypervisor_"),
            *(value for key, value in sorted(sample.labels.items()) if key != "hypervisor"),
        ): sample.value
        for family in families
        for sample in family.samples
    }


def _refresh(connection):
    for pool in connection.listAllStoragePools():
        pool.refresh()


def _taken(path):
    return path.stat().st_blocks * 512


def test_images_in_use_and_beneath_are_told_from_orphans_notes_and_media(
    qemu, connection, images, make, lane
):
    make("base")
    top, old = make("top", on="base"), make("old", "32M")
    (images / "notes.txt").write_text("à garder")
    (images / "debian.iso").write_bytes(bytes(2 * MIB))
    _refresh(connection)
    described = qemu.machine("off").XMLDesc()
    other = described.replace(str(qemu.libvirtd.run / "off-vdb.qcow2"), str(top))
    assert other != described
    connection.defineXML(other)
    try:
        found = _found(lane(qemu.uri).read())
    finally:
        connection.defineXML(described)
    assert found["pool_info", "dir", "images", "statvfs"] == 1
    assert found["pool_state", "images", "running"] == 1
    assert found["pool_volumes", "images"] == 5
    assert found["pool_media_volumes", "images"] == 1
    assert found["pool_orphan_volumes", "images"] == 1
    assert found["pool_orphan_bytes", "images"] == _taken(old)
    assert found["pool_volumes_skipped", "images"] == 0
    grown = sum(_taken(images / name) for name in ("base", "notes.txt", "debian.iso"))
    assert found["pool_provisioned_bytes", "images"] == 96 * MIB + grown
    size = os.statvfs(images)
    assert found["pool_capacity_bytes", "images"] == size.f_blocks * size.f_frsize
    # Nobody uses the chain any more: all three images are orphans.
    assert _found(lane(qemu.uri).read())["pool_orphan_volumes", "images"] == 3


def test_what_only_a_snapshot_names_is_in_use_until_the_snapshot_goes(
    qemu, connection, images, lane
):
    before = time.time()
    overlays = "".join(
        f"<disk name='{disk}' snapshot='external'><source file='{images}/{disk}.over'/></disk>"
        for disk in ("vda", "vdb")
    )
    snapshot = qemu.machine("mx").snapshotCreateXML(
        f"<domainsnapshot><memory snapshot='external' file='{images}/mx.memory'/>"
        f"<disks>{overlays}</disks></domainsnapshot>"
    )
    with (images / "mx.memory").open("ab") as memory:  # 16 MiB guests save little
        memory.truncate(2 * MIB)
    _refresh(connection)
    try:
        found = _found(lane(qemu.uri).read())
    finally:
        snapshot.delete(libvirt.VIR_DOMAIN_SNAPSHOT_DELETE_METADATA_ONLY)
    assert (found["pool_volumes", "images"], found["pool_orphan_volumes", "images"]) == (3, 0)
    assert found["domain_snapshots", "mx"] == 1
    oldest = found["domain_snapshot_oldest_timestamp_seconds", "mx"]
    assert int(before) <= oldest == found["domain_snapshot_newest_timestamp_seconds", "mx"]
    assert oldest <= time.time()
    assert found["domain_snapshots", "web"] == found["domain_checkpoints", "web"] == 0
    after = _found(lane(qemu.uri).read())
    assert after["pool_orphan_volumes", "images"] == 1
    assert after["domain_snapshots", "mx"] == 0


def test_one_folder_under_two_names_counts_an_orphan_once(qemu, connection, images, make, lane):
    make("old")
    link = images.with_name(f"{images.name}-link")
    link.symlink_to(images)
    second = connection.storagePoolCreateXML(POOL.format(name="same", path=link))
    _refresh(connection)
    try:
        found = _found(lane(qemu.uri).read())
    finally:
        second.destroy()
    assert [found["pool_volumes", name] for name in ("images", "same")] == [1, 1]
    assert [found["pool_orphan_volumes", name] for name in ("images", "same")] == [1, 0]


def test_a_file_that_went_behind_libvirt_s_back_does_not_hide_the_others(
    qemu, connection, images, make, lane
):
    make("old")
    gone = make("gone")
    _refresh(connection)
    gone.unlink()
    found = _found(lane(qemu.uri).read())
    assert (found["pool_volumes", "images"], found["pool_orphan_volumes", "images"]) == (2, 1)
    assert found["pool_provisioned_bytes", "images"] == 64 * MIB


def test_beyond_the_limit_volumes_are_counted_and_not_judged(qemu, connection, images, make, lane):
    for number in range(3):
        make(f"old{number}")
    _refresh(connection)
    found = _found(lane(qemu.uri, volumes_limit=2).read())
    assert found["pool_volumes", "images"] == 3
    assert found["pool_volumes_skipped", "images"] == 1
    assert ("pool_orphan_volumes", "images") not in found
    assert ("pool_provisioned_bytes", "images") not in found
    assert found["pool_capacity_bytes", "images"] > 0


def test_a_stuck_guest_does_not_hold_the_lane(qemu, lane):
    slow = lane(qemu.uri)
    process = qemu.process("web")
    process.suspend()
    try:
        began = time.monotonic()
        found = _found(slow.read())
        assert time.monotonic() - began < 2
    finally:
        process.resume()
    assert {labels[0] for name, *labels in found if name == "domain_snapshots"} == {
        "web",
        "mx",
        "off",
    }
    assert all(value for (name, *_), value in found.items() if name == "slow_section_up")


def test_the_host_its_software_its_network_and_its_certificates_are_told(
    qemu, connection, lane, tmp_path
):
    authority = trustme.CA()
    authority.cert_pem.write_to_path(tmp_path / "ca.pem")
    network = connection.networkDefineXML(NETWORK)
    slow = lane(
        qemu.uri,
        cluster="grappe",
        memory_reserved="1GiB",
        certificates=(str(tmp_path / "ca.pem"), str(tmp_path / "absent.pem")),
    )
    try:
        found = _found(slow.read())
    finally:
        network.undefine()
    (info,) = [labels for name, *labels in found if name == "info"]
    assert info[:3] == ["libvirt", "grappe", "9.0.0"]
    assert found["host_cpus",] == os.cpu_count()
    assert found["host_memory_reserved_bytes",] == 1024 * MIB
    assert 0 < found["host_memory_available_bytes",] < found["host_memory_bytes",]
    free = found["host_numa_memory_free_bytes", "0"]
    assert 0 < free < found["host_numa_memory_bytes", "0"]
    assert found["network_info", "vigie-none", "isolated", "interne"] == 1
    assert found["network_active", "interne"] == found["network_autostart", "interne"] == 0
    assert ("network_carrier", "interne") not in found
    ca = str(tmp_path / "ca.pem")
    assert found["certificate_not_after_timestamp_seconds", ca] > time.time()
    assert found["certificate_readable", ca] == 1
    assert found["certificate_readable", str(tmp_path / "absent.pem")] == 0


def test_the_lane_survives_the_death_of_libvirtd(estate, lane):
    slow = lane(estate.uri)
    slow.start()
    wait_until(lambda: slow.status().up, "la voie", 10)
    found = _found(slow.families)
    assert found["pool_info", "dir", "default-pool", "libvirt"] == 1
    assert found["network_active", "default"] == 1
    assert ("host_load1",) not in found  # the test driver's machine is not this one
    child = estate.libvirtd.child
    os.kill(child.pid, signal.SIGKILL)
    child.process.wait(10)
    wait_until(lambda: not slow.status().up, "la panne", 10)
    assert slow.status().failures >= 1
    assert _found(slow.families)["pool_info", "dir", "default-pool", "libvirt"] == 1
    estate.libvirtd.launch()
    wait_until(lambda: slow.status().up, "le retour", 10)
