"""The tests that every notifier must pass. Subclass `NotifierContract` in a test module.

pytest collects the subclass; only tests import this module. `HttpNotifierContract` adds what a
gateway over HTTP may do besides.
"""

from __future__ import annotations

import threading
import traceback
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any, ClassVar

import pytest
from pydantic import ValidationError

from alertmanager.notifiers import contract_gateways as gateways
from alertmanager.notifiers.contract import (
    CONTRACT_VERSION,
    Accepted,
    AnyPlugin,
    Callback,
    Incoming,
    Notifier,
    NotifierContext,
    NotUnderstood,
    Outgoing,
    PermanentFailure,
    Report,
    TemporaryFailure,
)

# A module of tests, though shipped: asserts are its business.
# ruff: noqa: S101

PATIENCE = 20.0
"""Seconds after which a send is said to hang; those of the suite are given timeouts of 1 s."""
HOSTILE = ("", "\0", "\r\nX: y", "x" * 100_000, "{0.__class__}", "%00%0d%0a", "\u202e", "'; DROP--")

Outcome = Accepted | TemporaryFailure | PermanentFailure


class NotifierContract:
    """What a subclass says of its notifier, and the tests."""

    plugin: ClassVar[AnyPlugin]
    to: ClassVar[str]
    """An address that it takes."""
    bad_to: ClassVar[tuple[str, ...]]
    """Addresses that it refuses for good, without asking its gateway."""
    secret: ClassVar[str] = "s3cret-de-l-essai"  # noqa: S105
    plaintext: ClassVar[Mapping[str, str]] = {"password": "x", "token": "x", "secret": "x"}
    """Keys under which somebody may try to write a secret in the clear."""
    silent_may_have_sent: ClassVar[bool] = True
    """Whether a gateway that took the connection and says nothing may have the message."""
    report: ClassVar[Mapping[str, str] | None] = None
    reply: ClassVar[Mapping[str, str] | None] = None
    """The fields that a report or a reply must have, as a provider sends them; None: none come."""

    def block(self, folder: Path, host: str, port: int) -> dict[str, Any]:
        """Settings for a gateway there: every timeout 1 s, secrets by `secret_file`."""
        raise NotImplementedError

    def takes(self, seen: list[str]) -> gateways.Script:
        """A gateway that takes each message, and notes the provider's key of it in `seen`."""
        raise NotImplementedError

    def callback(self, fields: Mapping[str, str]) -> Callback:
        """A request with these fields, as the provider makes it."""
        raise NotImplementedError

    # What tests use.

    @pytest.fixture
    def made(self, tmp_path: Path) -> Iterator[Callable[..., Notifier]]:
        """Builds the notifier for a gateway."""
        built: list[Notifier] = []

        def make(port: int) -> Notifier:
            settings = self.plugin.settings.model_validate(self.block(tmp_path, "127.0.0.1", port))
            context = NotifierContext("http://127.0.0.1:17430", f"{self.plugin.name}.essai")
            notifier: Notifier = self.plugin.build(settings, context)
            built.append(notifier)
            return notifier

        yield make
        for notifier in built:
            notifier.close()

    @pytest.fixture
    def serving(self) -> Iterator[Callable[[gateways.Script], int]]:
        """Starts a gateway; its port."""
        started: list[gateways.Gateway] = []

        def serve(script: gateways.Script) -> int:
            gateway = gateways.Gateway(script)
            started.append(gateway)
            return gateway.port

        yield serve
        for gateway in started:
            gateway.close()

    def secret_file(self, folder: Path) -> str:
        """A file that holds `secret`."""
        path = folder / "secret"
        path.touch(mode=0o600)
        path.write_text(self.secret + "\n", encoding="utf-8")
        return str(path)

    def message(self, **changes: Any) -> Outgoing:
        """A page with what alerts may hold."""
        fields = {
            "token": "jeton-impossible-a-deviner-1234",
            "to": self.to,
            "text": "CRIT Messagerie é € {0.__class__} \0 \ud800 \u202e\r\nBcc: x@y.test\n.\nfin",
            "subject": "CRIT\r\nBcc: x@y.test \ud800",
            "details": "Tout\0 ce qu'il\n.\nfaut savoir \ud800",
            "link": "https://vigie.exemple.test/a/x",
        }
        return Outgoing(**{**fields, **changes})

    def outcome(self, notifier: Notifier, message: Outgoing | None = None) -> Outcome:
        """What becomes of a send; it must end, and in one of three ways that tell no secret."""
        found: list[Outcome | BaseException] = []

        def send() -> None:
            try:
                found.append(notifier.send(message or self.message()))
            except BaseException as error:  # noqa: BLE001  (what it may raise is the question)
                found.append(error)

        sending = threading.Thread(target=send, daemon=True)
        sending.start()
        sending.join(PATIENCE)
        assert found, "send() does not end"
        (only,) = found
        if isinstance(only, BaseException):
            said = "".join(traceback.format_exception(only)) + str(only)
            assert isinstance(only, TemporaryFailure | PermanentFailure), said
            assert self.secret not in said
            assert str(only).isprintable()
        else:
            assert isinstance(only, Accepted)
        return only

    # The tests.

    def test_it_is_a_plugin_of_this_contract(self) -> None:
        assert self.plugin.contract == CONTRACT_VERSION
        assert self.plugin.summary

    def test_settings_are_checked_and_hold_no_secret(self, tmp_path: Path) -> None:
        good = self.block(tmp_path, "127.0.0.1", 9)
        settings = self.plugin.settings.model_validate(good)
        assert self.plugin.kind(settings) in ("phone", "email", "url")
        assert self.secret not in repr(settings)
        for name, value in {"no_such_key": "x", **self.plaintext}.items():
            with pytest.raises(ValidationError):
                self.plugin.settings.model_validate({**good, name: value})

    def test_it_describes_itself_on_one_line_without_a_secret(
        self, made: Callable[..., Notifier]
    ) -> None:
        said = made(9).describe()
        assert said.isprintable()
        assert said
        assert self.secret not in said

    def test_a_gateway_that_is_not_there_did_not_take_it(
        self, made: Callable[..., Notifier]
    ) -> None:
        outcome = self.outcome(made(gateways.closed_port()))
        assert isinstance(outcome, TemporaryFailure)
        assert not outcome.maybe_sent

    @pytest.mark.parametrize(
        "script",
        [
            gateways.closes,
            gateways.resets,
            gateways.is_silent,
            gateways.talks_nonsense,
            gateways.never_ends,
            gateways.drips,
        ],
    )
    def test_a_gateway_that_misbehaves_is_tried_again(
        self,
        made: Callable[..., Notifier],
        serving: Callable[[gateways.Script], int],
        script: gateways.Script,
    ) -> None:
        outcome = self.outcome(made(serving(script)))
        assert isinstance(outcome, TemporaryFailure)
        assert outcome.maybe_sent == self.silent_may_have_sent

    @pytest.mark.parametrize("again", [False, True])
    def test_a_message_is_accepted_whatever_it_holds(
        self,
        made: Callable[..., Notifier],
        serving: Callable[[gateways.Script], int],
        again: bool,
    ) -> None:
        seen: list[str] = []
        message = self.message(again=again)
        assert isinstance(self.outcome(made(serving(self.takes(seen))), message), Accepted)
        assert len(seen) == 1

    def test_every_attempt_has_the_same_key_and_every_message_its_own(
        self, made: Callable[..., Notifier], serving: Callable[[gateways.Script], int]
    ) -> None:
        seen: list[str] = []
        notifier = made(serving(self.takes(seen)))
        for message in (self.message(), self.message(again=True), self.message(token="autre" * 6)):
            assert isinstance(self.outcome(notifier, message), Accepted)
        assert seen[0] == seen[1] != seen[2]

    def test_it_is_called_from_several_threads(
        self, made: Callable[..., Notifier], serving: Callable[[gateways.Script], int]
    ) -> None:
        seen: list[str] = []
        notifier = made(serving(self.takes(seen)))
        tokens = [f"jeton-numero-{number:020}" for number in range(8)]
        outcomes: list[Outcome] = []
        threads = [
            threading.Thread(
                target=lambda token=token: outcomes.append(
                    self.outcome(notifier, self.message(token=token))
                )
            )
            for token in tokens
        ]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        assert [type(outcome) for outcome in outcomes] == [Accepted] * len(tokens)
        assert len(set(seen)) == len(tokens)

    def test_an_address_that_is_none_is_refused_for_good(
        self, made: Callable[..., Notifier]
    ) -> None:
        for address in ("", "a b", "x\r\nBcc: y", "\0", *self.bad_to):
            outcome = self.outcome(made(9), self.message(to=address))
            assert isinstance(outcome, PermanentFailure), address

    def test_a_report_is_understood_or_refused(self, made: Callable[..., Notifier]) -> None:
        understand = made(9).understand_report
        self._refuses_nonsense(understand)
        if self.report is not None:
            assert isinstance(understand(self.callback(self.report)), Report)
            self._survives(understand, self.report)

    def test_a_reply_is_understood_or_refused(self, made: Callable[..., Notifier]) -> None:
        understand = made(9).understand_reply
        self._refuses_nonsense(understand)
        if self.reply is not None:
            assert isinstance(understand(self.callback(self.reply)), Incoming)
            self._survives(understand, self.reply)

    def test_it_is_closed_as_often_as_one_likes(self, made: Callable[..., Notifier]) -> None:
        notifier = made(9)
        notifier.close()
        notifier.close()

    def _refuses_nonsense(self, understand: Callable[[Callback], Report | Incoming]) -> None:
        for body in (b"", b"\xff\0", b"[" * 50_000, b"{}", b"null", b'"x"'):
            with pytest.raises(NotUnderstood):
                understand(Callback({}, {"content-type": "application/json"}, body))

    def _survives(
        self, understand: Callable[[Callback], Report | Incoming], fields: Mapping[str, str]
    ) -> None:
        for name in fields:
            rest = {other: value for other, value in fields.items() if other != name}
            with pytest.raises(NotUnderstood):
                understand(self.callback(rest))
            for value in HOSTILE:
                try:
                    found = understand(self.callback({**fields, name: value}))
                except NotUnderstood:
                    continue
                if isinstance(found, Incoming):
                    assert "\0" not in found.sender + found.text
                    assert len(found.text) <= 10_000
                else:
                    assert found.outcome in ("waiting", "accepted", "delivered", "failed")


class HttpNotifierContract(NotifierContract):
    """And what a gateway over HTTP may answer. Each row: its answer, what it means, maybe_sent."""

    accepted: ClassVar[tuple[tuple[int, bytes], ...]] = ((200, b""),)
    temporary: ClassVar[tuple[tuple[int, bytes, bool], ...]] = ((500, b"", False),)
    permanent: ClassVar[tuple[tuple[int, bytes], ...]] = ((400, b""),)

    def test_each_answer_means_what_it_should(
        self, made: Callable[..., Notifier], serving: Callable[[gateways.Script], int]
    ) -> None:
        for status, body in self.accepted:
            found = self.outcome(made(serving(gateways.answers(status, body))))
            assert isinstance(found, Accepted), (status, body)
        for status, body, maybe_sent in self.temporary:
            found = self.outcome(made(serving(gateways.answers(status, body))))
            assert isinstance(found, TemporaryFailure), (status, body)
            assert found.maybe_sent == maybe_sent, (status, body)
        for status, body in self.permanent:
            found = self.outcome(made(serving(gateways.answers(status, body))))
            assert isinstance(found, PermanentFailure), (status, body)

    @pytest.mark.parametrize("status", [301, 302, 307, 308])
    def test_a_redirect_is_not_followed(
        self,
        made: Callable[..., Notifier],
        serving: Callable[[gateways.Script], int],
        status: int,
    ) -> None:
        seen: list[str] = []
        elsewhere = f"Location: http://127.0.0.1:{serving(self.takes(seen))}/"
        found = self.outcome(made(serving(gateways.answers(status, b"", elsewhere))))
        assert not isinstance(found, Accepted)
        assert not seen

    @pytest.mark.parametrize("script", [gateways.drips_headers, gateways.repeats])
    def test_slow_headers_and_a_server_that_repeats_us(
        self,
        made: Callable[..., Notifier],
        serving: Callable[[gateways.Script], int],
        script: gateways.Script,
    ) -> None:
        assert isinstance(self.outcome(made(serving(script))), TemporaryFailure)

    def test_a_body_without_end_is_not_read_to_its_end(
        self, made: Callable[..., Notifier], serving: Callable[[gateways.Script], int]
    ) -> None:
        found = self.outcome(made(serving(gateways.answers_without_end(500))))
        assert isinstance(found, TemporaryFailure)
