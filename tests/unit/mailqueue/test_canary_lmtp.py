"""The LMTP server, spoken to by the standard library's client and by rude ones."""

from __future__ import annotations

import smtplib
import socket
import time

import pytest

from exporters.mailqueue.canary import lmtp
from exporters.mailqueue.canary.lmtp import LmtpServer

ADDRESS, OTHER = "canari@brecourt.test", "canari@haucourt.test"
MAIL = b"X-Vigie-Canary: TOKEN\r\nSubject: x\r\n\r\nX-Vigie-Canary: body\r\n..dot\r\n"


@pytest.fixture
def seen():
    return []


@pytest.fixture
def server(seen):
    known = frozenset({ADDRESS, OTHER})
    server = LmtpServer(("127.0.0.1", 0), known, lambda *what: seen.append(what))
    yield server
    server.stop()


@pytest.fixture
def client(server):
    with smtplib.LMTP("127.0.0.1", server.port) as client:
        yield client


def test_a_mail_is_told_with_its_token(client, seen):
    assert client.sendmail("", [ADDRESS.upper()], MAIL) == {}
    assert client.sendmail("x@far.test", [OTHER], MAIL) == {}
    assert seen == [(ADDRESS, "TOKEN"), (OTHER, "TOKEN")]


def test_each_recipient_has_an_answer_of_its_own_to_the_mail(server, seen):
    both = f"RCPT TO:<{ADDRESS}>\r\nRCPT TO:<{OTHER}>\r\n".encode()
    begin = b"LHLO x\r\nMAIL FROM:<> SIZE=100\r\n" + both + b"DATA\r\n"
    said = _rude(server, begin + MAIL + b".\r\nQUIT\r\n")
    assert said.split(b"354")[1].count(b"250 2.0.0 ok") == 2
    assert seen == [(ADDRESS, "TOKEN"), (OTHER, "TOKEN")]


def test_other_mail_is_taken_and_forgotten_so_that_nobody_is_written_to(client, seen):
    assert client.sendmail("x@far.test", [ADDRESS], b"Subject: buy\r\n\r\nnow\r\n") == {}
    assert seen == []


def test_another_address_is_refused(client, seen):
    with pytest.raises(smtplib.SMTPRecipientsRefused, match=r"5\.1\.1"):
        client.sendmail("", ["mairie@brecourt.test"], MAIL)
    refused = client.sendmail("", ["mairie@brecourt.test", ADDRESS], MAIL)
    assert list(refused) == ["mairie@brecourt.test"]
    assert seen == [(ADDRESS, "TOKEN")]


def test_commands_out_of_turn(client):
    assert client.docmd("DATA")[0] == 503
    assert client.docmd("EHLO x")[0] == 500
    assert client.docmd("MAIL garbage")[0] == 500
    assert client.docmd("RCPT TO:<>")[0] == 500
    assert client.docmd("NOOP")[0] == client.docmd("RSET")[0] == 250
    for _ in range(2):
        assert client.docmd(f"RCPT TO:<{ADDRESS}>")[0] == 250
    assert client.docmd(f"RCPT TO:<{ADDRESS}>")[0] == 452
    assert client.docmd("QUIT")[0] == 221


def _rude(server, *parts):
    """What the server says to these bytes until it hangs up."""
    with socket.create_connection(("127.0.0.1", server.port), 5) as raw:
        try:
            for part in parts:
                raw.sendall(part)
            return b"".join(iter(lambda: raw.recv(4096), b""))
        except ConnectionError:
            return b""


def test_too_long_a_line_and_too_long_a_mail_end_the_session(server, seen):
    assert b"250" not in _rude(server, b"A" * (2 * lmtp.LINE_BYTES))
    begin = f"LHLO x\r\nMAIL FROM:<>\r\nRCPT TO:<{ADDRESS}>\r\nDATA\r\n".encode()
    line = b"x" * 998 + b"\r\n"
    _rude(server, begin, line * (lmtp.MESSAGE_BYTES // 1000 + 2))
    assert seen == []


def test_the_end_of_a_long_line_is_not_the_end_of_the_mail(server, seen):
    begin = f"LHLO x\r\nMAIL FROM:<>\r\nRCPT TO:<{ADDRESS}>\r\nDATA\r\n".encode()
    cut = b"y" * lmtp.LINE_BYTES + b".\r\n"
    said = _rude(server, begin + MAIL + cut + b"more\r\n.\r\nQUIT\r\n")
    assert said.count(b"250 2.0.0 ok") == 1
    assert said.endswith(b"221 2.0.0 bye\r\n")
    assert seen == [(ADDRESS, "TOKEN")]


def test_who_says_nothing_and_who_comes_in_crowds_is_shown_the_door(seen, monkeypatch):
    monkeypatch.setattr(lmtp, "CONNECTIONS", 2)
    monkeypatch.setattr(lmtp._Session, "timeout", 0.3)
    server = LmtpServer(("127.0.0.1", 0), frozenset({ADDRESS}), lambda *what: seen.append(what))
    try:
        began = time.monotonic()
        idle = [socket.create_connection(("127.0.0.1", server.port), 5) for _ in range(2)]
        assert all(one.recv(100).startswith(b"220") for one in idle)
        assert _rude(server) == b"", "one too many: closed without a word"
        assert [one.recv(100) for one in idle] == [b"", b""], "silent for too long"
        assert time.monotonic() - began < 5
        for one in idle:
            one.close()
        with smtplib.LMTP("127.0.0.1", server.port) as client:
            client.sendmail("", [ADDRESS], MAIL)
    finally:
        server.stop()
    assert seen == [(ADDRESS, "TOKEN")]
