"""Delivery status notifications (RFC 3464), and bounces of those that write none. Pure."""

from __future__ import annotations

import re
from email.message import Message
from typing import Literal

from alertmanager.notifiers.contract import Report
from alertmanager.notifiers.mail.letter import is_token, tokens_in

Outcome = Literal["waiting", "accepted", "delivered", "failed"]

_OUTCOMES: dict[str, Outcome] = {
    "failed": "failed",
    "delayed": "waiting",
    "delivered": "delivered",
    # By a server that promises no more notifications.
    "relayed": "accepted",
    "expanded": "accepted",
}
_WORDS = {
    "failed": "le serveur du destinataire l'a refusé",
    "delayed": "en attente chez un serveur",
    "delivered": "remis dans la boîte",
    "relayed": "passé à un serveur qui n'avise pas",
    "expanded": "remis à une liste",
}


_MOST_READ = 20_000


def report_in(mail: Message, site: str) -> Report | None:
    """What it says of a mail of ours; None if it is no notification, or not about ours.

    Anybody can write one; but it must name the Message-ID, which only who saw the mail knows.
    """
    if mail.get_content_type() == "multipart/report":
        return _from_status(mail, site)
    if "X-Failed-Recipients" in mail:  # Exim's, of a time when it wrote plain text
        tokens = tokens_in(_quoted(mail), site)
        return Report(tokens[0], "failed", _WORDS["failed"]) if tokens else None
    return None


def _from_status(mail: Message, site: str) -> Report | None:
    parts = (part for part in mail.walk() if part.get_content_type() == "message/delivery-status")
    status = next(parts, None)
    groups = status.get_payload() if status is not None else None
    if not isinstance(groups, list):
        return None
    fields = [group for group in groups if isinstance(group, Message)]
    tokens = tokens_in(_quoted(mail), site) or _envelope(fields)
    actions = [str(group.get("Action", "")).split(";")[0].strip().lower() for group in fields]
    action = next((action for action in actions if action in _OUTCOMES), None)
    if not tokens or action is None:
        return None
    return Report(tokens[0], _OUTCOMES[action], _WORDS[action] + _why(fields))


def _envelope(fields: list[Message]) -> list[str]:
    """The ENVID that we gave, where the server gave it on."""
    names = (str(group.get("Original-Envelope-Id", "")).strip() for group in fields)
    return [name for name in names if is_token(name)]


def _why(fields: list[Message]) -> str:
    said = next((str(g["Diagnostic-Code"]) for g in fields if "Diagnostic-Code" in g), "")
    shown = " ".join("".join(c if c.isprintable() else " " for c in said).split())
    return f" ({shown[:160]})" if shown else ""


def _quoted(mail: Message) -> str:
    """The Message-IDs of the mails that it holds, whole or their headers only."""
    held = [
        part.as_string()[:_MOST_READ]
        for part in mail.walk()
        if part.get_content_type() in ("message/rfc822", "text/rfc822-headers")
    ]
    if not mail.is_multipart():
        held.append(str(mail.get_payload())[:_MOST_READ])
    found = (re.findall(r"(?im)^message-id:\s*(\S{1,200})", text) for text in held)
    return " ".join(name for names in found for name in names)
