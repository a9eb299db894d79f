from __future__ import annotations

import json

import pytest

from exporters.mailqueue.log.settings import LogSettings, open_source
from exporters.toolkit.collector import CollectorError, Deadline


@pytest.fixture
def logs(tmp_path):
    paths = [tmp_path / "mail.log", tmp_path / "dovecot.log"]
    for path in paths:
        path.touch()
    return paths


@pytest.fixture
def follow(logs):
    built = []

    def build(position=None, history=0):
        saved = None if position is None else json.loads(json.dumps(position))
        built.append(open_source(LogSettings(path=logs[0], also=logs[1:]), saved, history))
        return built[-1]

    yield build
    for source in built:
        source.close()


def write(path, *lines):
    with path.open("ab") as file:
        file.writelines(f"{line}\n".encode() for line in lines)


def new(source):
    return [
        line.decode() for block, past in source.blocks() for line in block.splitlines() if not past
    ]


def test_the_lines_of_all_are_given_each_in_its_order(logs, follow):
    source = follow()
    write(logs[0], "p1", "p2")
    write(logs[1], "d1")
    assert new(source) == ["p1", "p2", "d1"]
    assert source.behind() == 0
    write(logs[1], "d2")
    assert source.behind() == 3
    assert new(source) == ["d2"]


def test_blocks_come_in_turn_so_that_both_are_caught_up_with_side_by_side(logs, follow):
    source = follow()
    long = "x" * 1000
    for path, name in zip(logs, "pd", strict=True):
        write(path, *(f"{name}{long}" for _ in range(2500)))
    turns = [block[:1] for block, _ in source.blocks()]
    assert len(turns) >= 6
    assert turns == [b"p", b"d"] * (len(turns) // 2)


def test_positions_are_of_one_instant_wherever_it_is_left(logs, follow):
    source, seen = follow(), []
    for number in range(4):
        write(logs[0], f"p{number}")
        write(logs[1], f"d{number}")
    while len(seen) < 8:
        for block, _ in source.blocks():
            seen += block.decode().splitlines()
            break
        source = follow(source.position())
    assert seen == ["p0", "p1", "p2", "p3", "d0", "d1", "d2", "d3"]


def test_one_that_cannot_be_read_is_named_after_the_other_was_read(logs, follow):
    source = follow()
    write(logs[1], "d1")
    logs[0].unlink()
    logs[0].mkdir()
    seen = []
    with pytest.raises(CollectorError, match=r"mail\.log illisible"):
        seen.extend(block for block, _ in source.blocks())
    assert seen == [b"d1\n"]
    logs[0].rmdir()
    write(logs[0], "p1")
    write(logs[1], "d2")
    assert new(source) == ["p1", "d2"]


def test_the_history_is_shared_among_them(logs, follow):
    for path in logs:
        write(path, *("a line of the past" for _ in range(100)))
    past = b"".join(block for block, is_past in follow(history=1000).blocks() if is_past)
    assert 800 < len(past) <= 1000


@pytest.mark.parametrize("spoilt", [{"offset": -1}, 7, "x"])
def test_a_position_that_makes_no_sense_is_refused(logs, follow, spoilt):
    with pytest.raises(ValueError, match=r"offset|Position|dict"):
        follow({str(logs[0]): spoilt})


def test_the_collector_says_what_the_others_say_and_fails_all_the_same(
    logs, tmp_path, collector_of
):
    state = tmp_path / "state"
    state.mkdir()
    collector = collector_of(logs[0], state, also=logs[1:])
    list(collector.collect(Deadline.after(5)))
    logs[1].unlink()
    logs[1].mkdir()
    write(logs[0], "Nov 24 13:59:00 mx1 postfix/qmgr[1]: A1: removed")
    with pytest.raises(CollectorError, match=r"dovecot\.log illisible") as raised:
        list(collector.collect(Deadline.after(5)))
    (removed,) = [f for f in raised.value.families if f.name == "mailqueue_removed_messages"]
    assert [sample.value for sample in removed.samples] == [1]
    logs[1].rmdir()
    logs[1].touch()
    assert list(collector.collect(Deadline.after(5)))
