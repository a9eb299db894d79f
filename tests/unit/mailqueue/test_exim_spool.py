from __future__ import annotations

import fcntl
import os
import shutil

import pytest
from exim_spool import NOW, by, header, message_id, put

from exporters.mailqueue.exim.locks import locked_files
from exporters.mailqueue.exim.spool import AGAIN, Spool
from exporters.mailqueue.queue.snapshot import UNAUTHENTICATED, Held, ReadFailed, Share

ALICE = "alice@ville-valmont.test"
FIRST = ("deliver_firsttime",)


@pytest.fixture
def spool(tmp_path):
    (tmp_path / "input").mkdir()
    return tmp_path / "input"


def follow(spool, *, now=NOW + 10.0, looks=10_000, **kwargs):
    return Spool(spool.parent, lambda: now, looks, **kwargs)


def last(reader):
    return [*reader.read()][-1]


def counts(snapshot):
    return {queue: state.messages for queue, state in snapshot.queues.items() if state.messages}


def age(folder):
    """Make all that was done in the folder look old: only later changes are seen."""
    os.utime(folder, (NOW - 100, NOW - 100))


def test_an_empty_spool_is_zero_and_one_that_is_not_there_is_an_error(spool):
    found = last(follow(spool))
    assert {queue: state.messages for queue, state in found.queues.items()} == {
        "incoming": 0,
        "active": 0,
        "deferred": 0,
        "hold": 0,
        "corrupt": 0,
    }
    assert found.messages == found.attributed == 0
    shutil.rmtree(spool)
    with pytest.raises(ReadFailed, match=r"input illisible .* attendu"):
        last(follow(spool))


def test_messages_are_told_apart_by_their_header_files_with_ids_of_both_lengths(spool):
    (spool / "v").mkdir()
    first, tried, frozen, spoilt = (message_id(n, new=n % 2 == 0) for n in range(4))
    put(spool, first, header(first, variables=(*FIRST, *by(ALICE))))
    put(spool / "v", tried, header(tried, variables=by(ALICE), recipients=("a@x", "b@x")))
    since = NOW + 5
    put(spool / "v", frozen, header(frozen, variables=(*by(ALICE.upper()), f"frozen {since}")))
    put(spool, spoilt, "not what it should be\n")
    found = last(follow(spool))
    assert counts(found) == {"incoming": 1, "deferred": 1, "hold": 1, "corrupt": 1}
    assert list(found.queues["incoming"].arrivals) == [NOW + 0.25]
    assert found.shares[ALICE] == Share(messages=3, recipients=4, client_addresses=1)
    assert found.shares[UNAUTHENTICATED].messages == 1
    assert found.held == {ALICE: Held(1, since)}
    size = (spool / f"{first}-H").stat().st_size + 1000
    assert found.queues["incoming"].bytes == size
    assert found.attributed == 4


def test_a_message_is_followed_from_its_arrival_to_its_end_and_opened_only_when_it_changes(
    spool, monkeypatch
):
    opened = []
    real = os.open
    monkeypatch.setattr(
        os, "open", lambda path, *a, **k: opened.append(path) or real(path, *a, **k)
    )
    monkeypatch.setattr("exporters.mailqueue.exim.spool.AGAIN", 0)
    reader, name = follow(spool), message_id(1)
    put(spool, name, header(name, variables=FIRST))
    assert counts(last(reader)) == {"incoming": 1}
    (spool / f"{name}-J").write_text("a@x\n")  # a delivery under way
    assert counts(last(reader)) == {"incoming": 1}
    put(spool, name, header(name))
    assert counts(last(reader)) == {"deferred": 1}
    put(spool, name, header(name, variables=(f"frozen {NOW + 3}",)))
    found = last(reader)
    assert counts(found) == {"hold": 1}
    assert found.held == {UNAUTHENTICATED: Held(1, NOW + 3)}
    put(spool, name, header(name))
    found = last(reader)
    assert counts(found) == {"deferred": 1}
    assert found.held == {}
    assert len(opened) == 4
    for suffix in "HDJ":
        (spool / f"{name}-{suffix}").unlink()
    found = last(reader)
    assert found.messages == found.queues["deferred"].bytes == 0
    assert found.shares == {}


def test_a_message_is_active_while_its_data_is_locked_as_exim_does_it(spool):
    first, tried = message_id(1), message_id(2, new=True)
    put(spool, first, header(first, variables=(*FIRST, *by(ALICE))))
    put(spool, tried)
    reader = follow(spool)
    assert counts(last(reader)) == {"incoming": 1, "deferred": 1}
    with (spool / f"{tried}-D").open("r+b") as new, (spool / f"{first}-D").open("r+b") as old:
        fcntl.lockf(new, fcntl.LOCK_EX, len(f"{tried}-D\n"))
        assert counts(last(reader)) == {"incoming": 1, "active": 1}
        fcntl.lockf(old, fcntl.LOCK_EX, len(f"{first}-D\n"))
        found = last(reader)
        assert counts(found) == {"active": 2}
        assert len(found.queues["active"].arrivals) == 2
        assert counts(last(follow(spool))) == {"active": 2}
    assert counts(last(reader)) == {"incoming": 1, "deferred": 1}
    # Where the kernel's list is not shown, what is active is not known.
    blind = last(follow(spool, locked=lambda: None))
    assert counts(blind) == {"incoming": 1, "deferred": 1}
    assert "active" not in blind.queues


def test_other_locks_are_none_of_exims(tmp_path):
    locks = tmp_path / "locks"
    locks.write_text(
        "1: POSIX  ADVISORY  WRITE 10876 fe:00:101 0 18\n"
        "2: POSIX  ADVISORY  WRITE 10876 fe:00:102 0 25\n"
        "2: -> POSIX  ADVISORY  WRITE 10876 fe:00:103 0 25\n"
        "3: FLOCK  ADVISORY  WRITE 8699 fe:00:104 0 EOF\n"
        "4: POSIX  ADVISORY  READ 8119 fe:00:105 0 18\n"
        "5: POSIX  ADVISORY  WRITE 8119 fe:00:106 0 EOF\n"
    )
    assert locked_files(locks) == {101, 102}
    assert locked_files(tmp_path / "none") is None


def test_mail_that_was_only_queued_waits_for_a_queue_run_after_a_minute(spool):
    now = NOW + 59.0
    reader = Spool(spool.parent, lambda: now, 100)
    name = message_id(1)
    put(spool, name, header(name, variables=FIRST))
    assert counts(last(reader)) == {"incoming": 1}
    now = NOW + 61.0
    assert counts(last(reader)) == {"deferred": 1}
    assert counts(last(Spool(spool.parent, lambda: now, 100))) == {"deferred": 1}


def test_a_folder_is_listed_again_only_when_it_changed(spool, monkeypatch):
    listed = []
    real = os.scandir
    monkeypatch.setattr(os, "scandir", lambda path: listed.append(path) or real(path))
    for letter in "ab":
        (spool / letter).mkdir()
        put(spool / letter, message_id(ord(letter)))
        age(spool / letter)
    reader = follow(spool)
    age(spool)
    assert last(reader).messages == 2
    assert len(listed) == 3
    again = last(reader)
    assert again is last(reader)
    assert len(listed) == 3
    put(spool / "b", message_id(7))
    assert last(reader).messages == 3
    assert listed[3:] == [f"{spool}/b"]


def test_a_change_that_left_no_trace_in_the_folder_is_found_in_turn(spool):
    reader = follow(spool)
    names = [message_id(number) for number in range(AGAIN + 1)]
    for name in names:
        put(spool, name)
    assert counts(last(reader)) == {"deferred": AGAIN + 1}
    # In place, as if the inode were that of an earlier file.
    for name in names:
        path = spool / f"{name}-H"
        path.write_text(header(name, variables=(f"frozen {NOW}",)))
    age(spool)
    assert counts(last(reader)) == {"deferred": 1, "hold": AGAIN}
    assert counts(last(reader)) == {"hold": AGAIN + 1}


def test_names_are_counted_at_once_and_the_files_opened_little_by_little(spool, monkeypatch):
    monkeypatch.setattr("exporters.mailqueue.exim.spool.MANY", 3)
    for number in range(8):
        name = message_id(number, at=NOW - 3600 * (number % 2))
        put(spool, name, header(name, variables=by(ALICE)))
    reader = follow(spool, looks=5)
    names, partly = reader.read()
    # An hour old, it was tried; of ten seconds, it may not have been.
    assert counts(names) == {"incoming": 4, "deferred": 4}
    assert names.attributed == 0
    assert names.queues["deferred"].bytes is None
    assert partly.attributed == 5
    whole = last(reader)
    assert whole.attributed == 8
    assert counts(whole) == {"deferred": 8}
    assert whole.queues["deferred"].bytes > 8000


def test_a_stray_file_is_counted_and_ids_of_a_new_form_are_an_error_not_a_zero(spool):
    for number in range(5):
        put(spool, message_id(number))
    (spool / "core").write_text("x")
    (spool / ".nfs0001").write_text("x")
    reader = follow(spool)
    assert last(reader).queues["incoming"].unknown == 1
    for number in range(5):
        for suffix in "HD":
            path = spool / f"{message_id(number)}-{suffix}"
            path.rename(spool / f"1xY8gv-00000000000{number}-00000001-{suffix}")
    with pytest.raises(ReadFailed, match="identifiants d'Exim"):
        last(reader)
    with pytest.raises(ReadFailed, match="identifiants d'Exim"):
        last(follow(spool))


def test_a_message_that_leaves_between_listing_and_look_is_gone(spool):
    name = message_id(1)
    put(spool, name)

    class Gone(Spool):
        def _look(self):
            (spool / f"{name}-H").unlink()
            super()._look()

    found = last(Gone(spool.parent, lambda: NOW, 100))
    assert found.messages == found.attributed == 0


def test_a_sub_folder_that_is_removed_takes_its_messages_along(spool):
    (spool / "v").mkdir()
    put(spool / "v", message_id(1))
    put(spool, message_id(2))
    reader = follow(spool)
    assert last(reader).messages == 2
    shutil.rmtree(spool / "v")
    assert last(reader).messages == 1


def test_a_long_envelope_is_read_whole(spool):
    name = message_id(1)
    crowd = tuple(f"somebody-{number}@dest.test" for number in range(3000))
    tree = (*(f"YN {one}" for one in crowd[:-1]), f"NN {crowd[-1]}")
    put(spool, name, header(name, variables=by(ALICE), delivered=tree, recipients=crowd))
    assert last(follow(spool)).shares[ALICE].recipients == 3000


def test_an_account_named_like_one_of_our_own_names_is_invalid(spool):
    for number, account in enumerate((UNAUTHENTICATED, "other", "é", "{label}")):
        name = message_id(number)
        put(spool, name, header(name, variables=by(account)))
    assert last(follow(spool)).shares.keys() == {"invalid"}


def test_the_end_of_a_round_is_obeyed(spool):
    for number in range(120):
        put(spool, message_id(number))
    found = last(follow(spool, pace=lambda _: False))
    assert found.messages == 120
    assert found.attributed == 50
