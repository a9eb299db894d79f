from __future__ import annotations

import gzip
import os
import shutil

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from exporters.mailqueue.log_file import LogFollower
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


@settings(max_examples=60, deadline=None)
@given(
    st.lists(
        st.sampled_from(["write", "read", "rename", "restart", "leave after one block"]),
        max_size=25,
    )
)
def test_whatever_happens_no_line_is_lost_and_none_comes_twice(tmp_path_factory, actions):
    log = tmp_path_factory.mktemp("log") / "mail.log"
    log.touch()
    follower = LogFollower(log, None, 0)
    written, seen, rotations = 0, [], 0
    for action in [*actions, "read"]:
        if action == "write":
            written += 1
            write(log, f"line {written}")
        elif action == "rename":
            rotations += 1
            log.rename(log.with_name(f"mail.log.{rotations:03}"))
            log.touch()
        elif action == "restart":
            follower.close()
            follower = LogFollower(log, follower.position(), 0)
        elif action == "read":
            seen += new(follower)
        else:
            for block, _ in follower.blocks():
                seen += block.decode().splitlines()
                break
    follower.close()
    assert seen == [f"line {number}" for number in range(1, written + 1)]


def test_a_log_that_becomes_readable_later_is_not_taken_for_new(log, follow, monkeypatch):
    write(log, "old")

    def refuse(path, offset):
        raise PermissionError(13, "Permission denied")

    with monkeypatch.context() as patch:
        patch.setattr("exporters.mailqueue.log_file.OpenLog", refuse)
        follower = follow(history=100)
        with pytest.raises(CollectorError, match="illisible"):
            new(follower)
    write(log, "older still than the first reading")
    assert new(follower) == []
    write(log, "new")
    assert new(follower) == ["new"]
