"""A mail that came: a person's answer, a machine's, or what became of one of ours. Pure."""

from __future__ import annotations

import re
from email import message_from_bytes
from email.header import decode_header, make_header
from email.message import Message
from email.utils import getaddresses

from alertmanager.notifiers.contract import Incoming, Report
from alertmanager.notifiers.mail.bounce import report_in
from alertmanager.notifiers.mail.letter import tokens_in
from alertmanager.notifiers.mail.quoting import text_of_html, written

MOST_BYTES = 256 << 10
"""What is fetched and kept of one mail."""
_MOST_PARTS = 50

_AWAY = re.compile(
    r"\s*(?:réponse automatique|automatic reply|auto(?:matique)?\s*:|out of office"
    r"|absen(?:t|ce)\b)",
    re.IGNORECASE,
)


def understand(raw: bytes, site: str) -> Incoming | Report:
    """What the mail is, in whatever state it comes. `site`: the domain of our Message-IDs.

    A person's answer counts only if it answers a mail of ours: its From is what anybody likes to
    write there, but our Message-ID nobody can guess.
    """
    raw = raw[:MOST_BYTES]
    try:
        return _understand(raw, site)
    except Exception:  # noqa: BLE001
        # Whatever the parser of the library trips over, others must not wait behind it.
        return Incoming("", "", raw=raw, only_keep="unreadable")


def _understand(raw: bytes, site: str) -> Incoming | Report:
    mail = message_from_bytes(raw)
    report = report_in(mail, site)
    if report is not None:
        return report
    answered = tokens_in(f"{mail.get('References', '')} {mail.get('In-Reply-To', '')}", site)
    sender = _sender(mail)
    kept = "automatic" if _automatic(mail) else "" if answered and sender else "unproven"
    return Incoming(
        sender,
        written(_text(mail)),
        raw=raw,
        answers=answered[-1] if answered else None,
        only_keep=kept,
    )


def _sender(mail: Message) -> str:
    """The one address of From, in lower case; empty if there is none, or several."""
    written_by = mail.get_all("From", [])
    found = [address for _, address in getaddresses([str(v) for v in written_by]) if address]
    return found[0].lower() if len(found) == 1 and "@" in found[0] else ""


def _automatic(mail: Message) -> bool:
    """Whether a machine wrote it (RFC 3834), or one that does not say so but by its habits."""
    said = str(mail.get("Auto-Submitted", "no")).split(";")[0].strip().lower()
    precedence = str(mail.get("Precedence", "")).strip().lower()
    return (
        said != "no"
        or precedence in ("bulk", "junk", "list", "auto_reply")
        or any(name in mail for name in ("X-Autoreply", "X-Autorespond", "X-Auto-Reply-From"))
        or str(mail.get("Return-Path", "")).strip() == "<>"
        or mail.get_content_type() == "multipart/report"
        or _AWAY.match(_decoded(str(mail.get("Subject", "")))) is not None
    )


def _decoded(header: str) -> str:
    try:
        return str(make_header(decode_header(header[:1000])))
    except (ValueError, LookupError, UnicodeError):
        return header


def _text(mail: Message) -> str:
    """The first plain text of the mail, else the words of its first HTML."""
    html = ""
    for count, part in enumerate(mail.walk()):
        if count > _MOST_PARTS:
            break
        kind = part.get_content_type()
        if part.is_multipart() or part.get_content_disposition() == "attachment":
            continue
        if kind == "text/plain":
            return _words(part)
        if kind == "text/html" and not html:
            html = _words(part)
    return text_of_html(html)


def _words(part: Message) -> str:
    content = part.get_payload(decode=True)
    if not isinstance(content, bytes):
        return ""
    for charset in (part.get_content_charset("utf-8"), "utf-8"):
        try:
            return content.decode(charset)
        except (LookupError, UnicodeError):
            continue
    return content.decode("latin-1")
