"""A signed POST to a gateway of one's own: a bridge to a chat, a voice server, a ticket system.

Headers are those of Standard Webhooks: the token is ``webhook-id``, so the same message posted
again can be known. What the bridge calls back is signed with the same secret.
"""

from __future__ import annotations

import json
import re
from datetime import timedelta
from pathlib import Path
from typing import Annotated, Any, Literal
from urllib.parse import urlsplit

from pydantic import AfterValidator, BaseModel, ConfigDict, Field

from alertmanager.notifiers.contract import (
    LOOPBACK_ONLY,
    Accepted,
    AllowedNetwork,
    Callback,
    Incoming,
    NotifierContext,
    NotifierPlugin,
    NotUnderstood,
    Outgoing,
    PermanentFailure,
    Report,
    TemporaryFailure,
)
from alertmanager.notifiers.exchange import Answer, post
from alertmanager.notifiers.signature import is_signed, key_of, signed
from inventory.config import Duration, SecretFile, Url, read_secret, within
from inventory.config.mail_account import AuthoritiesFile, is_loopback

_WHO = "passerelle web"
_MOST_BODY = 64 << 10
_AGAIN = (408, 425, 429)
"""Busy, rather than refusing."""
_ADDRESSES = {
    "phone": re.compile(r"\+?[0-9]{3,20}"),
    "email": re.compile(r"[!-;=?A-~]{1,64}@[A-Za-z0-9.-]{1,253}"),
}
_OUTCOMES = ("waiting", "accepted", "delivered", "failed")


def _not_in_the_clear(value: str) -> str:
    parts = urlsplit(value)
    if parts.scheme == "http" and not is_loopback(parts.hostname or ""):
        raise ValueError(
            f"les messages iraient en clair à {parts.hostname} ; attendu : une adresse https"
        )
    return value


def _holds_a_key(path: Path) -> Path:
    key_of(read_secret(path).get_secret_value())
    return path


class WebhookSettings(BaseModel):
    """The block ``notifiers.webhook``."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    url: Annotated[Url, AfterValidator(_not_in_the_clear)] = Field(
        description="où poster,", examples=["https://pont.exemple.test/vigie"]
    )
    secret_file: Annotated[SecretFile, AfterValidator(_holds_a_key)]
    to: Literal["phone", "email"] = "email"
    ca_file: AuthoritiesFile | None = None
    callback_allow: tuple[AllowedNetwork, ...] = Field(LOOPBACK_ONLY, min_length=1)
    timeout: Annotated[Duration, within(1, 25, "de 1s à 25s")] = timedelta(seconds=10)
    delivery_deadline: Duration | None = Field(None, examples=["90s"])


class Webhook:
    """Posts to one URL."""

    def __init__(self, settings: WebhookSettings, context: NotifierContext) -> None:
        self._settings, self._clock = settings, context.clock
        self._callback = f"{context.public_url}/api/v1/{context.name or 'webhook'}"
        self.delivery_deadline = settings.delivery_deadline
        self.callback_allow = settings.callback_allow

    def describe(self) -> str:
        """Where messages go. Of the URL its host only: the path may be what lets one in."""
        host = urlsplit(self._settings.url).netloc
        return f"POST signé vers {host}, retours vers {self._callback}"

    def send(self, message: Outgoing) -> Accepted:
        """Post it. The answer's status decides, unless its body says ``"accepted": false``."""
        if not _ADDRESSES[self._settings.to].fullmatch(message.to):
            raise PermanentFailure(f"{_WHO} : l'adresse n'en est pas une")
        body = json.dumps(_document(message, self._callback), ensure_ascii=False)
        raw = body.encode("utf-8", "replace")
        try:
            key = self._key()
        except ValueError as error:
            raise TemporaryFailure(str(error)) from None
        headers = {
            "Content-Type": "application/json",
            "User-Agent": "vigie-webhook",
            **signed(key, message.token, raw, self._clock()),
        }
        settings = self._settings
        seconds = settings.timeout.total_seconds()
        answer = post(
            settings.url, raw, headers, who=_WHO, seconds=seconds, ca_file=settings.ca_file
        )
        return _understand_answer(answer)

    def understand_report(self, callback: Callback) -> Report:
        """``{"message": token, "outcome": "delivered", "detail": ""}``, signed."""
        said = self._signed(callback)
        token, outcome = said.get("message"), said.get("outcome")
        if not isinstance(token, str) or not token or outcome not in _OUTCOMES:
            raise NotUnderstood(
                f"accusé incompris ; attendu : message, et outcome, l'un de {', '.join(_OUTCOMES)}"
            )
        return Report(token, outcome, _shown(said.get("detail")))

    def understand_reply(self, callback: Callback) -> Incoming:
        """``{"from": address, "text": "OK 4821", "message": token}``, signed."""
        said = self._signed(callback)
        sender, text, answers = said.get("from"), said.get("text"), said.get("message")
        if not isinstance(sender, str) or not sender or not isinstance(text, str):
            raise NotUnderstood("réponse incomprise ; attendu : from et text")
        if answers is not None and not isinstance(answers, str):
            raise NotUnderstood("réponse incomprise ; attendu : message, le jeton d'un message")
        identifier = callback.headers["webhook-id"]
        return Incoming(sender, text, identifier, callback.body, answers or None)

    def close(self) -> None:
        """No connection is kept: each message has its own."""

    def _key(self) -> bytes:
        # Read at each use, so that a new secret needs no restart.
        return key_of(read_secret(self._settings.secret_file).get_secret_value())

    def _signed(self, callback: Callback) -> dict[str, Any]:
        """The JSON object of the request, if it is signed by who knows the secret."""
        if len(callback.body) > _MOST_BODY:
            raise NotUnderstood("corps trop long")
        try:
            known = is_signed(self._key(), callback.headers, callback.body, self._clock())
        except ValueError as error:
            raise NotUnderstood(str(error)) from None
        if not known:
            raise NotUnderstood("signature absente, fausse ou trop ancienne")
        try:
            said = json.loads(callback.body, object_pairs_hook=_without_doubles)
        except (ValueError, RecursionError):
            raise NotUnderstood("corps incompris ; attendu : un objet JSON, en UTF-8") from None
        if not isinstance(said, dict):
            raise NotUnderstood("corps incompris ; attendu : un objet JSON")
        return said


def _document(message: Outgoing, callback: str) -> dict[str, Any]:
    return {
        "version": 1,
        "message": message.token,
        "to": message.to,
        "kind": message.kind,
        "text": message.text,
        "subject": message.subject,
        "details": message.details,
        "link": message.link,
        "again": message.again,
        "callback": callback,
    }


def _understand_answer(answer: Answer) -> Accepted:
    problem = f"{_WHO} : réponse {answer.status}"
    if answer.status // 100 == 2:
        said = _said(answer.body)
        detail = _shown(said.get("detail"))
        if said.get("accepted") is not False:
            identifier = said.get("id")
            return Accepted(identifier[:64] if isinstance(identifier, str) else None, detail)
        problem += f", refus ({detail})" if detail else ", refus"
        if said.get("retry") is True:
            raise TemporaryFailure(problem)
        raise PermanentFailure(problem)
    if answer.status in _AGAIN or answer.status // 100 == 5:
        raise TemporaryFailure(problem)
    raise PermanentFailure(problem)


def _said(body: bytes) -> dict[str, Any]:
    """What the answer says in JSON; nothing if it is none."""
    try:
        said = json.loads(body)
    except (ValueError, RecursionError):
        return {}
    return said if isinstance(said, dict) else {}


def _without_doubles(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) != len(pairs):
        raise ValueError("doubled name")
    return found


def _shown(detail: object) -> str:
    text = detail if isinstance(detail, str) else ""
    return " ".join("".join(c if c.isprintable() else " " for c in text[:400]).split())[:160]


PLUGIN = NotifierPlugin(
    "webhook",
    "requêtes signées vers une passerelle à soi",
    WebhookSettings,
    Webhook,
    reaches=lambda settings: settings.to,
    capped=False,
)
