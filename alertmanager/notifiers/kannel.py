"""SMS through Kannel's smsbox: a POST with everything in headers, so no secret is in a URL.

Kannel 1.4 user guide, "Using the HTTP interface to send SMS messages" and
"Delivery reports"; its answers are those of smsbox 1.4.5. Reports come back to
``/api/v1/NAME/report``, what people send to ``/api/v1/NAME/reply``, where NAME is the block's.
"""

from __future__ import annotations

import re
from datetime import timedelta
from typing import Literal

from pydantic import BaseModel, ConfigDict, Field

from alertmanager.notifiers.contract import (
    LOOPBACK_ONLY,
    Accepted,
    AllowedNetwork,
    Callback,
    GatewayUrl,
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
from inventory.config import Duration, SecretFile, read_secret

_EVERY_REPORT = 31  # delivered 1, failed 2, queued 4, taken by the network 8, refused by it 16
_OUTCOMES: dict[str, Literal["waiting", "accepted", "delivered", "failed"]] = {
    "1": "delivered",
    "2": "failed",
    "4": "waiting",
    "8": "accepted",
    "16": "failed",
}
_DETAILS = {
    "1": "remis au téléphone",
    "2": "non remis au téléphone",
    "4": "en attente chez la passerelle",
    "8": "pris par l'opérateur",
    "16": "refusé par l'opérateur",
}


_NUMBER = re.compile(r"\+?[0-9]{3,20}")
_TOKEN = re.compile(r"[A-Za-z0-9_-]{1,64}")
_WHO = "passerelle SMS"


class KannelSettings(BaseModel):
    """The block ``notifiers.kannel``."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    url: GatewayUrl = Field(
        description="adresse de sendsms,", examples=["http://127.0.0.1:13013/cgi-bin/sendsms"]
    )
    username: str = Field(min_length=1, pattern=r"^[!-~]+$", examples=["vigie"])
    password_file: SecretFile
    sender: str | None = Field(None, pattern=r"^\+?[0-9A-Za-z]{3,15}$", examples=["36000"])
    callback_url: GatewayUrl | None = Field(None, examples=["http://127.0.0.1:17430"])
    callback_allow: tuple[AllowedNetwork, ...] = Field(LOOPBACK_ONLY, min_length=1)
    timeout: Duration = Field(timedelta(seconds=10), examples=["10s"])
    delivery_deadline: Duration = Field(timedelta(seconds=90), examples=["90s"])


class Kannel:
    """Hands SMS to one smsbox."""

    def __init__(self, settings: KannelSettings, context: NotifierContext) -> None:
        self._settings = settings
        root = settings.callback_url or context.public_url
        self._callback = f"{root}/api/v1/{context.name or 'kannel'}"
        self.delivery_deadline = settings.delivery_deadline
        self.callback_allow = settings.callback_allow

    def describe(self) -> str:
        """Where messages go and where reports come from."""
        return f"SMS par Kannel ({self._settings.url}), accusés vers {self._callback}"

    def send(self, message: Outgoing) -> Accepted:
        """Hand it over. 202 is acceptance, also when Kannel only queues it ("3: Queued")."""
        settings = self._settings
        if not _NUMBER.fullmatch(message.to):  # a space would make it several receivers
            raise PermanentFailure(f"{_WHO} : ce n'est pas un numéro de téléphone")
        report = f"{self._callback}/report?message={message.token}&status=%d"
        password = self._password()  # read at each send: a new one needs no restart
        headers = {
            "Content-Type": "text/plain; charset=UTF-8",
            "X-Kannel-Username": settings.username,
            "X-Kannel-Password": password,
            "X-Kannel-To": message.to,
            "X-Kannel-Charset": "UTF-8",
            "X-Kannel-DLR-Mask": str(_EVERY_REPORT),
            "X-Kannel-DLR-Url": report,
        }
        if settings.sender is not None:
            headers["X-Kannel-From"] = settings.sender
        text = message.text.encode("utf-8", "replace")
        seconds = settings.timeout.total_seconds()
        answer = post(settings.url, text, headers, who=_WHO, seconds=seconds, hide=password)
        return _understand_answer(answer)

    def understand_report(self, callback: Callback) -> Report:
        """``?message=<token>&status=<1, 2, 4, 8 or 16>``."""
        query = callback.query
        token, status = query.get("message", ""), query.get("status", "")
        if not _TOKEN.fullmatch(token) or status not in _OUTCOMES:
            raise NotUnderstood("accusé incompris ; attendu : message, et status 1, 2, 4, 8 ou 16")
        return Report(token, _OUTCOMES[status], _DETAILS[status])

    def understand_reply(self, callback: Callback) -> Incoming:
        """``?from=<number>&text=<text>[&id=<Kannel's id>]``."""
        query = callback.query
        sender, text = query.get("from", ""), query.get("text")
        if not sender or text is None:
            raise NotUnderstood("SMS reçu incompris ; attendu : from et text")
        return Incoming(sender, text, query.get("id") or None, callback.raw_query.encode())

    def close(self) -> None:
        """No connection is kept: each message has its own."""

    def _password(self) -> str:
        try:
            return read_secret(self._settings.password_file).get_secret_value()
        except ValueError as error:
            raise TemporaryFailure(str(error)) from None


def _understand_answer(answer: Answer) -> Accepted:
    """What smsbox means by it, whatever the status that something between us put on it."""
    said = answer.text
    if answer.status // 100 == 2:
        if said.startswith(("0:", "Sent.")):
            return Accepted()
        if said.startswith("3:"):
            return Accepted(detail="en attente chez la passerelle")
    problem = f"{_WHO} : réponse {answer.status} ({said})"
    # Our password or our URL is wrong: no fault of this number, and nobody else would be
    # reached either. It leaves as soon as somebody puts that right.
    if said.startswith(("Authorization failed", "Temporal failure")):
        raise TemporaryFailure(problem)
    if answer.status in (400, 403) or said.startswith("Not routable"):
        raise PermanentFailure(problem)
    # A 2xx in other words: not smsbox perhaps, or a proxy before it. Who knows what it did.
    raise TemporaryFailure(problem, maybe_sent=answer.status // 100 == 2)


PLUGIN = NotifierPlugin("kannel", "SMS par une passerelle Kannel", KannelSettings, Kannel)
