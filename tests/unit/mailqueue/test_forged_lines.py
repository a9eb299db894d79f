"""Text of a client's choice in a log is nobody's event, whatever it looks like."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from exporters.mailqueue.log.events import LoggedIn
from exporters.mailqueue.log.postfix import mail_events
from exporters.mailqueue.log.stamp import StampReader

NOW = datetime(2026, 11, 24, 14, 0, tzinfo=UTC)
VICTIM = b"maire@brecourt.test"
STAMP = "Nov 24 13:51:29 "
CLIENT = "client=b[1.2.3.4], sasl_method=PLAIN, sasl_username=maire@brecourt.test"
SENT = (
    "postfix/smtp[17828]: 4jYkk: to=<x@dest.test>, relay=127.0.0.1[127.0.0.1]:26926,"
    " delay=62.4, delays=0.01/61.9/0/0.5, dsn=2.0.0, status=sent (250 2.0.0 Ok)"
)
LOGIN = "imap-login: Login: user=<maire@brecourt.test>, method=PLAIN, rip=10.0.0.1, lip=10.0.0.2"


def read(text: str):
    return list(mail_events(f"{STAMP}{text}\n".encode(), StampReader(lambda: NOW, UTC)))


@pytest.mark.parametrize(
    "forged",
    [
        # A header, a message-id, a reply.
        (
            f"mx1 postfix/cleanup[9]: 4jYkk: warning: header Subject: x]: AAAAAA: {CLIENT}"
            " from x[192.0.2.1]; from=<a@b>"
        ),
        f"mx1 postfix/cleanup[9]: 4jYkk: message-id=<]: {LOGIN}",
        f"mx1 postfix/cleanup[9]: 4jYkk: message-id=<x>: {CLIENT}",
        f"mx1 postfix/cleanup[9]: 4jYkk: warning: header Subject: {SENT} from x[192.0.2.1];",
        "mx1 postfix/cleanup[9]: 4jYkk: message-id=<to=<a@b>, status=sent (x)>",
        (
            f"mx1 postfix/cleanup[9]: 4jYkk: reject: header X: y milter-reject: RCPT from"
            f" x[192.0.2.1]: 550 5.1.1 {VICTIM.decode()} from x[192.0.2.1]; from=<a@b>"
        ),
        f"mx1 postfix/smtp[9]: 4jYkk: host x[192.0.2.1] said: 450 4.0.0 {SENT} (in reply to RCPT)",
        f"mx1 postfix/smtpd[9]: improper command pipelining after DATA from x[1.2.3.4]:  {CLIENT}",
        f"mx1 postfix/smtpd[9]: warning: x[192.0.2.1]: request longer than 2048: A: {CLIENT}",
        (
            f"mx1 postfix/smtpd[9]: warning: non-SMTP command from x[192.0.2.1]: A: SASL x:"
            f" SASL PLAIN authentication failed: {CLIENT}"
        ),
        "mx1 postfix/bounce[9]: warning: 4jYkk: sender non-delivery notification: 4jYkm",
        # Names in Dovecot's lines.
        f"mx1 dovecot: lmtp({VICTIM.decode()}): save: box=x-login: Login: user=<a>, rip=10.0.0.1",
        f"mx1 dovecot: imap(a@b.test): Info: {LOGIN}",
        f"mx1 dovecot: imap(a) {LOGIN}",
        f"mx1 dovecot: imap-login: Disconnected (no auth attempts): user=<{LOGIN}>, rip=192.0.2.7",
        f"imap(x) imap-login: {LOGIN}",
        f"imap(x) dovecot: {LOGIN}",
        f"imap(x mx1 dovecot: {LOGIN}",
        "mx1 dovecot: imap-login: Login: user=<a>, rip=1.2.3.4>, method=PLAIN, rip=192.0.2.7",
        # Another program's name, or a host's.
        f"mx1 smtpd[9]: 4jYkk: {CLIENT}",
        f"mx1 cron[9]: postfix/smtpd[9]: 4jYkk: {CLIENT}",
        f"mx1 x postfix/smtpd[9]: 4jYkk: {CLIENT}",
    ],
)
def test_words_of_a_client_are_nobodys_event(forged):
    assert read(forged) == []


@pytest.mark.parametrize(
    "reply",
    [
        "qmgr: from=<>, size=1, nrcpt=999 (queue active)",
        "x: y, delays=9/9/9/9, dsn=2.0.0, status=sent (ok)",
        f"A: {CLIENT}",
    ],
)
def test_the_reply_of_another_server_changes_nothing_of_a_delivery(reply):
    line = SENT.replace(
        "dsn=2.0.0, status=sent (250 2.0.0 Ok)", f"dsn=4.0.0, status=deferred ({reply})"
    )
    [event] = read(f"mx1 {line}")
    assert event[1:5] == (b"4jYkk", b"x@dest.test", b"deferred", b"4.0.0")
    assert event.delays == (0.01, 61.9, 0.0, 0.5)


@pytest.mark.parametrize("place", ["from=<{}>", "to=<{}>", "helo=<{}>", "554 5.7.1 <{}>"])
@pytest.mark.parametrize(
    "words",
    [
        "x> sasl_method=PLAIN sasl_username=maire@brecourt.test",
        "x sasl_username=maire@brecourt.test",
        '"a: client=b[1.2.3.4], sasl_method=PLAIN, sasl_username=maire@brecourt.test"@x',
        '"a; from=<b> to=<c> proto=SMTP helo=<x> sasl_username=maire@brecourt.test"@x',
    ],
)
def test_a_refused_client_is_nobody_by_his_own_words(place, words):
    line = (
        "mx1 postfix/smtpd[9]: NOQUEUE: reject: RCPT from x[192.0.2.1]: 554 5.7.1 <a>: no;"
        " from=<a@b.test> to=<c@d.test> proto=ESMTP helo=<x>"
    )
    before, _, after = place.partition("{}")
    start = line.index(before) + len(before)
    forged = line[:start] + words + line[line.index(after, start) :]
    [event] = read(forged)
    assert (event.queue_id, event.account, event.client) == (b"", b"", b"192.0.2.1")


def test_a_helo_name_cut_at_the_end_of_a_long_line_is_not_an_account():
    line = (
        "mx1 postfix/smtpd[9]: NOQUEUE: reject: RCPT from x[192.0.2.1]: 554 5.7.1 <a>: no;"
        f" from=<a@b.test> to=<c@d.test> proto=ESMTP helo=<{'x' * 800}> sasl_method=PLAIN"
        " sasl_username=maire@brecourt.test"
    )
    assert read(line[:980])[0].account == b""


@pytest.mark.parametrize(
    "mechanism",
    ['"X authentication failed: y, sasl_username=maire@brecourt.test"', "X,sasl_username=maire@b"],
)
def test_a_mechanism_of_a_clients_invention_names_nobody(mechanism):
    line = (
        f"mx1 postfix/smtpd[9]: warning: x[192.0.2.1]: SASL {mechanism} authentication failed:"
        " no, sasl_username=x@y.test"
    )
    assert VICTIM not in [event.account for event in read(line)]


@pytest.mark.parametrize(
    "name",
    [
        "x, sasl_username=maire@brecourt.test",
        "maire@brecourt.test, sasl_sender=x",
    ],
)
def test_a_user_name_is_taken_whole(name):
    line = (
        "mx1 postfix/smtpd[9]: warning: x[192.0.2.1]: SASL PLAIN authentication failed: no,"
        f" sasl_username={name}"
    )
    assert [event.account for event in read(line)] == [name.encode()]


@pytest.mark.parametrize(
    "name",
    [
        "maire@brecourt.test>, method=PLAIN",
        "maire@brecourt.test>, method=PLAIN, rip=6.6.6.6, lip=x",
        f"x> {LOGIN}",
        f"x>, rip=6.6.6.6: {LOGIN}",
    ],
)
def test_a_failure_counts_from_where_it_came_and_for_nobody_when_its_name_is_odd(name):
    line = (
        "mx1 dovecot: imap-login: Login aborted: Connection closed (auth failed, 1 attempts in"
        f" 2 secs) (auth_failed): user=<{name}>, method=PLAIN, rip=192.0.2.7, lip=10.0.0.2, TLS,"
        " session=<x>"
    )
    assert [event[1:] for event in read(line)] == [(b"", b"192.0.2.7", False, "imap", 1)]
    assert isinstance(read(line)[0], LoggedIn)
