from __future__ import annotations

import time
from datetime import UTC, datetime
from math import isnan

import pytest

from exporters.mailqueue.log.events import (
    Accepted,
    Activated,
    Delivered,
    Expired,
    LoggedIn,
    Notified,
    RecipientRejected,
    Removed,
    Submitted,
    Unparsed,
)
from exporters.mailqueue.log.exim import EximLog
from exporters.mailqueue.log.messages import Messages
from exporters.mailqueue.log.stamp import StampReader

AT = 1796073221  # 1xY8gv
ID = "1xY8gv-00064w-1v"
CLIENT = "H=(poste.test) [192.0.2.7]:60728"
BY_ALICE = f"{CLIENT} P=esmtpsa X=TLS1.3:AES:256 CV=no A=plain:alice@ville-valmont.test"


def read(*lines, log=None, stamp="2026-11-30 21:13:41 "):
    block = "".join(f"{stamp}{line}\n" for line in lines).encode()
    stamps = StampReader(lambda: datetime(2026, 11, 30, 22, tzinfo=UTC), UTC)
    return [*(log or EximLog()).events(block, stamps)]


def only(*lines, **kwargs):
    (event,) = read(*lines, **kwargs)
    return event


def taken(rest=" for a@dest.test b@dest.test", sender="alice@ville-valmont.test", by=BY_ALICE):
    return f"{ID} <= {sender} {by} S=263 id=m1@x{rest}"


SUBMITTED = Submitted(AT, ID.encode(), b"alice@ville-valmont.test", b"192.0.2.7")


@pytest.mark.parametrize(
    "stamp",
    [
        "2026-11-30 21:13:41 ",
        "2026-11-30 21:13:41.506 ",
        "2026-11-30 22:13:41 +0100 ",
        "2026-11-30 22:13:41.506 +0100 ",
        "2026-11-30T21:13:41.506+00:00 mx1 exim: ",
        "Nov 30 21:13:41 mx1 exim4: 2026-11-30 21:13:41 ",
        "2026-11-30T22:13:41+01:00 mx1 exim: 2026-11-30 22:13:41 +0100 ",
    ],
)
def test_every_form_of_stamp_is_read(stamp):
    assert read(taken(), stamp=stamp) == [SUBMITTED, Activated(AT, ID.encode(), 2)]


@pytest.mark.parametrize(
    "stamp",
    [
        "2026-11-30 21:13:41 [23370] ",
        "2026-11-30T21:13:41Z mx1 exim[23370]: ",
        "Nov 30 21:13:41 mx1 exim[23370]: 2026-11-30 21:13:41 ",
        "2026-11-30 21:13:41 +0000 [23370] ",
    ],
)
def test_the_process_is_read_where_it_is_logged(stamp):
    assert read(taken(), stamp=stamp)[0] == SUBMITTED._replace(process=b"23370")


@pytest.mark.parametrize(
    ("line", "account"),
    [
        (taken(), b"alice@ville-valmont.test"),
        (taken(by=f"{CLIENT} P=esmtpa A=login:bob:bob@x"), b"bob"),
        (taken(by=f"{CLIENT} P=esmtpa L A=login PRDR K"), b""),
        (taken(by='H=a.b (c) [2001:db8::1] I=[::1]:25 P=esmtpsa DN="CN=\\"x A=y:z" A=p:q'), b"q"),
        (taken(sender='"a b A=login:v"@ville.test'), b"alice@ville-valmont.test"),
    ],
)
def test_the_account_is_the_one_that_authenticated(line, account):
    submitted, _ = read(line)
    assert submitted.account == account


@pytest.mark.parametrize(
    "line",
    [
        taken(by=f"{CLIENT} U=x A=login:victim P=esmtp"),
        taken(sender='"x> H=[6.6.6.6] P=esmtpa A=login:victim S=1"@x', by=f"{CLIENT} P=esmtp"),
        taken(by=f"{CLIENT} P=esmtp", rest=' T="A=login:victim P=esmtpa A=login:victim"'),
        taken(by=f'{CLIENT} P=esmtps DN="CN=A=login:victim"'),
    ],
)
def test_what_a_stranger_says_is_no_account(line):
    assert read(line) == [Accepted(AT, ID.encode(), b"192.0.2.7")]


def test_a_host_name_that_holds_a_line_of_its_own_is_unparsed():
    name = 'evil) [6.6.6.6] P=esmtpa A=plain:victim@x S=1 id=x T="'
    forged = taken(by=f"H=({name}) [192.0.2.7]:60744 P=esmtp")
    assert isinstance(only(forged), Unparsed)
    # A subject like it is only a subject, whether it is logged or not.
    assert read(taken(' T="x] P=esmtp"'))[0] == SUBMITTED


@pytest.mark.parametrize(
    ("rest", "recipients"),
    [
        (' T="he said \\"hi\\" for a@b" for a@x', 1),
        (' from <alice@ville-valmont.test> for "x for y"@d b@d c@d', 3),
        (' RT=0.001s T="x" for a', 1),
    ],
)
def test_the_recipients_are_counted_where_they_are_listed(rest, recipients):
    assert read(taken(rest))[1] == Activated(AT, ID.encode(), recipients)


def test_recipients_that_are_not_listed_are_counted_from_deliveries_each_once():
    log, joined = EximLog(), Messages()
    lines = [
        taken(' T="for whom for a@x"'),
        f"{ID} => a@dest.test R=all T=smtp H=mx [192.0.2.1]",
        f"{ID} -> b@dest.test <alias@dest.test> R=all T=smtp H=mx [192.0.2.1]",
        f"{ID} -> c@dest.test <alias@dest.test> R=all T=smtp H=mx [192.0.2.1]",
        f"{ID} == d@dead.test R=all T=smtp defer (111): Connection refused",
        f"{ID} == d@dead.test R=all T=smtp defer (111): Connection refused",
        f"{ID} ** d@dead.test: retry timeout exceeded",
        f"{ID} Completed",
        f"{ID} => late@dest.test R=all T=smtp H=mx [192.0.2.1]",
    ]
    events = [event for line in lines for event in read(line, log=log)]
    counted = [e.recipients for e in events if joined.take(e) and isinstance(e, Activated)]
    assert counted == [1, 1, 1]


def test_after_a_restart_nothing_is_counted_twice():
    retry = read(f"{ID} == d@dead.test R=all T=smtp defer (111): Connection refused")
    assert [type(event) for event in retry] == [Delivered]


def test_deliveries_say_who_how_and_why_not():
    log = EximLog()
    read(taken(), log=log)
    sent = only(
        f'{ID} => a@dest.test R=r T=smtp H=mx [192.0.2.1]:25 C="250 2.0.0 Ok DT=9s" QT=1m3s DT=2s',
        log=log,
    )
    assert (sent.status, sent.code, sent.agent) == (b"sent", b"2.0.0", b"smtp")
    assert sent.delays[:2] == (0.0, 61.0)
    assert isnan(sent.delays[2])
    assert sent.delays[3] == 2.0
    later = "2026-11-30 21:14:41 "
    (gone, *_) = read(
        f"{ID} ** b@dest.test <c@x> R=r T=smtp H=mx [192.0.2.1]: SMTP error from remote mail"
        " server after RCPT TO:<b@dest.test>: 550 5.1.1 <b@dest.test>: unknown DT=1s",
        log=log,
        stamp=later,
    )
    assert gone[2:6] == (b"b@dest.test", b"bounced", b"5.1.1", "unknown_user")
    assert gone.delays[1] == 59.0
    again = only(f"{ID} == a@dest.test R=r T=smtp defer (110): x", log=log, stamp=later)
    assert again.delays[:2] == (60.0, 0.0)


@pytest.mark.parametrize(
    ("line", "recipient", "status", "reason"),
    [
        ("=> alice <alice@b.test> R=local T=maildir", "alice@b.test", "sent", ""),
        ("=> /srv/x <bob@x.test> R=file T=file", "bob@x.test", "sent", ""),
        ("=> :blackhole: <e@hole.test> R=hole", "e@hole.test", "sent", ""),
        ("-> b@y.test (m@y.test) <a@x.test> F=<s@x> R=r T=smtp", "b@y.test", "sent", ""),
        ("** x@y.test F=<s@x>: Unrouteable address", "x@y.test", "bounced", "unknown_user"),
        ("** x@y.test: retry timeout exceeded", "x@y.test", "expired", "other"),
        (("** x@y.test R=r T=t: all hosts for 'y.test' have been failing for a long time (and retry"
         " time not reached)"), "x@y.test", "expired", "other"),
        (("== x@y.test R=r T=t defer (-44) H=mx [192.0.2.1]: SMTP error from remote mail server"
         " after RCPT TO:<x@y.test>: 451 4.7.1 Greylisted"), "x@y.test", "deferred", "greylisted"),
        (("== x for y@dead.test <\"x for y\"@dead.test> R=dead T=dead defer (111): Connection"
         " refused DT=0.000s"), "x for y@dead.test", "deferred", "connection"),
    ],
)  # fmt: skip
def test_addresses_and_outcomes(line, recipient, status, reason):
    event = next(e for e in read(f"{ID} {line}") if isinstance(e, Delivered))
    assert event[2:4] == (recipient.encode(), status.encode())
    assert event.reason == reason


def test_a_time_not_reached_is_said_once_and_is_no_attempt_later():
    log = EximLog()
    read(taken(), log=log)
    line = f"{ID} == a@dest.test R=r T=t defer (-54) DT=0s: retry time not reached for any host"
    assert only(line, log=log).status == b"deferred"
    assert read(line, log=log) == []
    assert read(line) == []


def test_the_end_of_a_message():
    name = ID.encode()
    assert only(f"{ID} Completed") == Removed(AT, name)
    assert only(f"{ID} Completed QT=3s") == Removed(AT, name)
    assert only(f"{ID} cancelled by timeout_frozen_after") == Expired(AT, name)
    log = EximLog()
    read(taken(), log=log)
    events = [
        e for who in "ab" for e in read(f"{ID} ** {who}@d.test: retry timeout exceeded", log=log)
    ]
    assert events.count(Expired(AT, name)) == 1


def test_a_notice_is_about_a_failure_or_a_delay():
    notice = f"1xY8gv-000655-28 <= <> R={ID} U=Debian-exim P=local S=1689"
    name = ID.encode()
    assert only(notice) == Notified(AT, name, b"non-delivery")
    assert only(f'{notice} T="Warning: message {ID} delayed 24 hours"').kind == b"delay"
    log = EximLog()
    read(taken(), log=log)
    assert only(notice, log=log).kind == b"delay"
    read(f"{ID} ** a@dest.test: Unrouteable address", log=log)
    assert only(notice, log=log).kind == b"non-delivery"


@pytest.mark.parametrize(
    ("line", "account"),
    [
        ((f"plain authenticator failed for {CLIENT[2:]}: 535 Incorrect authentication data"
         " (set_id=alice@x)"), b"alice@x"),
        ((f"login authenticator failed for H={CLIENT[2:]} I=[192.0.2.1]:587: 535 Incorrect"
         " authentication data (set_id=x) [6.6.6.6]: 535 Incorrect (set_id=victim))"),
         b"x) [6.6.6.6]: 535 Incorrect (set_id=victim)"),
        (f"plain authenticator failed for {CLIENT[2:]}: 535 Incorrect authentication data", b""),
    ],
)  # fmt: skip
def test_a_refused_log_in(line, account):
    assert only(line) == LoggedIn(AT, account, b"192.0.2.7", success=False)


def test_a_refused_recipient():
    head = f"{CLIENT} X=TLS1.3:AES:256 CV=no F=<o@out.test>"
    refused = only(
        f"{head} rejected RCPT <x@other.test>: relay not permitted",
        stamp="2026-11-30 21:13:41 [7] ",
    )
    assert refused == RecipientRejected(
        AT, b"", "relay_denied", b"", b"x@other.test", b"192.0.2.7", b"7"
    )
    line = f"{head} A=plain:alice temporarily rejected RCPT <n@x>: 5.1.1 User unknown"
    refused = only(line)
    assert (refused.account, refused.code, refused.unknown) == (b"alice", b"5.1.1", True)
    forged = '"> A=plain:victim rejected RCPT <a@b>: 5.1.1 User unknown"@evil'
    assert only(f"{CLIENT} F=<{forged}> rejected RCPT <x@y>: no").account == b""


@pytest.mark.parametrize(
    "line",
    [
        "exim 4.96 daemon started: pid=23322, -q5s, listening for SMTP on port 25 (IPv4)",
        f"{ID} H=mx.dest.test [192.0.2.1] Connection refused",
        f"{ID} Frozen (delivery error message)",
        f"{ID} H=(x) [192.0.2.7] F=<a@b> A=plain:x rejected after DATA: {ID} <= a H=[1.2.3.4] S=1",
        f"{CLIENT} rejected MAIL <x rejected RCPT <y>>: {taken()}",
        f"SMTP protocol error from {CLIENT}: {taken()}",
        f"{CLIENT} Warning: x authenticator failed for [1.2.3.4]: 535 (set_id=v)",
        "Start queue run: pid=1",
    ],
)
def test_other_lines_say_nothing_whatever_stands_in_them(line):
    assert [e for e in read(line) if not isinstance(e, Unparsed)] == []


def test_lines_that_have_not_their_form_are_told():
    for line in (
        f"{ID} <= alice",
        f"{ID} ==",
        f"{CLIENT} odd words rejected RCPT <x@y>",
        "plain authenticator failed for whom: 535 x",
    ):
        assert isinstance(only(line), Unparsed), line
    assert isinstance(only("no stamp", stamp=""), Unparsed)
    assert read(" Suggested action: use keep_environment.", stamp="") == []


def test_parts_of_a_long_syslog_line_list_no_recipients():
    stamp = "Nov 30 21:13:41 mx1 exim[7]: "
    assert read(f"[1\\2] {taken()}", stamp=stamp) == [SUBMITTED._replace(process=b"7")]
    assert read(f"[2/2] {taken()}", stamp=stamp) == []


def test_a_subject_made_to_keep_the_reader_busy_costs_as_much_as_any():
    def seconds(subject):
        line = taken(f' T="{subject * 1300}"x')
        runs = []
        for _ in range(3):
            began = time.perf_counter()
            read(line)
            runs.append(time.perf_counter() - began)
        return min(runs)

    assert seconds("for a ") < 100 * seconds("abc a ")


def test_dovecots_log_ins_beside_exims_lines():
    event = only(
        "Login: user=<alice@ville-valmont.test>, method=PLAIN, rip=192.0.2.9, lip=192.0.2.1,"
        " mpid=7, TLS, session=<x>",
        stamp="2026-11-30T21:13:41Z mx1 dovecot: imap-login: ",
    )
    assert (event.account, event.service, event.success) == (
        b"alice@ville-valmont.test",
        "imap",
        True,
    )
