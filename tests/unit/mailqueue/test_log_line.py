from __future__ import annotations

from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from exporters.mailqueue.log_line import Activated, Refused, Submitted, Unparsed, events
from exporters.mailqueue.log_stamp import StampReader

NOW = datetime(2026, 11, 24, 14, 0, tzinfo=UTC)
TIME = 1795528289
BSD = "Nov 24 13:51:29 mx1 "
RFC = "2026-11-24T14:51:29.123456+01:00 mx1 "
# Lines recorded from Postfix 3.7.11 of Debian 12.
CLIENT = (
    "postfix/submission/smtpd[17822]: 4jYkk96VKhz1SQ6m: client=unknown[127.0.3.4],"
    " sasl_method=PLAIN, sasl_username=bob@noirmont.test"
)
ACTIVE = (
    "postfix/qmgr[17820]: 4jYkk96VKhz1SQ6m: from=<bob@noirmont.test>, size=2177, nrcpt=1"
    " (queue active)"
)
REFUSED = (
    "postfix/submission/smtpd[6954]: warning: localhost[127.0.0.1]: SASL PLAIN authentication"
    " failed: (reason unavailable), sasl_username=alice@ville-valmont.test"
)
OTHERS = [
    "postfix/postfix-script[17817]: starting the Postfix mail system",
    "postfix/submission/smtpd[17822]: connect from unknown[127.0.3.4]",
    "postfix/cleanup[17827]: 4jYkk96VKhz1SQ6m: message-id=<m1@x>",
    (
        "postfix/smtp[17828]: 4jYkk96VKhz1SQ6m: to=<x@dest.test>, relay=127.0.0.1[127.0.0.1]:26926,"
        " delay=0.02, delays=0.01/0.01/0/0, dsn=2.0.0, status=sent (250 2.0.0 Ok)"
    ),
    "postfix/qmgr[17820]: 4jYkk96VKhz1SQ6m: removed",
    (
        "postfix/submission/smtpd[6954]: disconnect from localhost[127.0.0.1] ehlo=1 auth=0/2"
        " commands=1/3"
    ),
    "postfix/smtpd[12]: 4jYkk96VKhz1SQ6m: client=mx.dehors.test[192.0.2.1]",
    "dovecot: imap-login: Login: user=<a@b.test>, method=PLAIN, rip=10.0.0.1",
    "kernel: [12.3] something else",
]


def read(*lines: str):
    text = "".join(f"{line}\n" for line in lines).encode("utf-8", "surrogateescape")
    return list(events(text, StampReader(lambda: NOW, UTC)))


@pytest.mark.parametrize("stamp", [BSD, RFC, "2026-11-24T13:51:29Z mx1 "])
def test_both_time_stamps_give_the_same_events(stamp):
    assert read(stamp + CLIENT, stamp + ACTIVE, stamp + REFUSED) == [
        Submitted(TIME, b"4jYkk96VKhz1SQ6m", b"bob@noirmont.test", b"127.0.3.4"),
        Activated(TIME, b"4jYkk96VKhz1SQ6m", 1),
        Refused(TIME),
    ]


@pytest.mark.parametrize(
    "name", ["postfix/smtpd", "postfix/submission/smtpd", "postfix-mx/smtps/smtpd", "mx-2/smtpd"]
)
def test_any_service_name_is_seen(name):
    line = CLIENT.replace("postfix/submission/smtpd", name)
    assert read(BSD + line)[0].account == b"bob@noirmont.test"


@pytest.mark.parametrize("line", OTHERS)
def test_other_lines_say_nothing_and_are_not_faults(line):
    assert read(BSD + line) == []


def test_a_client_with_a_port_and_a_sender_login_is_read():
    line = CLIENT.replace("[127.0.3.4]", "[2001:db8::7]:40022") + ", sasl_sender=x@y.test"
    assert read(BSD + line) == [
        Submitted(TIME, b"4jYkk96VKhz1SQ6m", b"bob@noirmont.test", b"2001:db8::7")
    ]


@pytest.mark.parametrize(
    "line",
    [
        # Text of an attacker's choice: sender address, HELO name, header, login name.
        (
            'postfix/smtpd[9]: NOQUEUE: reject: RCPT from x[192.0.2.1]: 554 5.7.1 <"a:'
            ' client=b[1.2.3.4], sasl_method=PLAIN, sasl_username=maire@brecourt.test"@x>:'
            " Relay access denied"
        ),
        (
            "postfix/cleanup[9]: 4jYkk96VKhz1SQ6m: warning: header Subject: x]: AAAAAA:"
            " client=b[1.2.3.4], sasl_method=PLAIN, sasl_username=maire@brecourt.test"
            " from x[192.0.2.1]; from=<a@b>"
        ),
        (
            "postfix/smtp[9]: 4jYkk96VKhz1SQ6m: to=<a@b.test>, relay=x[192.0.2.1]:25, delay=1,"
            " status=deferred (host said: 4.0.0 qmgr: from=<>, size=1, nrcpt=999 (queue active))"
        ),
    ],
)
def test_a_forged_line_counts_for_nobody(line):
    assert read(BSD + line) == []


def test_recipients_are_those_of_postfix_not_those_in_a_senders_address():
    line = ACTIVE.replace("bob@noirmont.test", '"x>, size=1, nrcpt=900 (queue active)"@x.test')
    assert read(BSD + line) == [Activated(TIME, b"4jYkk96VKhz1SQ6m", 1)]


@pytest.mark.parametrize(
    "line", ["", "no stamp at all", "Foo 99 99:99:99 mx1 x[1]: y", "\udcff\udcfe"]
)
def test_a_line_without_a_stamp_is_counted_as_unparsed(line):
    assert [type(event) for event in read(line)] == [Unparsed]


def test_a_known_line_of_unknown_form_is_counted_as_unparsed():
    line = BSD + ACTIVE.replace("nrcpt=1", "nrcpt=many")
    assert [type(event) for event in read(line)] == [Unparsed]


@given(st.binary())
def test_any_bytes_are_parsed(data):
    for event in events(data, StampReader(lambda: NOW, UTC)):
        assert isinstance(event, Unparsed | Submitted | Activated | Refused)


@given(st.sampled_from([CLIENT, ACTIVE, REFUSED]), st.integers(0, 200), st.binary(max_size=30))
def test_a_damaged_line_never_raises(line, place, noise):
    whole = (BSD + line).encode()
    damaged = whole[:place] + noise + whole[place:]
    list(events(damaged, StampReader(lambda: NOW, UTC)))
