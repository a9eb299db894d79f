"""The mail itself. Pure."""

from __future__ import annotations

import re
import unicodedata
from datetime import datetime
from email.message import EmailMessage
from email.policy import SMTP
from email.utils import format_datetime

from alertmanager.notifiers.contract import Outgoing

_LONGEST_SUBJECT = 150
_ANSWERED = ("page", "digest")
_UNGUESSABLE = r"[A-Za-z0-9_-]{16,64}"
_HIDDEN = ("Cc", "Cf", "Cs", "Co", "Cn")

_REPLY = "Pour prendre en charge : répondez OK à ce courriel"
_NO_REPLY = "Une réponse à ce courriel ne serait pas lue."


def message_id(token: str, site: str) -> str:
    """The same at each attempt, and nobody can guess it: who answers it has seen the mail."""
    return f"<{token}@{site}>"


def tokens_in(text: str, site: str) -> list[str]:
    """The tokens of the Message-IDs of ours that the text holds, in order."""
    return re.findall(rf"<({_UNGUESSABLE})@{re.escape(site)}>", text, re.IGNORECASE)


def is_token(text: str) -> bool:
    """Whether it looks like one."""
    return re.fullmatch(_UNGUESSABLE, text) is not None


def letter(message: Outgoing, sender: str, date: datetime, *, answered: bool) -> bytes:
    """The mail as it is handed over. `answered`: replies to it are read.

    No answering machine should react to it (RFC 3834).
    """
    site = sender.rpartition("@")[2]
    mail = EmailMessage(policy=SMTP.clone(cte_type="7bit"))
    mail["From"] = f"Vigie <{sender}>"
    mail["To"] = message.to
    mail["Subject"] = _subject(message)
    mail["Date"] = format_datetime(date)
    mail["Message-ID"] = message_id(message.token, site)
    mail["Auto-Submitted"] = "auto-generated"
    mail["X-Auto-Response-Suppress"] = "All"
    if message.kind in _ANSWERED:
        mail["Importance"] = "high"
    mail.set_content(_body(message, answered=answered), cte="quoted-printable")
    return mail.as_bytes()


def _subject(message: Outgoing) -> str:
    line = message.subject or message.text.partition("\n")[0]
    shown = " ".join(_shown(line).split())[:_LONGEST_SUBJECT]
    again = "(rappel) " if message.again and not shown.startswith("(rappel)") else ""
    return again + (shown or "Vigie")


def _body(message: Outgoing, *, answered: bool) -> str:
    parts = [_shown(message.details or message.text).strip()]
    link = _shown(message.link or "")
    if message.kind not in _ANSWERED:
        parts += [link] if link else []
    elif answered:
        parts.append(f"{_REPLY}, ou ouvrez ce lien :\n{link}" if link else f"{_REPLY}.")
    else:
        parts.append(f"{_NO_REPLY} Pour prendre en charge :\n{link}" if link else _NO_REPLY)
    return "\n\n".join(parts) + "\n\n-- \nVigie, astreinte du syndicat\n"


def _shown(text: str) -> str:
    """Without what could disguise it: labels of alerts are written by anybody."""
    return "".join(c for c in text if c == "\n" or unicodedata.category(c) not in _HIDDEN)
