from __future__ import annotations

import gzip
import json
import os
import shutil

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from exporters.mailqueue.log.follower import LogFollower
from exporters.mailqueue.log.trail import trail
from exporters.toolkit.collector import CollectorError


@pytest.fixture
def log(tmp_path):
    return tmp_path / "mail.log"


@pytest.fixture
def follow(log):
    built = []

    def build(position=None, history=0):
        built.append(LogFollower(log, position, history))
        return built[-1]

    yield build
    for follower in built:
        follower.close()


def write(path, *lines):
    with path.open("ab") as file:
        file.writelines(f"{line}\n".encode() for line in lines)


def new(follower):
    return [
        line.decode()
        for block, past in follower.blocks()
        for line in block.splitlines()
        if not past
    ]


def test_only_whole_lines_are_given_and_each_once(log, follow):
    log.touch()
    follower = follow()
    write(log, "one", "two")
    with log.open("ab") as file:
        file.write(b"thr")
    assert new(follower) == ["one", "two"]
    with log.open("ab") as file:
        file.write(b"ee\n")
    assert new(follower) == ["three"]
    assert follower.behind() == 0


def test_what_was_there_before_the_first_start_is_the_past(log, follow):
    write(log, *(f"line {number}" for number in range(100)))
    follower = follow(history=50)
    write(log, "new")
    blocks = list(follower.blocks())
    past = b"".join(block for block, is_past in blocks if is_past)
    assert past.startswith(b"line ")
    assert past.endswith(b"line 99\n")
    assert len(past) <= 50
    assert [block for block, is_past in blocks if not is_past] == [b"new\n"]


def test_a_line_half_written_at_the_first_start_is_new(log, follow):
    log.write_bytes(b"old\nhal")
    follower = follow(history=100)
    write(log, "f")
    assert new(follower) == ["half"]


def test_a_log_that_is_not_there_is_an_error_and_is_read_whole_once_it_is(log, follow):
    follower = follow()
    with pytest.raises(CollectorError, match=r"mail\.log illisible.*adm"):
        new(follower)
    write(log, "one")
    assert new(follower) == ["one"]


def test_rotation_by_rename_reads_the_old_file_to_its_end(log, follow):
    log.touch()
    follower = follow()
    write(log, "one")
    assert new(follower) == ["one"]
    write(log, "two")
    old = log.rename(log.with_name("mail.log.1"))
    assert new(follower) == ["two"]  # no new file yet
    write(log, "four")
    write(old, "three")  # the writer had not noticed yet
    assert new(follower) == ["three", "four"]
    write(old, "late")
    write(log, "five")
    assert new(follower) == ["late", "five"]
    assert len(follower._files) == 1


def test_rotation_by_copy_and_truncation_reads_the_copy(log, follow):
    log.touch()
    follower = follow()
    write(log, "one", "first half of the day")
    assert len(new(follower)) == 2
    write(log, "two")
    shutil.copy(log, log.with_name("mail.log-20261124"))
    log.write_bytes(b"")
    write(log, "three, and longer than all that was there before the truncation, by far enough")
    assert new(follower)[:1] == ["two"]
    write(log, "four")
    assert new(follower) == ["four"]


def test_truncation_without_a_copy_starts_again_at_the_beginning(log, follow):
    log.touch()
    follower = follow()
    write(log, "one", "two")
    new(follower)
    log.write_bytes(b"three\n")
    assert new(follower) == ["three"]


@pytest.mark.parametrize("packed", [False, True])
def test_a_restart_after_several_rotations_reads_them_all_in_order(log, follow, packed):
    log.touch()
    follower = follow()
    write(log, "one")
    assert new(follower) == ["one"]
    position = follower.position()
    write(log, "two")
    for name, line in (("mail.log.2", "three"), ("mail.log.1", "four")):
        log.rename(log.with_name(name))
        write(log, line)
    if packed:
        oldest = log.with_name("mail.log.2")
        data, times = oldest.read_bytes(), oldest.stat()
        oldest.unlink()
        target = log.with_name("mail.log.2.gz")
        target.write_bytes(gzip.compress(data))
        os.utime(target, ns=(times.st_atime_ns, times.st_mtime_ns))
    assert new(follow(position)) == ["two", "three", "four"]


def test_a_spoilt_archive_is_not_taken_for_the_log(log, follow):
    write(log, "one")
    follower = follow()
    new(follower)
    position = follower.position()
    log.unlink()
    log.with_name("mail.log.1.gz").write_bytes(b"\x1f\x8b not really")
    write(log, "two, of another file")
    assert new(follow(position)) == ["two, of another file"]


class Writer:
    """A syslog daemon that keeps its file open over a rotation until it is told."""

    def __init__(self, log):
        self.log = log
        self.file = log.open("ab", buffering=0)
        self.written = 0
        self.rotations = 0
        self.half = False

    def write(self):
        if self.half:
            self.file.write(b" end\n")
            self.half = False
        self.written += 1
        self.file.write(f"line {self.written} end\n".encode())

    def write_half(self):
        if not self.half:
            self.written += 1
            self.half = True
            self.file.write(f"line {self.written}".encode())

    def rename(self):
        if not self.log.samefile(f"/proc/self/fd/{self.file.fileno()}"):
            self.hang_up()  # it is told before the next rotation, as late as that may be
        self.rotations += 1
        self.log.rename(self.log.with_name(f"mail.log.{self.rotations:03}"))
        self.log.touch()

    def hang_up(self):
        if self.half:
            self.write()
        self.file.close()
        self.file = self.log.open("ab", buffering=0)

    def copy_and_truncate(self):
        self.hang_up()
        self.rotations += 1
        shutil.copy(self.log, self.log.with_name(f"mail.log.{self.rotations:03}"))
        os.truncate(self.log, 0)

    def compress(self):
        older = sorted(self.log.parent.glob("mail.log.???"))
        if older and not older[0].samefile(f"/proc/self/fd/{self.file.fileno()}"):
            times = older[0].stat()
            target = older[0].with_suffix(older[0].suffix + ".gz")
            target.write_bytes(gzip.compress(older[0].read_bytes()))
            os.utime(target, ns=(times.st_atime_ns, times.st_mtime_ns))
            older[0].unlink()


WRITING = ["write", "write_half", "rename", "hang_up", "copy_and_truncate", "compress"]
READING = ["read", "leave after one block", "restart"]


@settings(max_examples=150, deadline=None)
@example(actions=["rename", "read", "write", "rename"])
@example(actions=["copy_and_truncate", "read", "write", "copy_and_truncate", "write", "rename"])
@given(st.lists(st.sampled_from(["write", *WRITING, *READING]), max_size=30))
def test_whatever_happens_no_line_is_lost_and_none_comes_twice(tmp_path_factory, actions):
    log = tmp_path_factory.mktemp("log") / "mail.log"
    log.write_bytes(b"line 0 end\n")
    follower = LogFollower(log, None, 0)
    writer, seen = Writer(log), []
    for action in [*actions, "hang_up", "read", "read"]:
        if action in WRITING:
            getattr(writer, action)()
        elif action == "restart":
            position = json.loads(json.dumps(follower.position()))
            follower.close()
            follower = LogFollower(log, position, 0)
        elif action == "read":
            seen += new(follower)
        else:
            for block, _ in follower.blocks():
                seen += block.decode().splitlines()
                break
    follower.close()
    writer.file.close()
    assert seen == [f"line {number} end" for number in range(1, writer.written + 1)]


def test_what_a_slow_writer_adds_to_the_rotated_file_is_read_after_a_restart_too(log, follow):
    write(log, "one")
    follower = follow(history=100)
    list(follower.blocks())
    old = log.rename(log.with_name("mail.log.1"))
    log.touch()  # logrotate made the new one, the writer was not told yet
    write(old, "two")
    assert new(follower) == ["two"]
    position = follower.position()
    write(old, "three")
    write(log, "four")
    assert new(follow(position)) == ["three", "four"]


def test_a_copy_that_lacks_the_last_lines_read_is_still_the_same_log(log, follow):
    write(log, *(f"line {number} of this day" for number in range(100)))
    copy = shutil.copy(log, log.with_name("mail.log.2"))
    write(log, "after the copy, before the truncation")
    follower = follow(history=10_000)
    list(follower.blocks())
    position = follower.position()
    log.write_bytes(b"")
    write(log, "of the next day")
    os.utime(copy, (0, 0))
    log.rename(log.with_name("mail.log.1"))
    write(log, "of today")
    assert new(follow(position)) == ["of the next day", "of today"]


def test_the_archive_being_made_of_a_rotated_file_is_not_a_second_file(log, follow):
    write(log, "one")
    follower = follow(history=100)
    list(follower.blocks())
    position = follower.position()
    log.rename(log.with_name("mail.log.2"))
    write(log, "two")
    middle = log.rename(log.with_name("mail.log.1"))
    write(log, "three")
    archive = gzip.compress(middle.read_bytes())
    log.with_name("mail.log.1.gz").write_bytes(archive[: len(archive) // 2])
    assert new(follow(position)) == ["two", "three"]


def test_a_copy_somebody_keeps_beside_the_log_is_not_read_again(log, follow):
    write(log, "one")
    follower = follow(history=100)
    list(follower.blocks())
    position = follower.position()
    log.rename(log.with_name("mail.log.1"))
    write(log, *(f"line {number} of this day" for number in range(100)))
    shutil.copy(log, log.with_name("mail.log.backup"))
    write(log, "last")
    assert new(follow(position)) == [*(f"line {n} of this day" for n in range(100)), "last"]


def test_a_copy_being_made_when_we_start_is_not_a_second_log(log, follow):
    write(log, "one")
    follower = follow(history=100)
    list(follower.blocks())
    position = follower.position()
    write(log, "two")
    os.utime(log.rename(log.with_name("mail.log.2")), (1, 1))
    write(log, "three", "four")
    copy = log.with_name("mail.log.1")
    copy.write_bytes(log.read_bytes()[:8])  # so far
    follower = follow(position)
    reading = follower.blocks()
    assert next(reading)[0] == b"two\n"
    copy.write_bytes(log.read_bytes())
    log.write_bytes(b"five\n")
    seen = [line.decode() for block, _ in reading for line in block.splitlines()]
    for _ in range(3):
        seen += new(follower)
    assert seen == ["three", "four", "five"]


def test_a_copy_still_empty_when_we_start_is_what_we_read_of_the_original(log, follow):
    write(log, "one")
    follower = follow(history=100)
    list(follower.blocks())
    position = follower.position()
    os.utime(log.rename(log.with_name("mail.log.2")), (1, 1))
    write(log, "two", "three")
    copy = log.with_name("mail.log.1")
    copy.touch()
    follower = follow(position)
    assert new(follower) == ["two", "three"]
    copy.write_bytes(log.read_bytes())
    log.write_bytes(b"four\n")
    assert new(follower) == ["four"]
    assert new(follow(follower.position())) == []


def test_a_log_filled_copied_and_truncated_while_another_is_read_loses_nothing(log, follow):
    write(log, "one")
    follower = follow(history=100)
    list(follower.blocks())
    position = follower.position()
    write(log, "two")
    os.utime(log.rename(log.with_name("mail.log.2")), (1, 1))
    log.touch()
    follower = follow(position)
    reading = follower.blocks()
    assert next(reading)[0] == b"two\n"
    write(log, "three")
    shutil.copy(log, log.with_name("mail.log.1"))
    log.write_bytes(b"four, and more than there was\n")
    assert list(reading) == []  # it changed under our hands: next time
    assert new(follower) == ["three", "four, and more than there was"]
    assert new(follower) == []


def test_a_rotation_between_the_look_and_the_opening_is_noticed(log, follow, monkeypatch):
    write(log, "one")
    follower = follow(history=100)
    list(follower.blocks())
    position = follower.position()
    write(log, "two")

    def rotate_first(path, known):
        found = trail(path, known)
        if not log.with_name("mail.log.1").exists():
            log.rename(log.with_name("mail.log.1"))
            write(log, "three, and much longer than what the first file had")
        return found

    monkeypatch.setattr("exporters.mailqueue.log.follower.trail", rotate_first)
    late = follow(position)
    assert new(late) == ["two", "three, and much longer than what the first file had"]


def test_a_truncation_between_the_look_and_the_opening_is_noticed(log, follow, monkeypatch):
    write(log, "one")
    follower = follow(history=100)
    list(follower.blocks())
    position = follower.position()
    write(log, "two")
    shutil.copy(log, log.with_name("mail.log.1"))  # before we look

    def truncate_first(path, known):
        found = trail(path, known)
        if log.read_bytes().startswith(b"one"):
            log.write_bytes(b"three\n")
        return found

    monkeypatch.setattr("exporters.mailqueue.log.follower.trail", truncate_first)
    assert new(follow(position)) == ["two", "three"]


def test_a_log_that_becomes_readable_later_is_not_taken_for_new(log, follow, monkeypatch):
    write(log, "old")

    def refuse(path, offset):
        raise PermissionError(13, "Permission denied")

    with monkeypatch.context() as patch:
        patch.setattr("exporters.mailqueue.log.follower.OpenLog", refuse)
        follower = follow(history=100)
        with pytest.raises(CollectorError, match="illisible"):
            new(follower)
    write(log, "older still than the first reading")
    assert new(follower) == []
    write(log, "new")
    assert new(follower) == ["new"]


@pytest.mark.parametrize(
    "spoilt", [{"offset": -5}, {"inode": 1}, {"offset": 1, "before": {"offset": "x"}}]
)
def test_a_position_that_makes_no_sense_is_refused(log, follow, spoilt):
    with pytest.raises(ValueError, match="offset"):
        follow(spoilt)


@pytest.mark.parametrize("make", [os.mkfifo, os.mkdir], ids=["pipe", "directory"])
def test_what_is_no_ordinary_file_is_said_and_not_waited_for(log, follow, make):
    make(log)
    follower = follow()
    with pytest.raises(CollectorError, match=r"c'est un .* attendu : un fichier ordinaire"):
        new(follower)


@pytest.mark.parametrize("make", [os.mkfifo, os.mkdir], ids=["pipe", "directory"])
def test_what_is_no_file_beside_the_log_is_none_of_its_older_files(log, follow, make):
    write(log, "one")
    follower = follow()
    log.rename(log.with_name("mail.log.1"))
    make(log.with_name("mail.log.parts"))
    write(log, "two")
    assert new(follower) == ["two"]
