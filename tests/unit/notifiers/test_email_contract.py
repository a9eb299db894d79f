"""The notifier of e-mail keeps the contract, whatever its server does and when."""

from __future__ import annotations

import re
import socket
from collections.abc import Callable, Mapping
from email import message_from_bytes
from email.header import decode_header, make_header
from pathlib import Path
from typing import Any

import pytest

from alertmanager.notifiers import contract_gateways as gateways
from alertmanager.notifiers.contract import (
    Accepted,
    Callback,
    Notifier,
    PermanentFailure,
    TemporaryFailure,
)
from alertmanager.notifiers.contract_suite import NotifierContract
from alertmanager.notifiers.mail.plugin import PLUGIN
from alertmanager.notifiers.mail.settings import EmailSettings

CUT = ""  # in place of an answer: hang up


def serves(mails: list[bytes], **answers: str) -> gateways.Script:
    """An SMTP server that keeps what it is given; `answers` replace its own, by command."""

    def script(connection: socket.socket) -> None:
        with connection.makefile("rwb", buffering=0) as file:

            def say(command: str, usual: str) -> None:
                answer = answers.get(command, usual)
                if answer == CUT:
                    connection.shutdown(socket.SHUT_RDWR)
                    raise OSError
                file.write(answer.encode() + b"\r\n")

            say("greeting", "220 essai")
            while line := file.readline():
                command = line.split(b":")[0].split()[0].decode().lower()
                if command == "data":
                    say("data", "354 va")
                    lines = []
                    while (one := file.readline()) not in (b".\r\n", b""):
                        lines.append(one)
                    mails.append(b"".join(lines))
                    say("end", "250 2.0.0 pris")
                elif command == "ehlo":
                    say("ehlo", "250-essai\r\n250-AUTH PLAIN\r\n250 DSN")
                else:
                    say(command, "235 oui" if command == "auth" else "250 oui")

    return script


class TestEmail(NotifierContract):
    plugin = PLUGIN
    to = "claire.fontaine@syndicat.test"
    bad_to = ("claire", "claire@", "@x.test", "cl aire@x.test", "a@b.test,c@d.test", "<a@b.test>")
    silent_may_have_sent = False

    def block(self, folder: Path, host: str, port: int) -> dict[str, Any]:
        return {
            "server": f"{host}:{port}",
            "security": "none",
            "username": "vigie",
            "password_file": self.secret_file(folder),
            "sender": "astreinte@syndicat.test",
            "timeout": "1s",
        }

    def takes(self, seen: list[str]) -> gateways.Script:
        class Ids(list[bytes]):
            def append(self, mail: bytes) -> None:
                seen.append(str(message_from_bytes(mail)["Message-ID"]))

        return serves(Ids())

    def callback(self, fields: Mapping[str, str]) -> Callback:
        return Callback(dict(fields))

    @pytest.mark.parametrize(
        ("command", "answer", "kind", "maybe_sent"),
        [
            ("greeting", "554 pas vous", TemporaryFailure, False),
            ("greeting", "421 plus tard", TemporaryFailure, False),
            ("greeting", CUT, TemporaryFailure, False),
            ("ehlo", "502 non", TemporaryFailure, False),
            ("auth", "535 s3cret-de-l-essai refusé", TemporaryFailure, False),
            ("mail", "451 plus tard", TemporaryFailure, False),
            ("mail", "553 pas cet expéditeur", PermanentFailure, False),
            ("rcpt", "450 liste grise", TemporaryFailure, False),
            ("rcpt", "550 inconnu", PermanentFailure, False),
            ("rcpt", CUT, TemporaryFailure, False),
            ("data", "452 plein", TemporaryFailure, False),
            ("data", "554 non", PermanentFailure, False),
            ("data", CUT, TemporaryFailure, False),
            ("end", "451 plus tard", TemporaryFailure, False),
            ("end", "554 pourriel", PermanentFailure, False),
            ("end", CUT, TemporaryFailure, True),
            ("end", "n'importe quoi", TemporaryFailure, True),
            ("end", "250-\r\n" * 20_000, TemporaryFailure, True),
        ],
    )
    def test_what_is_said_and_when(
        self,
        made: Callable[..., Notifier],
        serving: Callable[[gateways.Script], int],
        command: str,
        answer: str,
        kind: type[Exception],
        maybe_sent: bool,
    ) -> None:
        found = self.outcome(made(serving(serves([], **{command: answer}))))
        assert isinstance(found, kind)
        assert getattr(found, "maybe_sent", False) == maybe_sent

    def test_a_server_that_hangs_up_after_it_took_the_mail_has_it(
        self, made: Callable[..., Notifier], serving: Callable[[gateways.Script], int]
    ) -> None:
        found = self.outcome(made(serving(serves([], quit=CUT))))
        assert isinstance(found, Accepted)
        assert found.detail == "2.0.0 pris"

    def test_labels_of_alerts_add_no_header_and_end_no_mail(
        self, made: Callable[..., Notifier], serving: Callable[[gateways.Script], int]
    ) -> None:
        mails: list[bytes] = []
        self.outcome(made(serving(serves(mails))))
        (raw,) = mails
        mail = message_from_bytes(re.sub(rb"(?m)^\.\.", b".", raw))
        assert mail["Bcc"] is None
        assert str(make_header(decode_header(mail["Subject"]))).startswith("CRIT Bcc: x@y.test")
        text = mail.get_payload(decode=True).decode().replace("\r\n", "\n")
        assert text.startswith("Tout ce qu'il\n.\nfaut savoir")
        assert "Pour prendre en charge :\nhttps://vigie.exemple.test/a/x\n" in text
        assert "ne serait pas lue" in text  # there is no mailbox
        assert mail["Auto-Submitted"] == "auto-generated"
        assert mail["Message-ID"] == "<jeton-impossible-a-deviner-1234@syndicat.test>"

    def test_without_starttls_nothing_is_said(
        self, made: Callable[..., Notifier], serving: Callable[[gateways.Script], int]
    ) -> None:
        mails: list[bytes] = []
        self_block = self.block
        self.block = lambda *where: {**self_block(*where), "security": "starttls"}
        found = self.outcome(made(serving(serves(mails))))
        assert isinstance(found, TemporaryFailure)
        assert "n'offre pas STARTTLS" in str(found)
        assert not mails

    def test_mail_goes_in_the_clear_to_this_machine_only(self, tmp_path: Path) -> None:
        block = {**self.block(tmp_path, "127.0.0.1", 9), "server": "mx.exemple.test:25"}
        del block["username"], block["password_file"]
        with pytest.raises(ValueError, match="en clair"):
            EmailSettings.model_validate(block)
        proof = {**self.block(tmp_path, "127.0.0.1", 9), "delivery_deadline": "5m"}
        with pytest.raises(ValueError, match="sans mailbox"):
            EmailSettings.model_validate(proof)
