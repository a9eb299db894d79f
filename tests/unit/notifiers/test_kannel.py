"""What Kannel's answers and callbacks mean, against a server of our own."""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest

from alertmanager.notifiers.contract import (
    Callback,
    NotifierContext,
    NotUnderstood,
    Outgoing,
    PermanentFailure,
    TemporaryFailure,
)
from alertmanager.notifiers.discovery import PluginError, installed, load_plugin
from alertmanager.notifiers.kannel import PLUGIN, Kannel, KannelSettings

MESSAGE = Outgoing("tok", "+33639981003", "été à 100 %")


class Smsbox:
    """Answers as told; keeps what it was asked."""

    def __init__(self) -> None:
        self.answer: tuple[int, str] = (202, "0: Accepted for delivery")
        self.delay = 0.0
        self.asked: list[Any] = []
        box = self

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                body = self.rfile.read(int(self.headers["Content-Length"]))
                box.asked.append((self.path, dict(self.headers), body))
                time.sleep(box.delay)
                status, text = box.answer
                self.send_response(status)
                self.send_header("Content-Length", str(len(text)))
                self.end_headers()
                self.wfile.write(text.encode())

            def log_message(self, *_: object) -> None:
                pass

        self.server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.thread = threading.Thread(target=self.server.serve_forever)
        self.thread.start()

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.server.server_port}/cgi-bin/sendsms"

    def close(self) -> None:
        self.server.shutdown()
        self.server.server_close()
        self.thread.join()


@pytest.fixture
def smsbox() -> Iterator[Smsbox]:
    box = Smsbox()
    yield box
    box.close()


@pytest.fixture
def password(tmp_path: Path) -> Path:
    path = tmp_path / "password"
    path.touch(mode=0o600)
    path.write_text("s3cret\n")
    return path


@pytest.fixture
def kannel(smsbox: Smsbox, password: Path) -> Iterator[Kannel]:
    settings = KannelSettings(
        url=smsbox.url, username="vigie", password_file=password, timeout="1s"
    )
    notifier = Kannel(settings, NotifierContext("http://127.0.0.1:17430"))
    yield notifier
    notifier.close()


def test_no_secret_is_in_the_url_and_the_text_goes_as_utf_8(kannel: Kannel, smsbox: Smsbox) -> None:
    assert kannel.send(MESSAGE).detail == ""
    ((path, headers, body),) = smsbox.asked
    assert path == "/cgi-bin/sendsms"
    assert body.decode() == "été à 100 %"
    assert headers["X-Kannel-Password"] == "s3cret"
    assert headers["X-Kannel-To"] == "+33639981003"
    assert headers["X-Kannel-DLR-Mask"] == "31"
    assert headers["X-Kannel-DLR-Url"] == (
        "http://127.0.0.1:17430/api/v1/kannel/report?message=tok&status=%d"
    )
    assert "s3cret" not in kannel.describe()


def test_queued_is_accepted_and_said(kannel: Kannel, smsbox: Smsbox) -> None:
    smsbox.answer = (202, "3: Queued for later delivery")
    assert kannel.send(MESSAGE).detail == "en attente chez la passerelle"


@pytest.mark.parametrize(
    ("status", "text"),
    [
        (400, "Missing receiver number, rejected"),
        (403, "Number(s) has/have been denied by white- and/or black-lists."),
    ],
)
def test_a_number_that_is_refused_is_final(
    kannel: Kannel, smsbox: Smsbox, status: int, text: str
) -> None:
    smsbox.answer = (status, text)
    with pytest.raises(PermanentFailure, match=str(status)):
        kannel.send(MESSAGE)


@pytest.mark.parametrize(
    ("status", "text"),
    [(403, "Authorization failed for sendsms"), (401, ""), (404, "Not found"), (429, "")],
)
def test_a_gateway_that_refuses_us_not_the_message_is_tried_again_until_it_is_put_right(
    kannel: Kannel, smsbox: Smsbox, status: int, text: str
) -> None:
    smsbox.answer = (status, text)
    with pytest.raises(TemporaryFailure, match=str(status)) as caught:
        kannel.send(MESSAGE)
    assert not caught.value.maybe_sent
    assert "s3cret" not in str(caught.value)


def test_a_5xx_is_worth_another_try_and_did_not_leave(kannel: Kannel, smsbox: Smsbox) -> None:
    smsbox.answer = (503, "Temporary failure")
    with pytest.raises(TemporaryFailure) as caught:
        kannel.send(MESSAGE)
    assert not caught.value.maybe_sent


def test_a_silent_gateway_may_have_sent_it(kannel: Kannel, smsbox: Smsbox) -> None:
    smsbox.delay = 1.5
    with pytest.raises(TemporaryFailure, match="répondu en 1 s") as caught:
        kannel.send(MESSAGE)
    assert caught.value.maybe_sent


def test_an_absent_gateway_did_not_send_it(password: Path) -> None:
    settings = KannelSettings(url="http://127.0.0.1:9/x", username="vigie", password_file=password)
    notifier = Kannel(settings, NotifierContext("http://127.0.0.1:17430"))
    with pytest.raises(TemporaryFailure, match="injoignable") as caught:
        notifier.send(MESSAGE)
    assert not caught.value.maybe_sent
    notifier.close()


def test_a_password_that_became_unreadable_delays_and_does_not_lose(
    kannel: Kannel, password: Path
) -> None:
    password.chmod(0o644)
    with pytest.raises(TemporaryFailure, match="lisible par tous"):
        kannel.send(MESSAGE)


@pytest.mark.parametrize(
    ("status", "outcome"),
    [("1", "delivered"), ("2", "failed"), ("4", "waiting"), ("8", "accepted"), ("16", "failed")],
)
def test_reports(kannel: Kannel, status: str, outcome: str) -> None:
    report = kannel.understand_report(Callback({"message": "tok", "status": status}))
    assert (report.token, report.outcome) == ("tok", outcome)


@pytest.mark.parametrize("query", [{}, {"message": "tok"}, {"message": "tok", "status": "3"}])
def test_what_is_no_report_is_refused(kannel: Kannel, query: dict[str, str]) -> None:
    with pytest.raises(NotUnderstood):
        kannel.understand_report(Callback(query))


def test_replies(kannel: Kannel) -> None:
    incoming = kannel.understand_reply(
        Callback({"from": "+336", "text": "OK", "id": "x", "to": "36000"})
    )
    assert (incoming.sender, incoming.text, incoming.provider_id) == ("+336", "OK", "x")
    assert kannel.understand_reply(Callback({"from": "+336", "text": ""})).text == ""
    with pytest.raises(NotUnderstood):
        kannel.understand_reply(Callback({"from": "+336"}))


def test_it_is_found_by_its_entry_point() -> None:
    assert "kannel" in installed()
    assert load_plugin("kannel") is PLUGIN
    with pytest.raises(PluginError, match="kannel"):
        load_plugin("pigeon")
