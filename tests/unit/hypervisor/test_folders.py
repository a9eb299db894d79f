"""How full folders are, and paths under one that hangs."""

from __future__ import annotations

import os
import threading
from types import SimpleNamespace

import pytest

from exporters.hypervisor.libvirtd import folders as module
from exporters.hypervisor.libvirtd.folders import Folders, Room


@pytest.fixture
def hang(monkeypatch):
    """Make statvfs of these folders wait until `release` is set."""
    release, real = threading.Event(), os.statvfs
    held = set()

    def statvfs(folder):
        if folder in held:
            release.wait(20)
        return real(folder)

    monkeypatch.setattr(module.os, "statvfs", statvfs)
    yield SimpleNamespace(held=held, release=release)
    release.set()


def test_what_only_root_may_still_take_is_not_available(monkeypatch, tmp_path):
    told = SimpleNamespace(f_frsize=512, f_bsize=4096, f_blocks=100, f_bfree=7, f_bavail=2)
    monkeypatch.setattr(module.os, "statvfs", lambda _: told)
    assert module.room_in(str(tmp_path)) == Room(51200, 93 * 512, 1024)


def test_a_folder_that_is_not_there_has_no_room_and_does_not_hang(tmp_path):
    folders = Folders("hv1")
    gone = str(tmp_path / "absent")
    folders.look([gone, str(tmp_path)])
    assert folders.room(gone) is None
    assert folders.room(str(tmp_path)).capacity > 0
    assert not folders.hangs(gone)
    assert folders.room("/never/asked") is None


def test_a_folder_that_systemd_masks_is_not_taken_for_the_pool(tmp_path):
    masked = tmp_path / "home"
    masked.mkdir(mode=0)
    folders = Folders("hv1")
    folders.look([str(masked)])
    assert folders.room(str(masked)) is None
    assert not folders.hangs(str(masked))
    masked.chmod(0o711)
    folders.look([str(masked)])
    assert folders.room(str(masked)) is not None


def test_under_a_folder_that_hangs_links_are_not_followed(tmp_path, hang):
    held, sound = tmp_path / "held", tmp_path / "sound"
    for folder in (held, sound, tmp_path / "held-not"):
        folder.mkdir()
        (folder / "link").symlink_to(tmp_path / "elsewhere")
    hang.held.add(str(held))
    folders = Folders("hv1", 0.1)
    folders.look([str(held), str(sound)])
    assert (folders.room(str(held)), folders.hangs(str(held))) == (None, True)
    assert folders.room(str(sound)) is not None
    assert folders.canonical(f"{held}/./link") == f"{held}/link"
    assert folders.canonical(f"{sound}/link") == str(tmp_path / "elsewhere")
    assert folders.canonical(f"{held}-not/link") == str(tmp_path / "elsewhere")


def test_one_look_at_most_is_out_and_the_folder_is_seen_again_once_it_answers(tmp_path, hang):
    held = str(tmp_path)
    hang.held.add(held)
    folders = Folders("hv1", 0.05)
    for _ in range(5):
        folders.look([held])
    folders.look([])  # its pool went meanwhile
    # By name: threads of other tests come and go in this process.
    out = [thread for thread in threading.enumerate() if thread.name == "vigie-folder"]
    assert len(out) == 1
    assert folders.hangs(held)
    hang.held.clear()
    hang.release.set()
    for thread in out:
        thread.join(5)
    folders.look([held])
    assert not folders.hangs(held)
    assert folders.room(held) is not None
