"""What the lines of Postfix say: lines recorded from 3.7.11 of Debian 12, and their variants."""

from __future__ import annotations

from datetime import UTC, datetime

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
from exporters.mailqueue.log.postfix import mail_events
from exporters.mailqueue.log.stamp import StampReader

NOW = datetime(2026, 11, 24, 14, 0, tzinfo=UTC)
TIME = 1795528289
BSD = "Nov 24 13:51:29 mx1 "
ISO = "2026-11-24T14:51:29.123456+01:00 mx1 "
ID = b"4jYkk96VKhz1SQ6m"
TAKEN = "postfix/submission/smtpd[17822]: 4jYkk96VKhz1SQ6m: client=unknown[127.0.3.4]"
CLIENT = f"{TAKEN}, sasl_method=PLAIN, sasl_username=bob@noirmont.test"
ACTIVE = (
    "postfix/qmgr[17820]: 4jYkk96VKhz1SQ6m: from=<bob@noirmont.test>, size=2177, nrcpt=1"
    " (queue active)"
)
FAILED = (
    "postfix/submission/smtpd[6954]: warning: localhost[127.0.0.1]: SASL PLAIN authentication"
    " failed: (reason unavailable), sasl_username=alice@ville-valmont.test"
)
SENT = (
    "postfix/smtp[17828]: 4jYkk96VKhz1SQ6m: to=<x@Dest.test>, relay=127.0.0.1[127.0.0.1]:26926,"
    " delay=62.4, delays=0.01/61.9/0/0.5, dsn=2.0.0, status=sent (250 2.0.0 Ok)"
)
REFUSED = (
    "postfix/submission/smtpd[6]: 4jYkk96VKhz1SQ6m: reject: RCPT from x[192.0.2.7]: 550 5.1.1"
    " <n@b.test>: Recipient address rejected: User unknown; from=<a@b.test> to=<n@b.test>"
    " proto=ESMTP helo=<x>"
)
SUBMITTED = Submitted(TIME, ID, b"bob@noirmont.test", b"127.0.3.4", b"17822")


def read(*texts: str):
    block = "".join(f"{text}\n" for text in texts).encode("utf-8", "surrogateescape")
    return list(mail_events(block, StampReader(lambda: NOW, UTC)))


@pytest.mark.parametrize("stamp", [BSD, ISO, "2026-11-24T13:51:29Z mx1 "])
def test_every_time_stamp_gives_the_same_events(stamp):
    assert read(stamp + CLIENT, stamp + ACTIVE, stamp + FAILED) == [
        SUBMITTED,
        Activated(TIME, ID, 1),
        LoggedIn(TIME, b"alice@ville-valmont.test", b"127.0.0.1", success=False),
    ]


def test_either_line_break_ends_a_line_and_the_last_may_have_none():
    block = f"{BSD}{CLIENT}\r\n{BSD}{ACTIVE}".encode()
    events = list(mail_events(block, StampReader(lambda: NOW, UTC)))
    assert events == [SUBMITTED, Activated(TIME, ID, 1)]


@pytest.mark.parametrize(
    "name", ["postfix/smtpd", "postfix/submission/smtpd", "postfix-mx/smtps/smtpd", "mx-2/smtpd"]
)
def test_any_service_name_is_seen(name):
    assert read(BSD + CLIENT.replace("postfix/submission/smtpd", name)) == [SUBMITTED]


@pytest.mark.parametrize(
    "line",
    [
        "postfix/postfix-script[17817]: starting the Postfix mail system",
        "postfix/submission/smtpd[17822]: connect from unknown[127.0.3.4]",
        "postfix/submission/smtpd[6954]: lost connection after AUTH from unknown[127.0.3.4]",
        (
            "postfix/submission/smtpd[6954]: disconnect from localhost[127.0.0.1] ehlo=1 auth=0/2"
            " commands=1/3"
        ),
        (
            "postfix/smtpd[12]: Anonymous TLS connection established from x[192.0.2.1]: TLSv1.3"
            " with cipher TLS_AES_256_GCM_SHA384 (256/256 bits)"
        ),
        "postfix/smtpd[12]: warning: hostname mx.x.test does not resolve to address 192.0.2.1",
        "postfix/smtpd[12]: 4jYkk: reject_warning: RCPT from x[192.0.2.7]: 550 5.1.1 <a>: no",
        "postfix/cleanup[17827]: 4jYkk96VKhz1SQ6m: message-id=<m1@x>",
        "postfix/pickup[17827]: 4jYkk96VKhz1SQ6m: uid=0 from=<root>",
        "postfix/qmgr[17820]: 4jYkk96VKhz1SQ6m: skipped, still being delivered",
        "postfix/smtp[12]: 4jYkk96VKhz1SQ6m: host x[192.0.2.1] said: 450 4.7.1 later (in reply)",
        "postfix/bounce[9]: 4jYkk: postmaster non-delivery notification: 4jYkm",
        SENT.replace("=sent", "=deliverable"),
        SENT.replace("=sent", "=undeliverable"),
        "postfix/smtpd[12]: message repeated 2 times: [ connect from unknown[127.0.3.4]]",
        "postfix/smtpd[12]: message repeated 2 times: [ warning: x: y]",
        "kernel: [12.3] something else: of: nobody",
        "last message repeated 2 times",
    ],
)
def test_other_lines_say_nothing_and_are_not_faults(line):
    assert read(BSD + line) == []


def test_a_client_with_a_port_and_a_sender_login_is_read():
    line = CLIENT.replace("[127.0.3.4]", "[2001:db8::7]:40022") + ", sasl_sender=x@y.test"
    assert read(BSD + line) == [SUBMITTED._replace(client=b"2001:db8::7")]


def test_a_message_of_a_client_without_a_password_was_accepted():
    assert read(BSD + TAKEN, BSD + TAKEN + ":40022") == [Accepted(TIME, ID, b"127.0.3.4")] * 2


def test_a_message_that_came_back_from_a_filter_is_not_taken_again():
    assert read(f"{BSD}{TAKEN}, orig_queue_id=4jYkm, orig_client=x[192.0.2.1]") == []


def test_the_lives_of_messages_are_read():
    manager = "postfix/qmgr[17820]: 4jYkk96VKhz1SQ6m: "
    bounce = "postfix/bounce[9]: 4jYkk96VKhz1SQ6m: sender "
    assert read(
        f"{BSD}{manager}removed",
        f"{BSD}{manager}from=<a@b.test>, status=expired, returned to sender",
        f"{BSD}{manager}from=<a@b.test>, status=force-expired, returned to sender",
        f"{BSD}{bounce}non-delivery notification: 4jYkm",
        f"{BSD}{bounce}delay notification: 4jYkm",
        f"{BSD}{bounce}delivery status notification: 4jYkm",
    ) == [
        Removed(TIME, ID),
        Expired(TIME, ID),
        Expired(TIME, ID),
        Notified(TIME, ID, b"non-delivery"),
        Notified(TIME, ID, b"delay"),
        Notified(TIME, ID, b"delivery status"),
    ]


@pytest.mark.parametrize(
    ("old", "new", "recipients"),
    [
        ("nrcpt=1", "nrcpt=45000", 45000),
        ("nrcpt=1", "nrcpt=1, class=bulk", 1),
        ("<bob@noirmont.test>", "<>", 1),
        ("bob@noirmont.test", '"x>, size=1, nrcpt=900 (queue active)"@x.test', 1),
    ],
)
def test_recipients_are_those_of_postfix_not_those_in_a_senders_address(old, new, recipients):
    assert read(BSD + ACTIVE.replace(old, new)) == [Activated(TIME, ID, recipients)]


def test_a_delivery_gives_its_recipient_its_outcome_and_its_four_stages():
    bounced = "dsn=5.1.1, status=bounced (host x[192.0.2.1] said: 550 5.1.1 <x@Dest.test>: no)"
    stages = (0.01, 61.9, 0.0, 0.5)
    sent = Delivered(TIME, ID, b"x@Dest.test", b"sent", b"2.0.0", "", stages, b"smtp")
    returned = sent._replace(status=b"bounced", code=b"5.1.1", reason="unknown_user")
    assert read(BSD + SENT, BSD + SENT.partition("dsn=")[0] + bounced) == [sent, returned]
    assert sent.domain == b"dest.test"


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("smtp[", "out/lmtp["),
        ("relay=", "orig_to=<root>, relay="),
        ("relay=", 'orig_to=<"a, b"@c.test>, relay='),
        ("delay=", "conn_use=3, delay="),
        ("delays=", "log_class=x, delays="),
        ("dsn=", "tls=none, dsn="),
        ("127.0.0.1[127.0.0.1]:26926", "none"),
        ("0.01/61.9/0/0.5", "1e+05/61.9/0/0.5"),
        ("x@Dest.test", '"a>, relay=y, delay=1, delays=1/1/1/1, status=sent (x"@Dest.test'),
        # Postfix cuts a line at 980 bytes.
        ("(250 2.0.0 Ok)", "(host said: 250 2.0.0 a very long"),
    ],
)
def test_every_form_of_a_delivery_is_read(old, new):
    [event] = read(BSD + SENT.replace(old, new, 1))
    assert (event.domain, event.status, event.in_queue) == (b"dest.test", b"sent", 61.9)


def test_a_bounce_that_soft_bounce_held_back_is_a_deferral():
    line = SENT.replace("dsn=2.0.0, status=sent", "dsn=5.1.1, status=SOFTBOUNCE")
    assert read(BSD + line)[0].status == b"deferred"


@pytest.mark.parametrize("agent", ["smtp", "lmtp", "local", "virtual", "pipe", "error", "discard"])
def test_every_delivery_agent_is_read(agent):
    assert read(BSD + SENT.replace("/smtp[", f"/x/{agent}["))[0].agent == agent.encode()


REJECTED = RecipientRejected(
    TIME, ID, "unknown_user", b"5.1.1", b"n@b.test", b"192.0.2.7", b"6", b""
)


def test_a_refused_recipient_is_its_messages():
    assert read(BSD + REFUSED) == [REJECTED]


def test_a_recipient_refused_before_there_is_a_message_has_no_queue_id():
    line = REFUSED.replace(ID.decode(), "NOQUEUE").replace("[192.0.2.7]", "[2001:db8::7]:40022")
    assert read(BSD + line) == [REJECTED._replace(queue_id=b"", client=b"2001:db8::7")]


def test_postfix_3_10_says_who_was_refused():
    line = f"{REFUSED} sasl_method=PLAIN sasl_username=a@b.test"
    assert read(BSD + line) == [REJECTED._replace(account=b"a@b.test")]


@pytest.mark.parametrize(
    ("line", "queue_id", "reason", "code"),
    [
        (
            (
                "postfix/postscreen[6]: NOQUEUE: reject: RCPT from [192.0.2.7]:59201: 550 5.7.1"
                " Service unavailable; client [192.0.2.7] blocked using zen.spamhaus.org;"
                " from=<a@b.test>, to=<n@b.test>, proto=ESMTP, helo=<x>"
            ),
            b"",
            "blocklisted",
            b"5.7.1",
        ),
        (
            (
                "postfix/cleanup[6]: 4jYkk: milter-reject: END-OF-MESSAGE from x[192.0.2.7]: 5.7.1"
                " Spam message rejected; from=<a@b.test> to=<n@b.test> proto=ESMTP helo=<x>"
            ),
            b"4jYkk",
            "spam",
            b"5.7.1",
        ),
        (
            (
                "postfix/smtpd[6]: NOQUEUE: milter-reject: RCPT from x[192.0.2.7]: 451 4.7.1"
                " Try again later; from=<a@b.test> to=<n@b.test> proto=ESMTP helo=<x>"
            ),
            b"",
            "greylisted",
            b"4.7.1",
        ),
        (
            (
                "postfix/smtpd[6]: 4jYkk: milter-reject: DATA from x[192.0.2.7]: 550 No;"
                " from=<a@b.test> to=<n@b.test> proto=ESMTP helo=<x>"
            ),
            b"4jYkk",
            "other",
            b"",
        ),
    ],
)
def test_refusals_of_milters_and_of_postscreen_are_read(line, queue_id, reason, code):
    assert read(BSD + line) == [REJECTED._replace(queue_id=queue_id, reason=reason, code=code)]


@pytest.mark.parametrize(
    ("old", "new", "account"),
    [
        (", sasl_username=alice@ville-valmont.test", "", b""),
        ("alice@ville-valmont.test", "(unavailable)", b""),
        ("(reason unavailable)", "UGFzc3dvcmQ6", b"alice@ville-valmont.test"),
        (": (reason unavailable), sasl_username=alice@ville-valmont.test", "", b""),
        ("[127.0.0.1]", "[127.0.0.1]:4711", b"alice@ville-valmont.test"),
    ],
)
def test_a_wrong_password_counts_with_and_without_a_name(old, new, account):
    assert read(BSD + FAILED.replace(old, new)) == [
        LoggedIn(TIME, account, b"127.0.0.1", success=False)
    ]


def test_wrong_passwords_that_rsyslog_summed_up_all_count():
    line = FAILED.replace("warning:", "message repeated 3 times: [ warning:") + "]"
    event = LoggedIn(TIME, b"alice@ville-valmont.test", b"127.0.0.1", success=False, attempts=3)
    assert read(BSD + line) == [event]


@pytest.mark.parametrize(
    "line", ["", "no stamp at all", "Foo 99 99:99:99 mx1 x[1]: y", "\udcff\udcfe"]
)
def test_a_line_without_a_stamp_is_counted_as_unparsed(line):
    assert [type(event) for event in read(f"{line}\n{BSD}{ACTIVE}")] == [Unparsed, Activated]


@pytest.mark.parametrize(
    "line",
    [
        ACTIVE.replace("nrcpt=1", "nrcpt=many"),
        CLIENT.replace("bob@noirmont.test", ""),
        TAKEN.replace("4]", "4"),
        SENT.replace("dsn=2.0.0, ", ""),
        SENT.replace("dsn=2.0.0", "dsn=9.0"),
        SENT.replace("0.01/61.9/0/0.5", "0.01/61.9/0"),
        SENT.replace("61.9", "nan"),
        SENT.replace("=sent", "=thrown away"),
    ],
)
def test_a_known_line_of_unknown_form_is_counted_as_unparsed(line):
    assert read(BSD + line) == [Unparsed((BSD + line).encode())]
