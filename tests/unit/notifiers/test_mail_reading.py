"""What a mail that comes back means, in whatever state it comes."""

from __future__ import annotations

from email.message import EmailMessage
from typing import Any

import pytest

from alertmanager.notifiers.contract import Incoming, Report
from alertmanager.notifiers.mail.quoting import text_of_html, written
from alertmanager.notifiers.mail.reading import MOST_BYTES, understand

SITE = "syndicat.test"
TOKEN = "abcdefghijklmnopqrstuvwxyz-_0123"
OURS = f"<{TOKEN}@{SITE}>"


def mail(text: str = "OK", **headers: str) -> bytes:
    message = EmailMessage()
    usual = {"From": "Claire Fontaine <Claire.Fontaine@Syndicat.test>", "In-Reply-To": OURS}
    for name, value in {**usual, **{k.replace("_", "-"): v for k, v in headers.items()}}.items():
        if value:
            message[name] = value
    message.set_content(text)
    return message.as_bytes()


def incoming(raw: bytes) -> Incoming:
    found = understand(raw, SITE)
    assert isinstance(found, Incoming)
    return found


def test_an_answer_names_what_it_answers_and_who_wrote_it() -> None:
    found = incoming(mail("OK\n\nLe 1 mai 2026 à 07:12, Vigie a écrit :\n> CRIT\n"))
    assert (found.sender, found.text, found.answers) == (
        "claire.fontaine@syndicat.test",
        "OK",
        TOKEN,
    )
    assert found.only_keep == ""
    assert b"> CRIT" in found.raw


def test_the_references_do_when_the_client_writes_no_in_reply_to() -> None:
    found = incoming(mail(In_Reply_To="", References=f"<x@y.test> {OURS} <z@ailleurs.test>"))
    assert (found.answers, found.only_keep) == (TOKEN, "")


@pytest.mark.parametrize(
    "headers",
    [
        {"In_Reply_To": ""},
        {"In_Reply_To": f"<{TOKEN}@ailleurs.test>"},
        {"From": "a@x.test, b@x.test"},
        {"From": ""},
    ],
)
def test_a_mail_that_proves_nothing_is_only_kept(headers: dict[str, str]) -> None:
    assert incoming(mail(**headers)).only_keep == "unproven"


@pytest.mark.parametrize(
    "headers",
    [
        {"Auto_Submitted": "auto-replied"},
        {"Auto_Submitted": "auto-generated; x=y"},
        {"Precedence": "bulk"},
        {"X_Autoreply": "yes"},
        {"Return_Path": "<>"},
        {"Subject": "Réponse automatique : CRIT"},
        {"Subject": "Automatic reply: CRIT"},
    ],
)
def test_an_answering_machine_takes_nothing(headers: dict[str, str]) -> None:
    assert incoming(mail("OK je suis absent", **headers)).only_keep == "automatic"


def test_a_person_may_say_that_no_machine_wrote_it() -> None:
    assert incoming(mail(Auto_Submitted="no", Subject="Re: CRIT")).only_keep == ""


def test_an_html_mail_is_read_without_what_it_quotes() -> None:
    message = EmailMessage()
    message["From"], message["In-Reply-To"] = "a@x.test", OURS
    message.set_content("<p>OK&nbsp;4821</p><blockquote>OK 1111</blockquote>", subtype="html")
    assert incoming(message.as_bytes()).text == "OK 4821"


def dsn(action: str, **parts: Any) -> bytes:
    held = parts.get("held", f"Message-ID: {OURS}\nSubject: CRIT\n")
    return (
        "From: MAILER-DAEMON@mx.test\nContent-Type: multipart/report;"
        ' report-type=delivery-status; boundary="b"\nAuto-Submitted: auto-replied\n\n'
        "--b\n\nVoilà.\n--b\nContent-Type: message/delivery-status\n\nReporting-MTA: dns; mx.test\n"
        f"{parts.get('envelope', '')}\nFinal-Recipient: rfc822; a@x.test\nAction: {action}\n"
        "Status: 5.1.1\nDiagnostic-Code: smtp; 550 5.1.1 unknown\n\n"
        f"--b\nContent-Type: text/rfc822-headers\n\n{held}\n--b--\n"
    ).encode()


@pytest.mark.parametrize(
    ("action", "outcome"),
    [
        ("failed", "failed"),
        ("Delivered", "delivered"),
        ("delayed", "waiting"),
        ("relayed", "accepted"),
        ("expanded", "accepted"),
    ],
)
def test_a_notification_is_a_report(action: str, outcome: str) -> None:
    found = understand(dsn(action), SITE)
    assert isinstance(found, Report)
    assert (found.token, found.outcome) == (TOKEN, outcome)
    assert "550 5.1.1 unknown" in found.detail


def test_the_envelope_id_does_when_no_header_is_held() -> None:
    found = understand(dsn("failed", held="", envelope=f"Original-Envelope-Id: {TOKEN}\n"), SITE)
    assert isinstance(found, Report)
    assert found.token == TOKEN


@pytest.mark.parametrize("raw", [dsn("failed", held=""), dsn("odd")])
def test_a_notification_that_names_nothing_of_ours_is_kept(raw: bytes) -> None:
    assert incoming(raw).only_keep == "automatic"


def test_the_older_bounce_of_exim_is_a_report() -> None:
    raw = (
        "From: Mailer-Daemon@mx.test\nX-Failed-Recipients: a@x.test\n\nA message that you sent"
        f" could not be delivered.\n\n------ copy ------\nMessage-ID: {OURS}\n"
    ).encode()
    found = understand(raw, SITE)
    assert isinstance(found, Report)
    assert (found.token, found.outcome) == (TOKEN, "failed")


NESTED = b"".join(
    b'Content-Type: multipart/mixed; boundary="b%d"\n\n--b%d\n' % (n, n) for n in range(3000)
)


@pytest.mark.parametrize(
    "raw",
    [
        b"",
        b"\0\xff\xfe" * 1000,
        NESTED,
        b"Content-Type: multipart/mixed; boundary=b\n\n" + b"--b\n\nx\n" * 20_000,
        b"From: " + b"a@b," * 50_000 + b"\n\nOK",
        b'From: a@b.test\nContent-Type: text/plain; charset="\xff\0"\n\n\xff\0OK',
        b"From: a@b.test\nContent-Transfer-Encoding: base64\n\n%%%%",
        b"From: a@b.test\nSubject: =?utf-8?b?////?= =?x-none?q?=FF?=\n\nOK",
        b"From: a@b.test\n\n" + b"O" * (2 * MOST_BYTES),
        dsn("failed")[:200],
    ],
)
def test_nothing_breaks_the_reader_and_all_is_kept(raw: bytes) -> None:
    found = incoming(raw)
    assert found.only_keep
    assert found.raw == raw[:MOST_BYTES]
    assert "\0" not in found.text
    assert len(found.text) <= 10_000


@pytest.mark.parametrize(
    ("text", "own"),
    [
        ("OK", "OK"),
        ("ok merci\r\n\r\n-- \r\nClaire\r\n", "ok merci"),
        (
            "Le 1 mai 2026 à 07:12, Vigie\n<v@x.test> a écrit :\n> CRIT\n> fin\n\nOK 4821\n",
            "OK 4821",
        ),
        ("> CRIT\nOK\n> fin", "OK"),
        ("On Fri, 1 May 2026, Vigie wrote:\n> CRIT\nOK", "OK"),
        ("OK\n\n-----Message d'origine-----\nDe : Vigie\nOK 1111", "OK"),
        ("OK\n________________________________\nDe : Vigie\nEnvoyé : vendredi\nOK 1111", "OK"),
        ("OK\n\nDe : Vigie <v@x.test>\nEnvoyé : vendredi 1 mai\nObjet : CRIT\n\nOK 1111", "OK"),
        ("OK\n\nEnvoyé de mon iPhone", "OK"),
        ("Le problème est pris\n\nLe 1 mai 2026, Vigie a écrit :\n> x", "Le problème est pris"),
    ],
)
def test_what_a_person_wrote(text: str, own: str) -> None:
    assert written(text) == own


def test_html_of_outlook() -> None:
    html = (
        "<html><head><style>p > a {x}</style></head><body><!--[if mso]>non<![endif]-->"
        "<div>OK 4821</div><hr><div><b>De :</b> Vigie<br><b>Envoyé :</b> vendredi</div></body>"
    )
    assert written(text_of_html(html)) == "OK 4821"
