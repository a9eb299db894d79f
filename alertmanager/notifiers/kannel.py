"""SMS through Kannel's smsbox: a POST with everything in headers, so no secret is in a URL.

Kannel 1.4 user guide, "Using the HTTP interface to send SMS messages" and
"Delivery reports". Reports come back to ``/api/v1/kannel/report``, what people
send to ``/api/v1/kannel/reply``.
"""

from __future__ import annotations

from datetime import timedelta
from ipaddress import ip_network
from typing import Annotated, Literal

import requests
from pydantic import BaseModel, BeforeValidator, ConfigDict, Field
from requests.adapters import HTTPAdapter

from alertmanager.notifiers.contract import (
    Accepted,
    Callback,
    GatewayUrl,
    Incoming,
    Network,
    NotifierContext,
    NotifierPlugin,
    NotUnderstood,
    Outgoing,
    PermanentFailure,
    Report,
    TemporaryFailure,
)
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


def _network(value: object) -> Network:
    try:
        return ip_network(str(value))
    except ValueError:
        raise ValueError(
            f"« {value} » n'est pas une adresse IP ni un réseau ; attendu : 127.0.0.1 ou 10.0.0.0/8"
        ) from None


AllowedNetwork = Annotated[Network, BeforeValidator(_network)]


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
    callback_allow: tuple[AllowedNetwork, ...] = Field(
        (ip_network("127.0.0.1"), ip_network("::1")), min_length=1
    )
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
        self._session = requests.Session()
        # A proxy of the environment must never see the pages or the password.
        self._session.trust_env = False
        for scheme in ("http://", "https://"):
            self._session.mount(scheme, HTTPAdapter(pool_maxsize=4))

    def describe(self) -> str:
        """Where messages go and where reports come from."""
        return f"SMS par Kannel ({self._settings.url}), accusés vers {self._callback}"

    def send(self, message: Outgoing) -> Accepted:
        """Hand it over. 202 is acceptance, also when Kannel only queues it ("3: Queued")."""
        settings = self._settings
        report = f"{self._callback}/report?message={message.token}&status=%d"
        headers = {
            "Content-Type": "text/plain; charset=UTF-8",
            "X-Kannel-Username": settings.username,
            # Read at each send, so that a new password needs no restart.
            "X-Kannel-Password": self._password(),
            "X-Kannel-To": message.to,
            "X-Kannel-Charset": "UTF-8",
            "X-Kannel-DLR-Mask": str(_EVERY_REPORT),
            "X-Kannel-DLR-Url": report,
        }
        if settings.sender is not None:
            headers["X-Kannel-From"] = settings.sender
        seconds = settings.timeout.total_seconds()
        try:
            answer = self._session.post(
                settings.url,
                data=message.text.encode(),
                headers=headers,
                timeout=seconds,
                allow_redirects=False,
            )
        except requests.ConnectTimeout as error:
            raise TemporaryFailure("la passerelle SMS ne répond pas") from error
        except requests.Timeout as error:
            raise TemporaryFailure(
                f"la passerelle SMS n'a pas répondu en {seconds:.0f} s", maybe_sent=True
            ) from error
        except requests.RequestException as error:
            refused = "NewConnectionError" in repr(error)
            reason = "injoignable" if refused else "a coupé la liaison"
            raise TemporaryFailure(f"passerelle SMS : {reason}", maybe_sent=not refused) from error
        return _understand_answer(answer)

    def understand_report(self, callback: Callback) -> Report:
        """``?message=<token>&status=<1, 2, 4, 8 or 16>``."""
        query = callback.query
        token, status = query.get("message", ""), query.get("status", "")
        if not token or status not in _OUTCOMES:
            raise NotUnderstood("accusé incompris ; attendu : message, et status 1, 2, 4, 8 ou 16")
        return Report(token, _OUTCOMES[status], _DETAILS[status])

    def understand_reply(self, callback: Callback) -> Incoming:
        """``?from=<number>&text=<text>[&id=<Kannel's id>]``."""
        query = callback.query
        sender, text = query.get("from", ""), query.get("text")
        if not sender or text is None:
            raise NotUnderstood("SMS reçu incompris ; attendu : from et text")
        return Incoming(sender, text, query.get("id") or None)

    def close(self) -> None:
        """Close the connections to the smsbox."""
        self._session.close()

    def _password(self) -> str:
        try:
            return read_secret(self._settings.password_file).get_secret_value()
        except ValueError as error:
            raise TemporaryFailure(str(error)) from None


def _understand_answer(answer: requests.Response) -> Accepted:
    body = answer.text[:120].strip()
    if answer.status_code // 100 == 2:
        queued = body.startswith("3:")
        return Accepted(detail="en attente chez la passerelle" if queued else "")
    problem = f"passerelle SMS : réponse {answer.status_code} ({body})"
    # Our password or our URL is wrong: no fault of this number, and nobody else would be
    # reached either. It leaves as soon as somebody puts that right.
    refuses_us = body.startswith("Authorization failed")
    if answer.status_code in (400, 403) and not refuses_us:
        raise PermanentFailure(problem)
    raise TemporaryFailure(problem)


PLUGIN = NotifierPlugin("kannel", "SMS par une passerelle Kannel", KannelSettings, Kannel)
