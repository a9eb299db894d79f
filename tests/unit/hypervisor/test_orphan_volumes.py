"""Which volumes nobody refers to: what is in use is never called an orphan."""

from __future__ import annotations

from xml.etree import ElementTree as ET

import pytest

from exporters.hypervisor.holdings import Pool
from exporters.hypervisor.libvirtd.host_mounts import HostMounts, host_mounts
from exporters.hypervisor.libvirtd.orphans import orphans
from exporters.hypervisor.libvirtd.references import References
from exporters.hypervisor.libvirtd.storage import OpenPool, StorageView, judged
from exporters.hypervisor.libvirtd.volumes import Volume, volume_from

GIB = 1024**3


def _volume(name, pool="images", folder="/srv/images", backing="", **more):
    path = f"{folder}/{name}"
    return Volume(pool, name, path, GIB, 1000, f"{folder}/{backing}" if backing else "", **more)


def _references(*xml):
    references = References()
    for one in xml:
        references.add(ET.fromstring(one))
    return references


def _names(found):
    return {pool: [volume.name for volume in volumes] for pool, volumes in found.items()}


@pytest.mark.parametrize(
    "xml",
    [
        "<disk><source file='/srv/images/web.qcow2'/></disk>",
        "<disk><source dev='/srv/images/web.qcow2'/></disk>",
        "<disk><source file='/srv//images/./web.qcow2'/></disk>",
        "<disk><source pool='images' volume='web.qcow2'/></disk>",
        "<os><nvram>/srv/images/web.qcow2</nvram></os>",
        "<os><kernel> /srv/images/web.qcow2 </kernel></os>",
        "<domainsnapshot><memory file='/srv/images/web.qcow2'/></domainsnapshot>",
        "<disk><mirror><source file='/srv/images/web.qcow2'/></mirror></disk>",
        "<disk><backingStore><source file='/srv/images/web.qcow2'/></backingStore></disk>",
    ],
)
def test_whatever_the_xml_names_is_in_use(xml):
    volumes = [_volume("web.qcow2"), _volume("old.qcow2")]
    assert _names(orphans(["images"], volumes, _references(xml))) == {"images": ["old.qcow2"]}


def test_a_pool_and_volume_of_another_pool_s_name_do_not_count():
    xml = "<disk><source pool='other' volume='web.qcow2'/></disk>"
    found = orphans(["images"], [_volume("web.qcow2")], _references(xml))
    assert _names(found) == {"images": ["web.qcow2"]}


def test_the_images_beneath_one_in_use_are_in_use_down_to_the_last():
    volumes = [
        _volume("top", backing="middle"),
        _volume("middle", backing="base"),
        _volume("base"),
        _volume("forgotten", backing="base-of-forgotten"),
        _volume("base-of-forgotten"),
    ]
    found = orphans(["images"], volumes, _references("<source file='/srv/images/top'/>"))
    assert _names(found) == {"images": ["base-of-forgotten", "forgotten"]}


def test_a_chain_that_bites_its_tail_ends():
    volumes = [_volume("a", backing="b"), _volume("b", backing="a")]
    assert _names(orphans(["images"], volumes, _references("<s file='/srv/images/a'/>"))) == {
        "images": []
    }


def test_two_pools_over_one_folder_count_an_orphan_once_and_a_use_for_both():
    volumes = [
        _volume(name, pool) for pool in ("images", "same") for name in ("web.qcow2", "old.qcow2")
    ]
    xml = "<disk><source pool='same' volume='web.qcow2'/></disk>"
    found = orphans(["images", "same"], volumes, _references(xml))
    assert _names(found) == {"images": ["old.qcow2"], "same": []}


def test_a_device_the_host_mounts_itself_is_no_orphan(tmp_path):
    (tmp_path / "self").mkdir()
    (tmp_path / "self" / "mounts").write_text(
        "/dev/vg0/root / ext4 rw 0 0\nnas:/vm /srv/nas nfs4 rw 0 0\n"
    )
    (tmp_path / "swaps").write_text("Filename Type\n/dev/vg0/swap partition 1 0 -2\n")
    mounts = host_mounts(tmp_path)
    volumes = [_volume(name, folder="/dev/vg0") for name in ("root", "swap", "old")]
    assert _names(orphans(["images"], volumes, References(), mounts.devices)) == {"images": ["old"]}
    assert mounts.is_shared("/srv/nas/images")
    assert not mounts.is_shared("/srv/nas2")


@pytest.mark.parametrize(
    ("name", "kind", "form", "size", "media", "disk"),
    [
        ("web.qcow2", "file", "qcow2", GIB, False, True),
        ("small.qcow2", "file", "qcow2", 1000, False, True),
        ("web.raw", "file", "raw", GIB, False, True),
        ("lv", "block", "raw", 1000, False, True),
        ("debian.img", "file", "iso", GIB, True, False),
        ("DEBIAN.ISO", "file", "raw", GIB, True, False),
        ("notes.txt", "file", "raw", 5, False, False),
        ("folder", "dir", "dir", 0, False, False),
    ],
)
def test_installation_images_folders_and_notes_are_no_disks(name, kind, form, size, media, disk):
    xml = (
        f"<volume type='{kind}'><name>{name}</name><capacity>{size}</capacity>"
        f"<allocation>7</allocation><target><path>/i/{name}</path><format type='{form}'/></target>"
        "</volume>"
    )
    volume = volume_from("images", xml, str)
    assert (volume.media, volume.disk) == (media, disk)
    assert (volume.path, volume.capacity, volume.allocation) == (f"/i/{name}", size, 7)


def _open(*volumes, kind="dir", name="images", shared=False, skipped=0, unreadable=()):
    count = len(volumes) + skipped + len(unreadable)
    pool = Pool(name, kind, "running", volumes=count)
    return OpenPool(pool, shared, [None] * count, list(volumes), list(unreadable))


def _view(alone=True):
    return StorageView(str, 100, alone, HostMounts())


def test_what_a_pool_promised_is_what_its_volumes_take_once_filled():
    opened = [_open(_volume("top", backing="base"), _volume("base"), _volume("x.iso", disk=False))]
    (pool,) = judged(opened, References(), _view())
    assert pool.provisioned == GIB + 1000 + 1000
    assert (pool.orphans, pool.orphan_bytes, pool.skipped) == (2, 2000, 0)


def test_with_volumes_left_out_there_are_no_sums_and_no_orphans_anywhere():
    opened = [_open(_volume("old"), skipped=3), _open(_volume("old2", "two"), name="two")]
    first, second = judged(opened, References(), _view())
    assert (first.volumes, first.skipped, first.provisioned, first.orphans) == (4, 3, None, None)
    assert (second.skipped, second.provisioned, second.orphans) == (0, GIB, None)


@pytest.mark.parametrize("in_use", [True, False])
def test_a_file_that_went_hides_orphans_only_when_something_uses_it(in_use):
    xml = "<source file='/srv/images/gone'/>" if in_use else "<source/>"
    opened = [_open(_volume("old"), unreadable=[("gone", "/srv/images/gone")])]
    (pool,) = judged(opened, _references(xml), _view())
    assert pool.orphans == (None if in_use else 1)


def test_a_domain_that_could_not_be_read_hides_the_orphans():
    (pool,) = judged([_open(_volume("old"))], References(complete=False), _view())
    assert (pool.provisioned, pool.orphans) == (GIB, None)
    (pool,) = judged([_open(_volume("old"))], None, _view())
    assert (pool.provisioned, pool.orphans) == (GIB, None)


@pytest.mark.parametrize(
    ("kind", "shared", "alone", "count"),
    [
        ("dir", False, True, 1),
        ("dir", False, False, 1),
        ("dir", True, True, 1),
        ("dir", True, False, None),  # another host's guests may use it
        ("netfs", False, True, 1),
        ("netfs", False, False, None),
        ("disk", False, True, None),  # partitions of the host itself
        ("iscsi", False, True, None),
    ],
)
def test_only_pools_whose_users_we_all_know_are_judged(kind, shared, alone, count):
    opened = [_open(_volume("old"), kind=kind, shared=shared)]
    assert judged(opened, References(), _view(alone))[0].orphans == count
