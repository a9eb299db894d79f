from __future__ import annotations

import os

import pytest

from exporters.mailqueue.queue import walk as walk_module
from exporters.mailqueue.queue.look import look
from exporters.mailqueue.queue.snapshot import QUEUES, Held, NotPermitted, ReadFailed, Share
from exporters.mailqueue.queue.walk import Walk

LONG = "4jYkk96VKhz1SQ6m"  # arrived at 1795528289
SHORT = "A1B2C3D4E5"
NOW = 1_800_000_000.0


def record(kind, data):
    return kind + bytes([len(data)]) + data


def queue_file(account=b"", client=b"192.0.2.1", recipients=1, arrival=1_700_000_000):
    who = record(b"A", b"sasl_username=" + account) if account else b""
    return (
        record(b"C", b"%15d %15d %15d" % (500, 100, recipients))
        + record(b"T", b"%d 5" % arrival)
        + record(b"A", b"log_client_address=" + client)
        + who
        + record(b"S", b"a@b.test")
        + b"M\0"
    )


@pytest.fixture
def spool(tmp_path):
    for queue in QUEUES:
        (tmp_path / queue).mkdir()
    return tmp_path


def put(spool, queue, name, data=None, mode=0o700):
    path = spool / queue / name
    path.parent.mkdir(exist_ok=True)
    path.write_bytes(queue_file() if data is None else data)
    path.chmod(mode)
    return path


def walk_of(spool, most=10_000, pace=lambda _: True):
    return Walk(spool, lambda: NOW, most, pace)


def scan(walk):
    return [*walk.read()][-1]


def test_hashed_sub_folders_are_counted_and_hidden_names_are_not(spool):
    put(spool, "deferred/A", LONG, b"x" * 100)
    put(spool, "deferred/B", LONG + "B", b"x" * 100)
    (spool / "deferred" / "C").mkdir()
    put(spool, "deferred/C", ".nfs00001")
    state = scan(walk_of(spool)).queues["deferred"]
    assert (state.messages, state.bytes, state.unknown) == (2, 200, 0)
    assert [int(arrival) for arrival in state.arrivals] == [1795528289, 1795528289]


def test_an_empty_queue_is_zero(spool):
    found = scan(walk_of(spool))
    assert set(found.queues) == set(QUEUES)
    state = found.queues["active"]
    assert (state.messages, state.bytes, [*state.arrivals]) == (0, 0, [])
    assert (found.attributed, found.shares, found.held) == (0, {}, {})


def test_a_short_id_takes_its_arrival_from_the_file_not_from_its_times(spool):
    os.utime(put(spool, "deferred", SHORT), (1_900_000_000, 1_900_000_000))
    assert [*scan(walk_of(spool)).queues["deferred"].arrivals] == [1_700_000_000.000005]


def test_a_message_still_being_written_is_looked_at_again(spool):
    path = put(spool, "incoming", LONG, b"x", mode=0o600)
    walk = walk_of(spool)
    assert scan(walk).queues["incoming"].bytes == 1
    data = queue_file(b"bob@noirmont.test", recipients=7)
    path.write_bytes(data)
    path.chmod(0o700)
    found = scan(walk)
    assert found.queues["incoming"].bytes == len(data)
    assert found.shares == {"bob@noirmont.test": Share(1, 7, 1)}


def test_each_file_is_opened_once_wherever_it_moves(spool, monkeypatch):
    opened = []
    monkeypatch.setattr(
        walk_module, "look", lambda folder, name: opened.append(name) or look(folder, name)
    )
    path = put(spool, "incoming", SHORT, queue_file(b"bob@noirmont.test"))
    walk = walk_of(spool)
    scan(walk)
    for queue in ("active", "deferred", "active", "hold"):
        path = path.rename(spool / queue / SHORT)
        found = scan(walk)
        assert {name: s.messages for name, s in found.queues.items() if s.messages} == {queue: 1}
        assert found.shares["bob@noirmont.test"].messages == 1
    assert opened == [SHORT]
    path.unlink()
    found = scan(walk)
    assert (found.messages, found.shares, found.held) == (0, {}, {})


def test_the_row_of_a_message_that_left_serves_the_next_one(spool):
    walk = walk_of(spool)
    for number in range(20):
        path = put(spool, "active", f"{SHORT}{number:02}", queue_file(b"x@noirmont.test"))
        assert scan(walk).shares == {"x@noirmont.test": Share(1, 1, 1)}
        path.unlink()
    scan(walk)
    assert len(walk._ledger._origin) <= 2


def test_accounts_are_told_apart_with_their_recipients_and_addresses(spool):
    for number in range(5):
        client = b"198.51.100.%d" % (number % 3)
        data = queue_file(b"Voleur@Noirmont.test", client, recipients=10)
        put(spool, "deferred", f"{SHORT}{number}", data)
    put(spool, "active", LONG, queue_file())
    put(spool, "hold", LONG + "B", queue_file(b'x"} 1\n'))
    put(spool, "hold", LONG + "C", queue_file(b"other"))
    assert scan(walk_of(spool)).shares == {
        "voleur@noirmont.test": Share(5, 50, 3),
        "unauthenticated": Share(1, 1, 0),
        "invalid": Share(2, 2, 1),
    }


def test_held_mail_tells_since_when_by_its_file_or_by_our_watching(spool):
    before = put(spool, "hold", SHORT, queue_file(b"a@noirmont.test"))
    moved = put(spool, "deferred", LONG, queue_file(b"b@noirmont.test"))
    walk = walk_of(spool)
    changed = before.stat().st_ctime
    assert scan(walk).held == {"a@noirmont.test": Held(1, changed)}
    moved.rename(spool / "hold" / LONG)
    put(spool, "hold", SHORT + "1", queue_file(b"a@noirmont.test"))
    assert scan(walk).held == {
        "a@noirmont.test": Held(2, changed),
        "b@noirmont.test": Held(1, NOW),
    }


def test_a_file_that_vanishes_between_its_name_and_its_look_left_the_queue(spool, monkeypatch):
    path = put(spool, "active", SHORT)
    put(spool, "active", LONG)

    def vanishing(folder, name):
        path.unlink(missing_ok=True)
        return look(folder, name)

    monkeypatch.setattr(walk_module, "look", vanishing)
    walk = walk_of(spool)
    scan(walk)  # whether it was looked at before it vanished is chance
    state = scan(walk).queues["active"]
    assert (state.messages, len(state.arrivals)) == (1, 1)


def test_a_message_seen_in_two_queues_counts_once(spool):
    put(spool, "incoming", LONG)
    put(spool, "active", LONG)
    assert scan(walk_of(spool)).messages == 1


def test_a_cold_start_counts_at_once_and_tells_no_size_before_all_files_were_seen(
    spool, monkeypatch
):
    monkeypatch.setattr(walk_module, "MANY", 250)
    for number in range(300):
        put(spool, "deferred", f"{number:010X}", queue_file(b"a@noirmont.test"))
    walk = walk_of(spool, most=200)
    first, then = walk.read()
    state = first.queues["deferred"]
    assert (state.messages, state.bytes, state.arrivals) == (300, None, None)
    assert (first.attributed, then.attributed) == (0, 200)
    assert then.shares["a@noirmont.test"].messages == 200
    assert then.queues["deferred"].bytes is None
    last = scan(walk)
    assert (last.attributed, len(last.queues["deferred"].arrivals)) == (300, 300)
    assert last.queues["deferred"].bytes == 300 * len(queue_file(b"a@noirmont.test"))


def test_long_ids_give_exact_ages_before_any_file_was_opened(spool, monkeypatch):
    monkeypatch.setattr(walk_module, "MANY", 50)
    for number in range(100):
        put(spool, "deferred", f"{LONG}{number:02}")
    first, _ = walk_of(spool).read()
    assert len(first.queues["deferred"].arrivals) == 100


def test_told_to_stop_a_round_ends_between_two_batches(spool):
    for number in range(200):
        put(spool, "deferred", f"{number:010X}")
    assert scan(walk_of(spool, pace=lambda _: False)).attributed == walk_module.BATCH


def test_a_queue_that_is_missing_is_an_error(spool):
    (spool / "hold").rmdir()
    with pytest.raises(ReadFailed, match=r"hold illisible.*CAP_DAC_READ_SEARCH"):
        scan(walk_of(spool))


def test_a_missing_right_is_told_from_other_faults(spool, monkeypatch):
    def refused(folder, _name):
        raise PermissionError(13, "Permission denied", folder)

    put(spool, "active", SHORT)
    monkeypatch.setattr(walk_module, "look", refused)
    with pytest.raises(NotPermitted, match="active/A1B2C3D4E5 illisible"):
        scan(walk_of(spool))


def test_a_failed_round_loses_nothing_that_was_known(spool):
    put(spool, "deferred", SHORT, queue_file(b"a@noirmont.test"))
    walk = walk_of(spool)
    scan(walk)
    (spool / "hold").rmdir()
    with pytest.raises(ReadFailed):
        scan(walk)
    (spool / "hold").mkdir()
    assert scan(walk).shares["a@noirmont.test"].messages == 1


def test_a_file_named_like_a_hashed_sub_folder_is_a_stray_one(spool):
    put(spool, "deferred/A", SHORT)
    put(spool, "deferred", "B")
    found = scan(walk_of(spool)).queues["deferred"]
    assert (found.messages, found.unknown) == (1, 1)


def test_a_message_that_bounces_between_queues_during_a_listing_counts_once(spool):
    walk = walk_of(spool)
    put(spool, "deferred", SHORT)
    scan(walk)
    put(spool, "active", SHORT)
    assert scan(walk).messages == 1
    (spool / "deferred" / SHORT).unlink()
    assert {n: s.messages for n, s in scan(walk).queues.items() if s.messages} == {"active": 1}
    assert len(scan(walk).queues["active"].arrivals) == 1


def test_a_stray_file_is_counted_and_a_queue_of_unknown_ids_is_an_error(spool):
    put(spool, "deferred", SHORT)
    put(spool, "deferred", "notes.txt")
    found = scan(walk_of(spool)).queues["deferred"]
    assert (found.messages, found.unknown) == (1, 1)
    for number in range(91):
        put(spool, "active", f"1r5Xyz-0000000{number:02}-0a-H")
    with pytest.raises(ReadFailed, match=r"n'est pas un identifiant .*active : 91"):
        scan(walk_of(spool))
