from __future__ import annotations

import os

import pytest

from exporters.mailqueue.spool import QUEUES, Spool
from exporters.toolkit.collector import CollectorError, Deadline

LONG = "4jYkk96VKhz1SQ6m"  # arrived at 1795528289


@pytest.fixture
def directory(tmp_path):
    for queue in QUEUES:
        (tmp_path / queue).mkdir()
    return tmp_path


def put(directory, queue, name, data=b"x" * 100, mode=0o700):
    path = directory / queue / name
    path.parent.mkdir(exist_ok=True)
    path.write_bytes(data)
    path.chmod(mode)
    return path


def scan(spool):
    return spool.scan(Deadline.after(5))


def test_hashed_sub_folders_are_counted_and_other_names_are_not(directory):
    put(directory, "deferred/A", LONG)
    put(directory, "deferred/B", LONG + "B")
    (directory / "deferred" / "C").mkdir()
    put(directory, "deferred", ".lost+found")
    state = scan(Spool(directory))["deferred"]
    assert (state.messages, state.bytes) == (2, 200)
    assert int(state.oldest) == 1795528289


def test_an_empty_queue_has_no_oldest(directory):
    state = scan(Spool(directory))["active"]
    assert (state.messages, state.bytes, state.oldest) == (0, 0, None)


def test_a_short_id_takes_its_arrival_from_the_file_not_from_its_times(directory):
    path = put(directory, "deferred", "A1B2C3D4E5", b"T\x0a1700000000" + b"x" * 50)
    os.utime(path, (1900000000, 1900000000))
    assert scan(Spool(directory))["deferred"].oldest == 1700000000


def test_a_message_still_being_written_is_measured_again(directory):
    path = put(directory, "incoming", LONG, b"x", mode=0o600)
    spool = Spool(directory)
    assert scan(spool)["incoming"].bytes == 1
    path.write_bytes(b"x" * 5000)
    path.chmod(0o700)
    assert scan(spool)["incoming"].bytes == 5000


def test_a_known_message_is_not_looked_at_again(directory):
    put(directory, "deferred", LONG)
    spool = Spool(directory)
    scan(spool)
    put(directory, "deferred", LONG, b"x" * 999)
    assert scan(spool)["deferred"].bytes == 100
    (directory / "deferred" / LONG).unlink()
    assert scan(spool)["deferred"].messages == 0
    assert spool._known == {}


def test_a_file_that_vanishes_during_the_scan_left_the_queue(directory):
    (directory / "active" / LONG).symlink_to(directory / "gone")
    assert scan(Spool(directory))["active"].messages == 0


def test_a_message_that_moves_on_during_the_scan_counts_once(directory):
    put(directory, "incoming", LONG)
    put(directory, "active", LONG)
    states = scan(Spool(directory))
    assert states["incoming"].messages + states["active"].messages == 1


def test_an_unreadable_queue_is_an_error_that_says_which_right_is_missing(directory):
    (directory / "hold").rmdir()
    with pytest.raises(CollectorError, match=r"hold illisible.*CAP_DAC_READ_SEARCH"):
        scan(Spool(directory))


def test_a_first_scan_longer_than_the_deadline_goes_on_at_the_next(directory):
    for number in range(1, 1200):
        put(directory, "deferred", f"{number:010X}", b"T\x0a1700000000")
    spool = Spool(directory)
    with pytest.raises(CollectorError, match="continue au relevé suivant"):
        spool.scan(Deadline(at=0, now=lambda: 1))
    assert len(spool._known) >= 400
    assert scan(spool)["deferred"].messages == 1199
