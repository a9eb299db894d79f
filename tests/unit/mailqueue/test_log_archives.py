"""A log whose older files are packed: unpacked one at a time, when they are read."""

from __future__ import annotations

import bz2
import errno
import gzip
import json
import lzma
import os
from itertools import pairwise

import pytest

from exporters.mailqueue.log import open_log
from exporters.mailqueue.log.follower import LogFollower
from exporters.toolkit.collector import CollectorError

PACKERS = {".gz": gzip.compress, ".bz2": bz2.compress, ".xz": lzma.compress}


class Log:
    """A log, its older files, and what was read of it by one process after the other."""

    def __init__(self, path):
        self.path = path
        self.written, self.seen = [], []
        self.rotations = 0
        path.write_bytes(b"before the first start\n")
        self.follower = LogFollower(path, None, 0)
        self.read()

    def write(self, *lines, end="\n"):
        self.written += lines
        with self.path.open("a") as file:
            file.write("".join(f"{line}{end}" for line in lines))

    def rotate(self, packer=".gz"):
        """Rename, pack and begin anew; the archive."""
        self.rotations += 1
        archive = self.path.with_name(f"mail.log-{self.rotations:04}{packer}")
        archive.write_bytes(PACKERS[packer](self.path.read_bytes()))
        os.utime(archive, (self.rotations, self.rotations))
        self.path.unlink()
        self.path.touch()
        return archive

    def blocks(self):
        for block, past in self.follower.blocks():
            if not past:
                self.seen += block.decode().splitlines()
            yield

    def read(self):
        for _ in self.blocks():
            pass

    def restart(self):
        position = json.loads(json.dumps(self.follower.position()))
        self.follower.close()
        self.follower = LogFollower(self.path, position, 0)


@pytest.fixture
def log(tmp_path):
    built = Log(tmp_path / "mail.log")
    yield built
    built.follower.close()


@pytest.fixture
def unpacked(monkeypatch):
    """The unpacked files so far, in the order they were made."""
    made = []
    unpack = open_log.unpack

    def record(file, path):
        assert all(other.closed for other in made)
        made.append(unpack(file, path))
        return made[-1]

    monkeypatch.setattr(open_log, "unpack", record)
    return made


def test_a_backlog_is_unpacked_one_archive_at_a_time_as_it_is_read(log, unpacked):
    for number in range(9):
        log.write(f"line {number}")
        log.rotate([*PACKERS][number % 3])
    log.write("last")
    log.restart()
    log.read()
    assert log.seen == log.written
    assert len(unpacked) == 9
    assert all(file.closed for file in unpacked)
    log.read()
    assert log.seen == log.written
    assert len(unpacked) == 9


def test_nothing_is_unpacked_before_its_turn(log, unpacked):
    for number in range(3):
        log.write(f"line {number}")
        log.rotate()
    log.restart()
    blocks = log.blocks()
    next(blocks)
    assert len(unpacked) == 1
    assert log.follower.behind() is None  # some, in archives
    blocks.close()
    log.read()
    assert log.follower.behind() == 0


def test_restarts_in_a_backlog_of_hundreds_of_archives_lose_nothing(log):
    for number in range(300):
        log.write(f"line {number}")
        log.rotate()
    log.restart()
    next(log.blocks())
    log.restart()
    log.read()
    log.restart()
    log.read()
    assert log.seen == log.written


@pytest.mark.parametrize("blocks_read", [1, 2])
def test_an_archive_deleted_before_its_turn_is_read_all_the_same(log, blocks_read):
    log.write(*("x" * 1000 for _ in range(2000)))  # two blocks
    archives = [log.rotate()]
    log.write("two")
    archives.append(log.rotate())
    log.restart()
    blocks = log.blocks()
    for _ in range(blocks_read):
        next(blocks)
    blocks.close()
    for archive in archives:
        archive.unlink()
    log.write("three")
    log.read()
    assert log.seen == log.written


def test_a_half_line_at_the_first_start_is_whole_in_the_archive(tmp_path):
    path = tmp_path / "mail.log"
    path.write_bytes(b"old\nhal")
    follower = LogFollower(path, None, 100)
    position = follower.position()
    follower.close()
    path.rename(path.with_name("mail.log.1"))
    path.with_name("mail.log.1.gz").write_bytes(gzip.compress(b"old\nhalf\n"))
    path.with_name("mail.log.1").unlink()
    path.touch()
    follower = LogFollower(path, position, 0)
    assert list(follower.blocks()) == [(b"old\n", True), (b"half\n", False)]
    follower.close()


def test_the_last_line_of_an_archive_needs_no_end(log):
    log.write("one", end="")
    log.rotate()
    log.write("two")
    log.rotate()
    log.restart()
    log.read()
    assert log.seen == ["one", "two"]


def test_an_archive_cut_short_is_said_and_read_once_it_is_whole(log):
    log.write("one")
    log.rotate()
    log.write(*(f"{number} {os.urandom(20).hex()}" for number in range(200)))
    archive = log.rotate()
    log.write("last")
    whole = archive.read_bytes()
    archive.write_bytes(whole[:-30])
    log.restart()
    with pytest.raises(CollectorError, match=r"archive abîmée.*attendu : une archive entière"):
        log.read()
    assert log.seen == ["one"]
    archive.write_bytes(whole)
    os.utime(archive, (2, 2))
    log.read()
    assert log.seen == log.written


def test_an_archive_that_finds_no_room_is_not_lost_even_deleted(log, monkeypatch):
    for line in ("one", "two"):
        log.write(line)
        archive = log.rotate()
    log.restart()
    next(log.blocks())
    archive.unlink()

    def full(file, path):
        raise OSError(errno.ENOSPC, "No space left on device")

    with monkeypatch.context() as patch:
        patch.setattr(open_log, "unpack", full)
        for _ in range(2):
            with pytest.raises(CollectorError, match="attendu : de la place"):
                log.read()
    log.read()
    assert log.seen == ["one", "two"]


def test_an_archive_written_anew_before_its_turn_is_not_taken_for_what_it_was(log):
    for line in ("one", "two", "three"):
        log.write(line)
        log.rotate()
    log.restart()
    blocks = log.blocks()
    next(blocks)
    second = log.path.with_name("mail.log-0002.gz")
    second.write_bytes(gzip.compress(b"other words\n"))
    os.utime(second, (2, 2))
    with pytest.raises(CollectorError, match="archive réécrite"):
        next(blocks)
    log.read()
    assert log.seen == ["one", "other words", "three"]


def test_positions_saved_one_in_the_other_are_understood(log):
    for line in ("one", "two", "three"):
        log.write(line)
        log.rotate()
    log.restart()
    next(log.blocks())
    newest = log.follower.position()
    chain = [*newest.pop("before"), newest]
    for older, newer in pairwise(chain):
        newer["before"] = older
    log.follower.close()
    log.follower = LogFollower(log.path, json.loads(json.dumps(chain[-1])), 0)
    log.read()
    assert log.seen == log.written
