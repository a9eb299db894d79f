"""Texts through a provider's HTTP gateway: a POST with a bearer token, reports by GET."""

from __future__ import annotations

import json
import re
from datetime import timedelta

from pydantic import BaseModel, ConfigDict, Field

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
from alertmanager.notifiers.exchange import post
from inventory.config import Duration, SecretFile, Url, read_secret

_NUMBER = re.compile(r"\+[0-9]{6,20}")
_OUTCOMES = {"DELIVERED": "delivered", "FAILED": "failed", "QUEUED": "waiting"}


class Settings(BaseModel):
    """The block ``notifiers.mypager`` of webhook.yml."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    url: Url = Field(description="adresse de la passerelle,")
    token_file: SecretFile
    timeout: Duration = timedelta(seconds=10)
    callback_allow: tuple[AllowedNetwork, ...] = LOOPBACK_ONLY


class MyPager:
    """Hands texts to the gateway."""

    delivery_deadline = timedelta(seconds=90)

    def __init__(self, settings: Settings, context: NotifierContext) -> None:
        self._settings = settings
        self._callback = f"{context.public_url}/api/v1/{context.name}"
        self.callback_allow = settings.callback_allow

    def describe(self) -> str:
        """Where messages go, without secrets."""
        return f"SMS par {self._settings.url}"

    def send(self, message: Outgoing) -> Accepted:
        """Hand one over. The token is the provider's key against doubles."""
        if not _NUMBER.fullmatch(message.to):
            raise PermanentFailure("mypager : ce n'est pas un numéro de téléphone")
        try:
            token = read_secret(self._settings.token_file).get_secret_value()
        except ValueError as error:
            raise TemporaryFailure(str(error)) from None
        text = message.text.encode("utf-8", "replace").decode()
        report = f"{self._callback}/report?message={message.token}"
        body = json.dumps({"to": message.to, "text": text, "report": report})
        headers = {
            "Content-Type": "application/json",
            "Authorization": f"Bearer {token}",
            "Idempotency-Key": message.token,
        }
        seconds = self._settings.timeout.total_seconds()
        # In time, bounded, without redirects, and it knows whether the message may have left.
        answer = post(
            self._settings.url, body.encode(), headers, who="mypager", seconds=seconds, hide=token
        )
        if answer.status == 200 and answer.text.startswith("OK"):
            return Accepted(provider_id=answer.text[3:67] or None)
        problem = f"mypager : réponse {answer.status} ({answer.text})"
        if answer.status in (400, 422):
            raise PermanentFailure(problem)
        raise TemporaryFailure(problem, maybe_sent=answer.status == 200)

    def understand_report(self, callback: Callback) -> Report:
        """``?message=<token>&status=<DELIVERED, FAILED or QUEUED>``."""
        token, status = callback.query.get("message", ""), callback.query.get("status", "")
        if not token or status not in _OUTCOMES:
            raise NotUnderstood("accusé incompris ; attendu : message, et status")
        return Report(token, _OUTCOMES[status])

    def understand_reply(self, callback: Callback) -> Incoming:
        """``?from=<number>&text=<text>&id=<the provider's>``."""
        query = callback.query
        if not query.get("from") or not query.get("id") or "text" not in query:
            raise NotUnderstood("SMS reçu incompris ; attendu : from, text et id")
        raw = callback.raw_query.encode()
        return Incoming(query["from"], query["text"], query["id"], raw)

    def close(self) -> None:
        """Nothing is kept open."""


PLUGIN = NotifierPlugin("mypager", "SMS par notre fournisseur", Settings, MyPager, reaches="phone")
