"""Kannel and the signed webhook keep the contract, whatever their gateways do."""

from __future__ import annotations

import base64
import json
import socket
from collections.abc import Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, ClassVar

import pytest

from alertmanager.notifiers import contract_gateways as gateways
from alertmanager.notifiers.contract import Callback, NotifierContext, NotUnderstood
from alertmanager.notifiers.contract_suite import HttpNotifierContract
from alertmanager.notifiers.kannel import PLUGIN as KANNEL
from alertmanager.notifiers.signature import is_signed, key_of, signed
from alertmanager.notifiers.webhook import PLUGIN as WEBHOOK
from alertmanager.notifiers.webhook import Webhook, WebhookSettings
from inventory.process import system_clock


class TestKannel(HttpNotifierContract):
    plugin = KANNEL
    to = "+33639981003"
    bad_to = ("+336 39", "claire@ville.test", "+33639981003 +33639981004")
    report: ClassVar = {"message": "jeton-impossible-a-deviner", "status": "1"}
    reply: ClassVar = {"from": "+33639981003", "text": "OK 4821"}
    accepted = ((202, b"0: Accepted for delivery"), (202, b"3: Queued for later delivery"))
    temporary = (
        (503, b"Temporal failure, try again later.", False),
        (200, b"Temporal failure, try again later.", False),
        (403, b"Authorization failed for sendsms", False),
        (500, b"", False),
        (200, b"<html>portail captif</html>", True),
        (200, b"", True),
    )
    permanent = (
        (403, b"Not routable. Do not try again."),
        (202, b"Not routable. Do not try again."),
        (403, b"Number(s) has/have been denied by white- and/or black-lists."),
    )

    def block(self, folder: Path, host: str, port: int) -> dict[str, Any]:
        return {
            "url": f"http://{host}:{port}/cgi-bin/sendsms",
            "username": "vigie",
            "password_file": self.secret_file(folder),
            "timeout": "1s",
        }

    def takes(self, seen: list[str]) -> gateways.Script:
        def script(connection: socket.socket) -> None:
            headers, _ = gateways.read_http(connection)
            assert headers[""] == "POST /cgi-bin/sendsms HTTP/1.1"
            seen.append(headers["x-kannel-dlr-url"])
            connection.sendall(
                b"HTTP/1.1 202 Accepted\r\nContent-Length: 24\r\n\r\n0: Accepted for delivery"
            )

        return script

    def callback(self, fields: Mapping[str, str]) -> Callback:
        return Callback(dict(fields))


class TestWebhook(HttpNotifierContract):
    plugin = WEBHOOK
    to = "claire.fontaine@syndicat.test"
    bad_to = ("+33639981003",)
    secret = "whsec_" + base64.b64encode(b"k" * 32).decode()
    report: ClassVar = {"message": "jeton-impossible-a-deviner", "outcome": "delivered"}
    reply: ClassVar = {"from": "claire.fontaine@syndicat.test", "text": "OK"}
    accepted = ((200, b""), (202, b"not json"), (204, b""), (200, b'{"id": "x"}'))
    temporary = (
        (500, b"", False),
        (503, b"", False),
        (429, b"", False),
        (408, b"", False),
        (200, b'{"accepted": false, "retry": true}', False),
    )
    permanent = ((400, b""), (403, b""), (410, b""), (200, b'{"accepted": false}'))

    def block(self, folder: Path, host: str, port: int) -> dict[str, Any]:
        return {
            "url": f"http://{host}:{port}/vigie",
            "secret_file": self.secret_file(folder),
            "timeout": "1s",
        }

    def takes(self, seen: list[str]) -> gateways.Script:
        def script(connection: socket.socket) -> None:
            headers, body = gateways.read_http(connection)
            assert is_signed(key_of(self.secret), headers, body, system_clock())
            assert json.loads(body)["message"] == headers["webhook-id"]
            seen.append(headers["webhook-id"])
            connection.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n")

        return script

    def callback(self, fields: Mapping[str, str]) -> Callback:
        body = json.dumps(dict(fields)).encode()
        return Callback({}, signed(key_of(self.secret), "msg_1", body, system_clock()), body)

    def test_what_is_not_signed_by_us_now_is_refused(self, tmp_path: Path) -> None:
        settings = WebhookSettings.model_validate(self.block(tmp_path, "127.0.0.1", 9))
        notifier = Webhook(settings, NotifierContext("http://127.0.0.1:17430"))
        good = self.callback(self.report)
        key = key_of(self.secret)
        old = {**good.headers, "webhook-timestamp": "1000000000"}
        other = signed(b"x" * 32, "msg_1", good.body, system_clock())
        wide = {**good.headers, "webhook-timestamp": "１７００００００００"}
        for headers in ({}, old, other, wide, {**good.headers, "webhook-id": "msg_2"}):
            with pytest.raises(NotUnderstood, match="signature"):
                notifier.understand_report(Callback({}, headers, good.body))
        with pytest.raises(NotUnderstood, match="signature"):
            notifier.understand_report(Callback({}, good.headers, good.body + b" "))
        doubled = b'{"message": "a", "outcome": "failed", "outcome": "delivered"}'
        twice = Callback({}, signed(key, "m", doubled, system_clock()), doubled)
        with pytest.raises(NotUnderstood, match="JSON"):
            notifier.understand_report(twice)

    @pytest.mark.parametrize("secret", ["trop-court", "whsec_YQ==", "whsec_é"])
    def test_a_secret_that_is_no_key_is_a_fault_of_the_settings(
        self, tmp_path: Path, secret: str
    ) -> None:
        block = self.block(tmp_path, "127.0.0.1", 9)
        Path(block["secret_file"]).write_text(secret)
        with pytest.raises(ValueError, match="whsec_ puis") as caught:
            WebhookSettings.model_validate(block)
        assert secret not in str(caught.value)

    def test_nothing_goes_in_the_clear_but_to_this_machine(self, tmp_path: Path) -> None:
        block = {**self.block(tmp_path, "127.0.0.1", 9), "url": "http://pont.exemple.test/"}
        with pytest.raises(ValueError, match="en clair"):
            WebhookSettings.model_validate(block)


def test_a_signature_is_that_of_the_specification() -> None:
    # Worked out by openssl: printf 'msg_1.1700000000.{}' | openssl dgst -sha256 -hmac kkk… -binary
    now = datetime.fromtimestamp(1_700_000_000, UTC)
    headers = signed(b"k" * 32, "msg_1", b"{}", now)
    assert headers["webhook-signature"] == "v1,3sOcjp9LSFloZNG4djSBtbk6gHDplP0wungD5l+W7DU="
