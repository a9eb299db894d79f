"""Servers that misbehave, on real sockets: what a conversation makes of them, and that it ends."""

from __future__ import annotations

import contextlib
import socket
import ssl
import threading
import time

import pytest

from exporters.mailqueue.canary.mailbox import Mailbox
from exporters.mailqueue.canary.settings import ImapSettings, SmtpSettings
from exporters.mailqueue.canary.stage import StageFailed, in_words
from exporters.mailqueue.canary.submit import Submission
from exporters.mailqueue.canary.token import Mint


@pytest.fixture
def serve():
    """Runs `talk` on each connection; gives the address."""
    listeners = []

    def start(talk):
        listener = socket.create_server(("127.0.0.1", 0))
        listeners.append(listener)

        def accept():
            while True:
                try:
                    connection = listener.accept()[0]
                except OSError:
                    return
                with connection, contextlib.suppress(OSError):
                    talk(connection)

        threading.Thread(target=accept, daemon=True).start()
        return f"127.0.0.1:{listener.getsockname()[1]}"

    yield start
    for listener in listeners:
        listener.close()


def dribble(connection):
    for _ in range(200):
        connection.sendall(b"2")
        time.sleep(0.02)


def answers(*lines):
    def talk(connection):
        connection.sendall(lines[0])
        for line in lines[1:]:
            connection.recv(4096)
            connection.sendall(line)
        connection.recv(4096)

    return talk


def submission(where, seconds=0.3):
    settings = SmtpSettings(server=where, security="none", sender="canari@deux-rives.test")
    return Submission(settings, seconds)


@pytest.mark.parametrize(
    ("lines", "stage", "words"),
    [
        ([b"554 go away\r\n"], "connect", "554"),
        ([b"not smtp at all\r\n"], "connect", ""),
        ([b"220 x\r\n", b"250 x\r\n", b"250 ok\r\n", b"550 5.7.1 no\r\n"], "refused", "550 5.7.1"),
        ([b"220 x\r\n", b"250 x\r\n", b"421 4.3.0 later\r\n"], "refused", "421 4.3.0"),
        (
            [
                b"220 x\r\n",
                b"250 x\r\n",
                b"250 ok\r\n",
                b"250 ok\r\n",
                b"354 go\r\n",
                b"452 full\r\n",
            ],
            "refused",
            "452",
        ),
    ],
)
def test_the_stage_of_what_a_server_answers(serve, lines, stage, words):
    with pytest.raises(StageFailed) as failed:
        submission(serve(answers(*lines)), 5).send("canari@brecourt.test", b"x\r\n")
    assert failed.value.stage == stage
    assert words in str(failed.value)


def test_a_server_without_tls_or_authentication_gets_no_password(serve, tmp_path):
    secret = tmp_path / "secret"
    secret.touch(mode=0o600)
    secret.write_text("hidden\n")
    got = []

    def talk(connection):
        connection.sendall(b"220 x\r\n")
        got.append(connection.recv(4096))
        connection.sendall(b"250 x\r\n")
        got.append(connection.recv(4096))

    for security, stage in (("starttls", "tls"), ("none", "auth")):
        settings = SmtpSettings(
            server=serve(talk),
            security=security,
            sender="canari@deux-rives.test",
            username="canari@deux-rives.test",
            password_file=secret,
        )
        with pytest.raises(StageFailed) as failed:
            Submission(settings, 5).send("canari@brecourt.test", b"x\r\n")
        assert failed.value.stage == stage
    assert got
    assert b"AUTH" not in b"".join(got)


def test_where_only_login_is_offered_an_accent_is_told_without_a_letter_of_it(serve, tmp_path):
    secret = tmp_path / "secret"
    secret.touch(mode=0o600)
    secret.write_text("hôtel\n", encoding="utf-8")
    lines = (b"220 x\r\n", b"250-x\r\n250 AUTH LOGIN\r\n", b"334 VXNlcm5hbWU6\r\n", b"334 UGFz\r\n")
    settings = SmtpSettings(
        server=serve(answers(*lines)),
        security="none",
        sender="canari@deux-rives.test",
        username="canari",
        password_file=secret,
    )
    with pytest.raises(StageFailed, match="sans accent") as failed:
        Submission(settings, 5).send("canari@brecourt.test", b"x\r\n")
    assert failed.value.stage == "auth"
    assert "ô" not in str(failed.value)
    assert "\\xf4" not in str(failed.value)


@pytest.mark.parametrize(
    ("error", "words"),
    [
        (ssl.SSLError(1, "WRONG_VERSION_NUMBER"), "TLS impossible"),
        (TimeoutError(), "pas de réponse à temps"),
        (ConnectionRefusedError(111, "Connection refused"), "connexion refusée"),
        (socket.gaierror(-2, "Name or service not known"), "Name or service not known"),
        (KeyError("x"), "KeyError"),
    ],
)
def test_why_in_words(error, words):
    assert words in in_words(error)


def test_a_secret_that_is_gone_is_told(serve, tmp_path):
    secret = tmp_path / "secret"
    secret.touch(mode=0o600)
    secret.write_text("x\n")
    talk = answers(b"220 x\r\n", b"250-x\r\n250 AUTH PLAIN\r\n")
    settings = SmtpSettings(
        server=serve(talk),
        security="none",
        sender="canari@deux-rives.test",
        username="canari",
        password_file=secret,
    )
    secret.unlink()
    with pytest.raises(StageFailed, match=r"^secret illisible dans .* \(introuvable\)$"):
        Submission(settings, 5).send("canari@brecourt.test", b"x\r\n")


def test_a_server_that_sends_a_byte_now_and_then_is_cut_off(serve):
    began = time.monotonic()
    with pytest.raises(StageFailed) as failed:
        submission(serve(dribble)).send("canari@brecourt.test", b"x\r\n")
    assert failed.value.stage == "connect"
    assert time.monotonic() - began < 3, "the server would have gone on for 4 s"


@pytest.fixture
def mailbox(tmp_path):
    secret = tmp_path / "secret"
    secret.touch(mode=0o600)
    secret.write_text("hidden\n")

    def build(where, seconds=0.3):
        settings = ImapSettings(
            server=where, security="none", username="canari", password_file=secret
        )
        return Mailbox(settings, Mint(b"k" * 32, "canari@brecourt.test"), seconds)

    return build


@pytest.mark.parametrize(
    "talk",
    [dribble, answers(b"* BYE full\r\n"), answers(b"HTTP/1.1 400\r\n\r\n"), answers(b"")],
    ids=["dribble", "bye", "http", "hangs-up"],
)
def test_a_mailbox_behind_such_a_server_is_unreadable_and_can_be_tried_again(serve, mailbox, talk):
    box = mailbox(serve(talk))
    began = time.monotonic()
    for _ in range(2):
        with pytest.raises(StageFailed) as failed:
            box.look()
        assert failed.value.stage == "receive"
        assert "hidden" not in str(failed.value)
    assert time.monotonic() - began < 4
    box.close()


def test_a_copy_of_our_header_in_anothers_mail_is_left_alone(serve, mailbox):
    mint = Mint(b"k" * 32, "canari@brecourt.test")
    token = mint.token(1, b"12345678")
    forged = token[:-1] + ("0" if token[-1] != "0" else "1")

    def talk(connection):
        file = connection.makefile("rwb")

        def say(text):
            file.write(text.encode())
            file.flush()

        say("* OK hello\r\n")
        for line in file:
            tag, verb = line.decode().split()[:2]
            if "SEARCH" in line.decode():
                say("* SEARCH 4 7\r\n")
            if "FETCH" in line.decode():
                for uid, text in ((4, forged), (7, token)):
                    head = f"X-Vigie-Canary: {text}\r\n\r\n"
                    name = "BODY[HEADER.FIELDS (X-Vigie-Canary)]<0>"
                    # Both orders are allowed: the UID before the text, and behind it.
                    if uid == 4:
                        say(f"* 1 FETCH (UID {uid} {name} {{{len(head)}}}\r\n{head})\r\n")
                    else:
                        say(f"* 2 FETCH ({name} {{{len(head)}}}\r\n{head} UID {uid})\r\n")
            if verb == "CAPABILITY":
                say("* CAPABILITY IMAP4rev1\r\n")
            say(f"{tag} OK done\r\n")

    box = mailbox(serve(talk), seconds=20)
    assert box.look() == {"7": token}
    box.remove([])
    box.close()
