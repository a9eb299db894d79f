"""What a real systemd-journald writes, read back: each line once, whatever happens to it."""

from __future__ import annotations

from deploy.estate.child import wait_until
from inventory.process.logs import capture


def test_mail_is_read_in_order_and_nothing_else(journald, follow, said, sees):
    follower = follow()
    for number in range(50):
        journald.log(f"line {number}")
        journald.log("a cron job", ident="CRON[1]", priority=78)
    sees(follower, *(f"line {number}" for number in range(50)))
    assert follower.behind() == 0
    assert said(follower.blocks()) == []


def test_it_goes_on_over_restarts_rotations_and_a_vacuum_of_what_was_read(journald, follow, sees):
    follower = follow()
    journald.log("first")
    sees(follower, "first")
    for day in range(4):
        journald.log(f"day {day}, before")
        journald.rotate()
        journald.log(f"day {day}, after")
        follower = follow(follower.position())
        sees(follower, f"day {day}, before", f"day {day}, after")
        if day == 1:
            journald.vacuum()  # the last line read is in the file that stays


def test_what_was_let_go_unread_is_said_and_nothing_comes_twice(journald, follow, sees):
    follower = follow()
    journald.log("one")
    sees(follower, "one")
    journald.log("two, never read")
    sees(follow(follower.position()), "two, never read")  # by another: it is written
    journald.rotate()
    journald.vacuum()
    journald.log("three")
    journald.log("four")
    with capture() as logged:
        sees(follow(follower.position()), "three", "four")
    assert [entry["event"] for entry in logged] == ["journal de systemd repris plus loin"]


def test_a_journal_begun_anew_is_read_from_its_beginning(journald, follow, sees):
    follower = follow()
    journald.log("one")
    sees(follower, "one")
    journald.stop()
    for file in journald.directory.glob("*/*"):
        file.unlink()
    journald.start()
    journald.log("two")
    with capture() as logged:
        sees(follow(follower.position()), "two")
    assert logged


def test_a_journald_that_crashes_takes_nothing_twice(journald, follow, said, sees):
    follower = follow()
    for number in range(20):
        journald.log(f"line {number}")
    sees(follower, *(f"line {number}" for number in range(20)))
    journald.kill()
    journald.start()
    journald.log("back")
    sees(follower, "back")
    assert said(follow(follower.position()).blocks()) == []


def test_the_first_start_gives_what_is_there_as_the_past_and_then_what_is_new(
    journald, follow, said
):
    journald.log("old")
    wait_until(lambda: any(follow(history=1 << 20).blocks()), "first line")
    follower = follow(history=1 << 20)
    journald.log("new")
    newer = follow()  # takes no past
    journald.log("newest")
    found = []
    wait_until(lambda: found.extend(follower.blocks()) or b"newest" in found[-1][0], "newest")
    past = b"".join(block for block, is_past in found if is_past)
    assert past.count(b"\n") == 1
    assert past.endswith(b": old\n")
    assert said(pair for pair in found if not pair[1]) == ["new", "newest"]
    assert said(newer.blocks())[-1] == "newest"


def test_a_restart_in_the_past_does_not_take_the_rest_of_it_for_new(journald, follow):
    for number in range(6000):
        journald.log(f"line {number} {'x' * 150}")
    wait_until(
        lambda: sum(b.count(b"\n") for b, _ in follow(history=1 << 30).blocks()) == 6000, "6000"
    )
    follower = follow(history=1 << 30)
    first, past = next(follower.blocks())
    assert past
    assert first.count(b"\n") < 6000
    rest = list(follow(follower.position()).blocks())
    assert all(past for _, past in rest)
    assert sum(block.count(b"\n") for block, _ in rest) == 6000 - first.count(b"\n")


def test_a_reader_left_at_each_block_or_restarted_there_misses_nothing(journald, follow, said):
    follower = follow()
    for number in range(12_000):
        journald.log(f"line {number} {'x' * 150}")
    found = []

    def one_block():
        nonlocal follower
        for pair in follower.blocks():
            found.extend(said([pair]))
            break
        if len(found) % 2:
            follower = follow(follower.position())
        return len(found) == 12_000

    wait_until(one_block, "all lines")
    assert [line.split()[1] for line in found] == [str(number) for number in range(12_000)]


def test_what_is_no_plain_text_or_very_long_stays_one_line(journald, follow):
    follower = follow()
    messages = [
        b"two\nlines\n2026-11-30T21:07:17+00:00 mx postfix/qmgr[1]: A1: removed",
        b"not utf-8 \xff\xfe",
        b"\x01 control",
        b"x" * 100_000,
        b"\n\nMESSAGE\n\x03\0\0\0\0\0\0\0abc\n\n",
    ]
    for message in messages:
        journald.log(message)
    journald.log("end")
    blocks = []
    wait_until(lambda: blocks.extend(follower.blocks()) or b": end\n" in blocks[-1][0], "end")
    lines = b"".join(block for block, _ in blocks).split(b"\n")
    assert lines.pop() == b""
    assert len(lines) == len(messages) + 1
    assert lines[0].endswith(
        b": two#012lines#0122026-11-30T21:07:17+00:00 mx postfix/qmgr[1]: A1: removed"
    )
    assert lines[1].endswith(b": not utf-8 \xff\xfe")
    assert lines[2].endswith(b": \x01 control")
    assert lines[3].endswith(b": " + messages[3])
    assert b"#012MESSAGE#012" in lines[4]
