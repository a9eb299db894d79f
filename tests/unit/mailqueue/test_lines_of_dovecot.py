"""What Dovecot's lines say, by syslog and in its own file: recorded from 2.3.19, and of 2.4."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from exporters.mailqueue.log.events import LoggedIn
from exporters.mailqueue.log.postfix import mail_events
from exporters.mailqueue.log.stamp import StampReader

NOW = datetime(2026, 11, 24, 14, 0, tzinfo=UTC)
TIME = 1795528289
STAMP = "Nov 24 13:51:29 "
# Where a line of a process of Dovecot's stands.
HEADS = [
    f"{STAMP}mx1 dovecot: ",
    f"{STAMP}mx1 dovecot[123]: ",
    STAMP,
    "2026-11-24T14:51:29.123456+01:00 mx1.b.test dovecot: ",
    "2026-11-24 13:51:29 ",
]
LOGIN = (
    "imap-login: Login: user=<a@b.test>, method=PLAIN, rip=10.0.0.1, lip=10.0.0.2, mpid=7, TLS,"
    " session=<kKYd1x/5zKp/AAAB>"
)
FAILED = (
    "imap-login: Disconnected: Connection closed (auth failed, 2 attempts in 4 secs):"
    " user=<a@b.test>, method=PLAIN, rip=192.0.2.7, lip=10.0.0.2, session=<x>"
)
RIGHT = LoggedIn(TIME, b"a@b.test", b"10.0.0.1", True, "imap")
WRONG = LoggedIn(TIME, b"a@b.test", b"192.0.2.7", False, "imap", attempts=2)


def read(*texts: str):
    block = "".join(f"{text}\n" for text in texts).encode()
    return list(mail_events(block, StampReader(lambda: NOW, UTC)))


@pytest.mark.parametrize("head", HEADS)
def test_log_ins_are_read_in_every_kind_of_log(head):
    own = "Info: " if head.endswith("29 ") else ""
    lines = [text.replace(": ", f": {own}", 1) for text in (LOGIN, FAILED)]
    assert read(*(head + text for text in lines)) == [RIGHT, WRONG]
    assert read(head + LOGIN) == [RIGHT]


@pytest.mark.parametrize("service", ["imap", "pop3", "managesieve", "submission"])
def test_every_service_is_told_apart(service):
    line = LOGIN.replace("imap-login", f"{service}-login")
    assert read(HEADS[0] + line) == [RIGHT._replace(service=service)]


@pytest.mark.parametrize(
    ("old", "new", "event"),
    [
        ("Login:", "Logged in:", RIGHT),  # 2.4
        ("method=PLAIN, ", "", RIGHT),
        ("rip=10.0.0.1", "rip=2001:db8::1", RIGHT._replace(client=b"2001:db8::1")),
        ("session=<kKYd1x/5zKp/AAAB>", "protocol=IMAP", RIGHT),
        (", lip=10.0.0.2, mpid=7, TLS, session=<kKYd1x/5zKp/AAAB>", "", RIGHT),
    ],
)
def test_every_form_of_a_log_in_is_read(old, new, event):
    assert read(HEADS[0] + LOGIN.replace(old, new)) == [event]


@pytest.mark.parametrize(
    "said",
    [
        "Disconnected (auth failed, 2 attempts in 4 secs)",
        "Aborted login (auth failed, 2 attempts in 4 secs)",
        "Disconnected: Inactivity (auth failed, 2 attempts in 180 secs)",
        "Login aborted: Connection closed (auth failed, 2 attempts in 4 secs) (auth_failed)",
    ],
)
def test_every_form_of_a_failure_is_read(said):
    line = FAILED.replace(
        "Disconnected: Connection closed (auth failed, 2 attempts in 4 secs)", said
    )
    assert read(HEADS[0] + line) == [WRONG]


def test_a_failure_without_a_name_counts():
    assert read(HEADS[0] + FAILED.replace("a@b.test", "")) == [WRONG._replace(account=b"")]


@pytest.mark.parametrize(
    "line",
    [
        "imap-login: Disconnected (no auth attempts in 1 secs): user=<>, rip=192.0.2.7, lip=x",
        "imap-login: Disconnected: Auth process broken: user=<a@b.test>, rip=192.0.2.7",
        "imap(a@b.test)<7><x>: Disconnected: Logged out in=5 out=9",
        "auth-worker(7): conn unix:auth (pid=1): sql(a@b.test,192.0.2.7): Password mismatch",
        "lmtp(7): Connect from local",
        "master: Dovecot v2.3.19.1 starting up for imap",
        LOGIN.replace("rip=10.0.0.1", "rip=local"),
    ],
)
@pytest.mark.parametrize("head", HEADS)
def test_other_lines_say_nothing(head, line):
    assert read(head + line) == []
