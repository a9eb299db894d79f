"""How full a pool is, though libvirt was asked for no refresh; and a folder that never answers."""

from __future__ import annotations

import ctypes
import os
import time

import pytest

from deploy.estate.libvirtd import NOBODY
from exporters.hypervisor.libvirtd.slow_round import SlowRound
from exporters.hypervisor.settings import HypervisorEntry

MIB = 1024**2
GUESTS, DRIVERS = (), ("storage",)
POOL = "<pool type='dir'><name>{name}</name><target><path>{path}</path></target></pool>"
_LIBC = ctypes.CDLL(None, use_errno=True)
_DETACH = 2


def _mount(source, folder, kind, options):
    words = (source, str(folder), kind)
    if _LIBC.mount(*(word.encode() for word in words), 0, options.encode()):
        raise OSError(ctypes.get_errno(), f"mount {kind}")


@pytest.fixture
def mount():
    folders = []

    def mounted(source, folder, kind, options):
        _mount(source, folder, kind, options)
        folders.append(folder)

    yield mounted
    for folder in reversed(folders):
        _LIBC.umount2(str(folder).encode(), _DETACH)


@pytest.fixture
def pool(qemu, connection, mount):
    """Make a pool on a folder of its own; on a file system of 16 MiB of its own if `small`."""
    made = []

    def make(name, small=False):
        folder = qemu.libvirtd.run / f"{name}-{time.monotonic_ns()}"
        folder.mkdir()
        if small:
            mount("tmpfs", folder, "tmpfs", f"size=16m,mode=755,uid={NOBODY},gid={NOBODY}")
        os.chown(folder, NOBODY, NOBODY)
        (folder / "disque.raw").write_bytes(bytes(2 * MIB))
        made.append(connection.storagePoolCreateXML(POOL.format(name=name, path=folder)))
        return made[-1], folder

    yield make
    for one in made:
        one.destroy()


@pytest.fixture
def read(qemu, connection):
    """One round of the slow lane: (name without ``hypervisor_pool_``, values...) -> value."""
    rounds = SlowRound(HypervisorEntry(name="hv1", uri=qemu.uri))

    def once():
        return {
            (
                sample.name.removeprefix("hypervisor_pool_"),
                *(value for key, value in sorted(sample.labels.items()) if key != "hypervisor"),
            ): sample.value
            for family in rounds.read(connection)
            for sample in family.samples
            if sample.name.startswith("hypervisor_pool_")
        }

    return once


def test_a_folder_filled_behind_libvirt_s_back_is_seen_full_in_the_next_round(pool, read):
    one, folder = pool("petit", small=True)
    before = read()
    assert before["info", "dir", "petit", "statvfs"] == before["reachable", "petit"] == 1
    assert before["capacity_bytes", "petit"] == 16 * MIB
    stale = one.info()
    with (folder / "journal").open("wb") as growing:
        growing.write(bytes(13 * MIB))
    (folder / "disque.raw").write_bytes(b"x" * int(2.5 * MIB))
    assert one.info() == stale  # libvirt still says what its last refresh saw
    after = read()
    assert before["available_bytes", "petit"] - after["available_bytes", "petit"] > 13 * MIB
    assert after["available_bytes", "petit"] < MIB
    assert after["allocation_bytes", "petit"] == 16 * MIB - after["available_bytes", "petit"]
    # Each volume that libvirt knows it looks at anew when asked for it.
    assert before["provisioned_bytes", "petit"] == 2 * MIB
    assert after["provisioned_bytes", "petit"] == int(2.5 * MIB)
    one.refresh()
    _, capacity, allocation, available = one.info()
    assert capacity == after["capacity_bytes", "petit"]
    assert allocation == after["allocation_bytes", "petit"]
    assert available == after["available_bytes", "petit"]


def test_a_file_system_that_never_answers_costs_its_own_pool_and_two_seconds_once(
    pool, read, mount
):
    _, hanging = pool("muet")
    _, sound = pool("sain", small=True)
    read()  # libvirt asks QEMU what it can, once
    nobody = os.open("/dev/fuse", os.O_RDWR)
    try:
        options = f"fd={nobody},rootmode=40000,user_id=0,group_id=0"
        mount("muet", hanging, "fuse", options)  # no one ever answers the kernel
        began = time.monotonic()
        found = read()
        first, began = time.monotonic() - began, time.monotonic()
        again = read()
        assert first < 4
        assert time.monotonic() - began < 1.5
    finally:
        os.close(nobody)
    for told in (found, again):
        assert (told["reachable", "muet"], told["reachable", "sain"]) == (0, 1)
        assert told["info", "dir", "muet", "libvirt"] == told["volumes_skipped", "muet"] == 1
        assert ("provisioned_bytes", "muet") not in told
        assert told["capacity_bytes", "sain"] == 16 * MIB
        assert told["provisioned_bytes", "sain"] == 2 * MIB
        assert ("orphan_volumes", "sain") not in told  # what the other holds is not known
    assert sound.exists()
    _LIBC.umount2(str(hanging).encode(), _DETACH)
    end = time.monotonic() + 5
    while not (back := read())["reachable", "muet"] and time.monotonic() < end:
        time.sleep(0.1)
    assert back["info", "dir", "muet", "statvfs"] == 1
    assert back["provisioned_bytes", "muet"] == 2 * MIB
