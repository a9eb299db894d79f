"""What a guest says of its file systems is bounded before it becomes a label."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from exporters.hypervisor.holdings import FileSystem
from exporters.hypervisor.libvirtd.guest_file_systems import (
    LONGEST_MOUNTPOINT,
    MOST,
    bounded,
    from_info,
    from_list,
)


def test_sizes_and_types_are_those_the_agent_gives():
    typed = {
        "fs.count": 2,
        "fs.0.mountpoint": "/",
        "fs.0.fstype": "ext4",
        "fs.0.total-bytes": 100,
        "fs.0.used-bytes": 40,
        "fs.1.mountpoint": "C:\\",
        "fs.1.fstype": "NTFS",
    }
    found, dropped = from_info(typed)
    assert found == (FileSystem("/", "ext4", 100, 40), FileSystem("C:\\", "NTFS"))
    assert dropped == 0
    assert from_list([("/", "vda1", "ext4", ["vda"])]) == ((FileSystem("/", "ext4"),), 0)


def test_a_count_that_lies_gives_nothing_and_costs_nothing():
    assert from_info({"fs.count": 2**63}) == ((), 10_000)
    assert from_info({"fs.count": "many"}) == ((), 0)
    assert from_info({}) == ((), 0)


def test_sizes_that_cannot_be_are_left_out():
    typed = {"fs.count": 1, "fs.0.mountpoint": "/", "fs.0.fstype": "ext4"}
    typed |= {"fs.0.total-bytes": 2**64 - 1, "fs.0.used-bytes": -1}
    assert from_info(typed) == ((FileSystem("/", "ext4"),), 0)


def test_names_unfit_for_a_label_are_dropped_and_counted_and_types_become_other():
    listed = [
        FileSystem("/" + "a" * LONGEST_MOUNTPOINT, "ext4"),
        FileSystem("/line\nbreak", "ext4"),
        FileSystem("relative", "ext4"),
        FileSystem("/srv", "evil type {}"),
        FileSystem("/srv", "ext4"),
        FileSystem("/snap/core", "squashfs"),
    ]
    assert bounded(listed) == ((FileSystem("/srv", "other"),), 3)


def test_of_too_many_the_shortest_are_kept():
    listed = [FileSystem(f"/{'x' * length}", "xfs") for length in range(100, 0, -1)]
    found, dropped = bounded(listed)
    assert [len(one.mountpoint) for one in found] == list(range(2, MOST + 2))
    assert dropped == 100 - MOST


@given(st.lists(st.builds(FileSystem, st.text(max_size=200), st.text(max_size=50)), max_size=80))
def test_whatever_a_guest_says_the_labels_are_few_short_and_distinct(listed):
    found, dropped = bounded(listed)
    assert len(found) <= MOST
    assert dropped + len(found) <= len(listed)
    assert len({one.mountpoint for one in found}) == len(found)
    assert all(len(one.mountpoint) <= LONGEST_MOUNTPOINT for one in found)
    assert all(one.mountpoint.isprintable() and len(one.type) <= 32 for one in found)
