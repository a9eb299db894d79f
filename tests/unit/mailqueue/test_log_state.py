"""The state of the log collector: exact after a kill, whatever became of its file."""

from __future__ import annotations

import hashlib
import json
import sqlite3
import subprocess
import sys
from datetime import timedelta

import pytest

from exporters.mailqueue.log import state
from exporters.mailqueue.log.state import TABLES, StateError, StateFile
from exporters.toolkit.collector import CollectorError, Deadline
from inventory.process.logs import capture

STAMP = "Nov 24 13:{:02}:{:02} mx1 "
THIEF = "agnes@ville-valmont.test"


def sent(number, account=THIEF, client="192.0.2.1", recipients=40, second=0):
    stamp = STAMP.format(second // 60, second % 60)
    return (
        f"{stamp}postfix/submission/smtpd[1]: A{number:08X}: client=x[{client}],"
        f" sasl_method=PLAIN, sasl_username={account}\n"
        f"{stamp}postfix/qmgr[2]: A{number:08X}: from=<{account}>, size=9, nrcpt={recipients}"
        " (queue active)\n"
        f"{stamp}postfix/smtp[3]: A{number:08X}: to=<x@d{number}.test>, relay=r[192.0.2.7]:25,"
        f" delay=3, delays=0.1/0.2/1.5/{number}, dsn=4.7.1, status=deferred (slow down)\n"
        f"{stamp}postfix/smtpd[4]: warning: x[{client}]: SASL PLAIN authentication failed:"
        f" (reason unavailable), sasl_username={account}\n"
    )


def write(log, text):
    with log.open("a", encoding="utf-8") as file:
        file.write(text)


def read(collector):
    return {
        (sample.name, *sorted(sample.labels.items())): sample.value
        for family in collector.collect(Deadline.after(5))
        for sample in family.samples
    }


def settle(collector):
    """Until what is being saved is saved."""
    collector.settle()


RECIPIENTS = ("mailqueue_submitted_recipients_total", ("member", "valmont"))


@pytest.fixture
def saving(monkeypatch):
    """How often the collector saves, in seconds."""

    def every(seconds):
        monkeypatch.setattr("exporters.mailqueue.log.reading.SAVE_SECONDS", seconds)

    every(0)
    return every


@pytest.fixture
def log(tmp_path):
    path = tmp_path / "mail.log"
    path.touch()
    return path


def steps(clock, count):
    """Parts of an attack, each with its scrape's time."""
    for number in range(count):
        clock.now += timedelta(seconds=30)
        second = clock.now.minute * 60 + clock.now.second
        networks = (f"198.51.{number % 9}.{n}" for n in range(20))
        yield "".join(
            sent(20 * number + n, client=client, second=second) for n, client in enumerate(networks)
        )


def test_a_process_killed_at_any_instant_shows_after_its_restart_what_it_would_have_shown(
    collector_of, log, tmp_path, clock, saving
):
    clock.now = clock.now.replace(hour=13, minute=0)
    start = clock.now
    whole = collector_of(log)
    expected = []
    for text in steps(clock, 8):
        write(log, text)
        expected.append(read(whole))
    assert ("mailqueue_account_compromised", ("account", THIEF), ("member", "valmont")) in (
        expected[-1]
    )

    for killed in range(8):  # after that step, which may or may not have been saved
        for saved in (True, False):
            log.write_text("")
            clock.now = start
            folder = tmp_path / f"{killed}{saved}"
            folder.mkdir()
            collector, shown = collector_of(log, folder), []
            for number, text in enumerate(steps(clock, 8)):
                write(log, text)
                saving(0 if saved or number < killed else 3600)
                shown.append(read(collector))
                settle(collector)
                if number == killed:
                    collector = collector_of(log, folder)  # no close: it was killed
            assert shown[:killed] == expected[:killed]
            assert shown[-1] == expected[-1]


def test_messages_joined_before_the_kill_are_joined_after_it(collector_of, log, tmp_path, saving):
    first = collector_of(log, tmp_path)
    begin, active = sent(1).splitlines(keepends=True)[:2]
    write(log, begin)
    read(first)
    settle(first)
    write(log, active)
    second = collector_of(log, tmp_path)
    assert read(second)[RECIPIENTS] == 40
    settle(second)
    write(log, active)  # a retry
    assert read(collector_of(log, tmp_path))[RECIPIENTS] == 40


def _spoil_bytes(path):
    path.write_bytes(b"\0" * 4096)


def _truncate(path):
    path.write_bytes(path.read_bytes()[:5000])


def _text(path):
    path.write_text("a state, once")


def _foreign(path):
    path.unlink()
    with sqlite3.connect(path) as connection:
        connection.execute("CREATE TABLE recipes (name TEXT)")
    connection.close()


def _execute(statement):
    def spoil(path):
        with sqlite3.connect(path) as connection:
            connection.execute(statement)
        connection.close()

    return spoil


@pytest.mark.parametrize(
    "spoil",
    [
        _spoil_bytes,
        _truncate,
        _text,
        _foreign,
        _execute("PRAGMA user_version = 0"),
        _execute("PRAGMA user_version = 99"),
        _execute("DROP TABLE messages"),
        _execute("UPDATE core SET value = '{'"),
        _execute("DELETE FROM core WHERE key = 'source'"),
        _execute('UPDATE core SET value = \'{"counts": {"log_lines": [[[], -3]]}}\''),
        _execute("UPDATE accounts SET value = '[1, 2]'"),
        _execute("INSERT INTO messages VALUES ('€', '[\"a\", 0, 0]')"),
        _execute("INSERT INTO windows VALUES ('120:x', '[]')"),
        _execute("INSERT INTO windows VALUES ('120:0', '7')"),
    ],
)
def test_a_state_of_no_use_is_said_and_set_aside_and_the_next_one_is_whole(
    collector_of, log, tmp_path, spoil
):
    first = collector_of(log, tmp_path)
    write(log, sent(1))
    read(first)
    first.close()
    path = tmp_path / "maillog.sqlite"
    spoil(path)
    with capture() as said:
        second = collector_of(log, tmp_path)
    assert [line["event"] for line in said] == ["état du journal mis de côté"]
    assert (tmp_path / "maillog.sqlite.unusable").exists()
    assert not path.exists()
    write(log, sent(2))
    assert read(second)[RECIPIENTS] == 40
    second.close()
    with capture() as said:
        third = collector_of(log, tmp_path)
    assert said == []
    assert read(third)[RECIPIENTS] == 40


def test_a_state_that_another_program_locks_is_not_given_up(collector_of, log, tmp_path, saving):
    first = collector_of(log, tmp_path)
    write(log, sent(1))
    read(first)
    first.close()
    saving(0)
    other = sqlite3.connect(tmp_path / "maillog.sqlite")
    other.execute("PRAGMA locking_mode = EXCLUSIVE")
    other.execute("BEGIN EXCLUSIVE")
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("exporters.mailqueue.log.state._WAIT_SECONDS", 0.05)
        with pytest.raises(CollectorError, match="illisible pour l'instant"):
            collector_of(log, tmp_path)
    other.close()
    assert read(collector_of(log, tmp_path))[RECIPIENTS] == 40


def test_a_disk_that_refuses_is_said_once_and_nothing_is_lost_when_it_takes_again(
    collector_of, log, tmp_path, saving, monkeypatch
):
    collector = collector_of(log, tmp_path)
    write(log, sent(1))
    read(collector)
    settle(collector)
    write_state = StateFile.write

    def refuse(*_, **__):
        raise StateError("database or disk is full")

    monkeypatch.setattr(StateFile, "write", refuse)
    with capture() as said:
        for number in (2, 3, 4):
            write(log, sent(number))
            read(collector)
            settle(collector)
        assert read(collector)[RECIPIENTS] == 160
        settle(collector)
        monkeypatch.setattr(StateFile, "write", write_state)
        read(collector)
        settle(collector)
        read(collector)
    events = [line["event"] for line in said if "état" in line["event"]]
    assert events == ["état du journal non enregistré", "état du journal de nouveau enregistré"]
    settle(collector)
    after = collector_of(log, tmp_path)
    write(log, sent(4).splitlines(keepends=True)[1])  # a retry of a message of that time
    assert read(after)[RECIPIENTS] == 160


def test_a_disk_that_is_really_full_does_not_stop_the_exporter(collector_of, log, tmp_path, saving):
    collector = collector_of(log, tmp_path)
    write(log, sent(1))
    read(collector)
    settle(collector)
    connection = collector._reading._saver._file._connection
    pages = connection.execute("PRAGMA page_count").fetchone()[0]
    connection.execute(f"PRAGMA max_page_count = {pages}")
    with capture() as said:
        for number in range(2, 400):
            write(log, sent(number, account=f"u{number}@ville-valmont.test"))
        read(collector)
        settle(collector)
        assert read(collector)[RECIPIENTS] == 399 * 40
    assert "full" in next(line["reason"] for line in said if "reason" in line)
    settle(collector)
    connection.execute("PRAGMA max_page_count = 100000")
    read(collector)
    settle(collector)
    assert read(collector_of(log, tmp_path))[RECIPIENTS] == 399 * 40


def test_another_log_keeps_the_counters_and_is_read_from_its_end(collector_of, log, tmp_path):
    first = collector_of(log, tmp_path)
    write(log, sent(1))
    read(first)
    first.close()
    other = tmp_path / "other.log"
    write(other, sent(2) + sent(3))
    with capture() as said:
        second = collector_of(other, tmp_path)
    assert said[0]["event"] == "journal repris à sa fin"
    write(other, sent(4))
    assert read(second)[RECIPIENTS] == 80


def former_state(log, read_up_to=0, **tally):
    head = log.read_bytes()[: min(read_up_to, 1024)]
    return {
        "version": 1,
        "path": str(log),
        "position": {
            "offset": read_up_to,
            "inode": log.stat().st_ino,
            "head_length": len(head),
            "head_digest": hashlib.sha256(head).hexdigest(),
        },
        "tally": {
            "lines": 500,
            "unparsed": 7,
            "refused": 30,
            "messages": {"valmont": 5, "": 1},
            "recipients": {"valmont": 200},
            "awaited": {"A00000001": THIEF},
            "windows": {"120": [[0, THIEF, "192.0.2.1", 3, 0]]},
            **tally,
        },
    }


def test_the_state_of_the_former_version_is_taken_over_once_and_removed(
    collector_of, log, tmp_path, saving
):
    lines = sent(1).splitlines(keepends=True)
    write(log, lines[0])
    state = former_state(log, len(lines[0]))
    (tmp_path / "maillog.json").write_text(json.dumps(state))
    write(log, "".join(lines[1:]))
    first = collector_of(log, tmp_path)
    values = read(first)
    assert values[RECIPIENTS] == 240  # the message it was waiting for
    assert values["mailqueue_submitted_messages_total", ("member", "valmont")] == 5
    assert values["mailqueue_log_lines_total",] == 503
    refused = ("mailqueue_authentication_failures_total", ("member", ""), ("service", "smtp"))
    assert values[refused] == 30
    settle(first)
    read(first)
    assert not (tmp_path / "maillog.json").exists()
    settle(first)
    assert read(collector_of(log, tmp_path))[RECIPIENTS] == 240


@pytest.mark.parametrize(
    "content", ["", "{", '{"version": 99}', "[]", "lines", "messages", "awaited"]
)
def test_a_former_state_that_makes_no_sense_is_said_and_set_aside(
    collector_of, log, tmp_path, content
):
    spoilt = {"lines": -5, "messages": {"valmont": -7}, "awaited": {"€": "x"}}
    if content in spoilt:
        content = json.dumps(former_state(log, **{content: spoilt[content]}))
    (tmp_path / "maillog.json").write_text(content)
    with capture() as said:
        collector = collector_of(log, tmp_path)
    assert [line["event"] for line in said] == ["état du journal mis de côté"]
    write(log, sent(1))
    assert read(collector)[RECIPIENTS] == 40
    assert (tmp_path / "maillog.json.unusable").exists()


def test_only_what_changed_is_written(tmp_path):
    file = StateFile(tmp_path)
    others = {table: [] for table in TABLES}
    file.write({"a": "1"}, {**others, "messages": [("Q1", "1"), ("Q2", "2")]}, whole=True)
    rows = {**others, "messages": [("Q3", "3"), ("Q1", '"one"'), ("Q2", None)]}
    file.write({"b": "2"}, rows, whole=False)
    file.close()
    with file.read() as saved:
        assert saved.core == {"b": 2}
        assert list(saved.rows("messages")) == [("Q1", "one"), ("Q3", 3)]


@pytest.mark.parametrize("made", [False, True], ids=["empty file", "tables without a row"])
def test_a_state_never_written_to_is_none_and_nothing_to_set_aside(tmp_path, made):
    file = StateFile(tmp_path)
    if made:
        file.write({}, dict.fromkeys(TABLES, ()), whole=True)
        file.close()
    else:
        file.path.touch()
    with file.read() as saved:
        assert saved is None
    file.write({"time": "1"}, dict.fromkeys(TABLES, ()), whole=True)
    with file.read() as saved:
        assert saved.core == {"time": 1}
    file.close()


def test_tables_are_made_all_or_none(tmp_path, monkeypatch):
    monkeypatch.setattr(state, "TABLES", ("messages", "messages"))  # the second one fails
    file = StateFile(tmp_path)
    with pytest.raises(StateError):
        file.write({}, {}, whole=True)
    with sqlite3.connect(file.path) as connection:
        assert connection.execute("SELECT count(*) FROM sqlite_master").fetchone() == (0,)
    connection.close()


def test_two_processes_do_not_write_one_state(collector_of, tmp_path):
    log = tmp_path / "mail.log"
    log.touch()
    other = subprocess.Popen(
        [sys.executable, "-c", _HOLDER, str(tmp_path)],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
    )
    with other:
        assert other.stdout.readline() == b"held\n"
        with pytest.raises(CollectorError, match="par un autre processus ; attendu : un state_dir"):
            collector_of(log, tmp_path)
        other.kill()
    collector_of(log, tmp_path)


_HOLDER = """
import sys
from pathlib import Path
from exporters.mailqueue.log.state import StateFile
file = StateFile(Path(sys.argv[1]))
file.claim()
print("held", flush=True)
sys.stdin.read()
"""
