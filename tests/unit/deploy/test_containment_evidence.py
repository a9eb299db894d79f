import gzip
import json
import os
import stat
from datetime import UTC, datetime

import pytest

from deploy.containment.connections import Connection, open_connections
from deploy.containment.errors import ContainmentError
from deploy.containment.journal import Journal
from deploy.containment.names import reference
from deploy.containment.recent_log import RecentLog
from deploy.containment.sessions import Serving, Sessions
from deploy.containment.spool import Queued
from deploy.containment.verdict import judge
from deploy.containment.watch import Watch
from exporters.mailqueue.log.stamp import StampReader

NAME = "alice@v.fr"
NOW = datetime(2026, 5, 1, 3, 12, tzinfo=UTC)


def _clock():
    return NOW


def _line(pid, detail, second=0, program="postfix/submission/smtpd"):
    return f"2026-05-01T03:00:{second:02}.5+00:00 mx1 {program}[{pid}]: {detail}".encode()


def _took(pid, account=NAME, queue_id="4jdcBy5dkhz1SNdG", client="192.0.2.7", **more):
    detail = f"{queue_id}: client=h[{client}], sasl_method=PLAIN, sasl_username={account}"
    return _line(pid, detail, **more)


def test_a_session_lasts_from_its_first_message_to_its_end():
    sessions = Sessions(NAME)
    assert sessions.take(_took(7), 100) == b"4jdcBy5dkhz1SNdG"
    assert sessions.take(_took(8, "Alice@V.fr"), 101) is not None
    assert sessions.take(_took(9, "bob@v.fr"), 102) is None
    assert [(one.pid, one.since) for one in sessions.open()] == [(7, 100), (8, 101)]
    sessions.take(_line(7, "disconnect from h[192.0.2.7] ehlo=1"), 103)
    sessions.take(_line(8, "connect from h[192.0.2.8]"), 104)
    assert sessions.open() == []


def test_what_a_client_writes_into_the_log_is_no_session():
    sessions = Sessions(NAME)
    forged = _took(7).split(b": ", 1)[1].decode()
    for line in (
        _line(
            5, f"warning: header Subject: x postfix/smtpd[7]: {forged}", program="postfix/cleanup"
        ),
        _line(
            5, f"NOQUEUE: reject: RCPT from h[192.0.2.1]: 554 5.7.1 <x postfix/smtpd[7]: {forged}>"
        ),
        _took(7, "bob@v.fr, sasl_sender=alice@v.fr"),
    ):
        assert sessions.take(line, 1) is None
    assert sessions.open() == []


def test_addresses_of_others_are_not_the_accounts_alone():
    sessions = Sessions(NAME)
    for account, client in ((NAME, "192.0.2.1"), (NAME, "192.0.2.2"), ("bob@v.fr", "192.0.2.2")):
        sessions.take(_took(1, account, client=client), 1)
    assert sessions.addresses() == {"192.0.2.1"}


def test_a_process_that_is_no_smtpd_of_this_master_is_left_alone():
    mine = Serving(os.getpid(), "192.0.2.7", int(NOW.timestamp()) + 10**9)
    gone = mine._replace(pid=2**22 - 1)
    assert open_connections([mine, gone], os.getppid(), set()) == []


def _watch(tmp_path, *lines):
    log = tmp_path / "mail.log"
    log.write_bytes(b"".join(line + b"\n" for line in lines))
    stamps = StampReader(_clock)
    watch = Watch(RecentLog(log, 0, stamps.read), NAME, stamps)
    watch.read()
    watch.close()
    return watch


def test_a_try_refused_after_its_queue_id_was_given_out_is_no_message(tmp_path):
    refusal = (
        f"554 5.7.1 <{NAME}>: SASL login name rejected: Compte suspendu ({reference(NAME)});"
        " from=<a@v.fr> to=<b@x.fr> proto=ESMTP helo=<x>"
    )
    watch = _watch(
        tmp_path,
        _took(7, queue_id="4jdcBy5dkhz1SNdG"),
        _took(8, queue_id="4jdcBy5dkhz1SNdH", second=1),
        _line(8, f"4jdcBy5dkhz1SNdH: reject: DATA from h[192.0.2.7]: {refusal}", 1),
        _line(9, f"NOQUEUE: reject: RCPT from h[192.0.2.7]: {refusal}", 2),
        _line(
            9, f"NOQUEUE: reject: RCPT from h[192.0.2.7]: 554 5.7.1 <({reference(NAME)})>: no", 3
        ),
    )
    assert list(watch.submitted) == ["4jdcBy5dkhz1SNdG"]
    assert len(watch.refused) == 2


def test_the_log_is_read_from_the_last_day_on_through_its_rotations(tmp_path):
    old = b"2026-04-20T00:00:00+00:00 mx1 x[1]: old\n"
    (tmp_path / "mail.log.1.gz").write_bytes(gzip.compress(_took(1) + b"\n"))
    (tmp_path / "mail.log.2").write_bytes(old)
    os.utime(tmp_path / "mail.log.2", (0, 0))
    log = tmp_path / "mail.log"
    log.write_bytes(old * 20_000 + _took(2) + b"\n")
    stamp = StampReader(_clock).read
    since = NOW.timestamp() - 86_400
    recent = RecentLog(log, since, stamp)
    lines = list(recent.lines())
    assert _took(1) in lines
    assert _took(2) == lines[-1]
    assert len(lines) < 5000
    assert list(recent.lines()) == []
    with log.open("ab") as file:
        file.write(_took(3) + b"\n" + _took(4)[:30])
    assert list(recent.lines()) == [_took(3)]
    log.rename(tmp_path / "mail.log.3")
    with (tmp_path / "mail.log.3").open("ab") as file:
        file.write(_took(4)[30:] + b"\n")
    log.write_bytes(_took(5) + b"\n")
    assert list(recent.lines()) == [_took(4), _took(5)]
    recent.close()


def test_a_log_that_cannot_be_read_is_an_error_that_names_it(tmp_path):
    with pytest.raises(ContainmentError, match=r"mail\.log illisible"):
        list(RecentLog(tmp_path / "mail.log", 0, StampReader(_clock).read).lines())


@pytest.fixture
def journal(tmp_path):
    return Journal(tmp_path / "j", NAME, _clock)


def test_the_journal_is_for_its_owner_and_says_who_when_and_what(journal):
    journal.write("refuse", "begin", ["postmap x"])
    assert stat.S_IMODE(journal.path.stat().st_mode) == 0o600
    assert stat.S_IMODE(journal.path.parent.stat().st_mode) == 0o700
    (row,) = map(json.loads, journal.path.read_text().splitlines())
    assert row["at"].startswith("2026-05-01T03:12:00")
    assert row["by"]
    assert (row["account"], row["step"], row["commands"]) == (NAME, "refuse", ["postmap x"])


def test_a_line_cut_short_by_a_crash_is_left_out_and_followed_by_whole_ones(journal):
    journal.write("hold", "done", ids=["A"])
    with journal.path.open("a") as file:
        file.write('{"at": "2026')
    assert journal.history().held == {"A"}
    journal.write("hold", "done", ids=["B"])
    assert journal.history().held == {"A", "B"}


def test_history_knows_what_is_ours_until_it_is_given_back(journal):
    journal.write("refuse", "begin")
    journal.write("refuse", "done")
    journal.write("hold", "begin", ids=["A", "B", "C"])
    assert (journal.history().held, journal.history().ours) == (set(), {"A", "B", "C"})
    journal.write("hold", "done", ids=["A", "B"])
    assert journal.history().ours == {"A", "B"}  # C left the queue before it could be held
    journal.write("hold", "begin", ids=["D"])
    journal.write("purge", "done", ids=["A"])
    history = journal.history()
    assert (history.held, history.ours, history.since) == ({"B"}, {"B", "D"}, NOW.timestamp())
    assert history.done("refuse")
    journal.write("back", "done")
    history = journal.history()
    assert (history.ours, history.since, history.done("refuse")) == (set(), None, False)


def test_two_people_do_not_contain_the_same_account_at_once(journal):
    refused = pytest.raises(ContainmentError, match="quelqu'un d'autre")
    with journal.alone(), refused, journal.alone():
        pass


def _judged(journal, **seen):
    usual = {
        "since": 1000.0, "submitted": {}, "refused": [], "messages": {}, "connections": [],
        "now": 2000.0, "refusing": True,
    }  # fmt: skip
    return judge(journal.history(), **{**usual, **seen})


def test_it_is_over_when_nothing_remains(journal):
    journal.write("hold", "done", ids=["A"])
    hold = {"A": Queued("hold", True), "Z": Queued("hold", True)}
    verdict = _judged(journal, messages=hold, submitted={"A": 999.5}, refused=[900, 1500, 1900])
    assert verdict.over
    assert (verdict.held, verdict.others, verdict.refused) == (1, 1, 2)
    assert verdict.trying


@pytest.mark.parametrize(
    ("seen", "said"),
    [
        ({"refusing": False}, "ne refuse pas"),
        ({"submitted": {"B": 1000.1}}, "acceptés depuis : 1"),
        ({"connections": [Connection(1, "x", None, None)]}, "sessions SMTP ouvertes : 1"),
        (
            {"messages": {"A": Queued("hold", True), "B": Queued("incoming", False)}},
            "prêts à partir : 1",
        ),
        ({"messages": {}}, "sans nous : 1"),
    ],
)
def test_each_thing_that_remains_is_said(journal, seen, said):
    journal.write("hold", "done", ids=["A"])
    verdict = _judged(journal, **{"messages": {"A": Queued("hold", True)}, **seen})
    assert not verdict.over
    assert said in verdict.remains[0]
