"""The mail itself, and the token found again in its headers. Pure."""

from __future__ import annotations

from datetime import datetime
from email.message import EmailMessage
from email.parser import BytesHeaderParser
from email.policy import SMTP
from email.utils import format_datetime

from exporters.mailqueue.canary.token import HEADER

_TEXT = """\
Ce message contrôle que la messagerie fonctionne : il est envoyé, puis effacé,
par Vigie, la supervision du syndicat. Il n'appelle aucune réponse.
"""


def letter(sender: str, recipient: str, token: str, date: datetime) -> bytes:
    """A mail of about 700 bytes that no robot should answer (RFC 3834)."""
    message = EmailMessage(policy=SMTP.clone(max_line_length=200, cte_type="7bit"))
    message["From"] = f"Vigie <{sender}>"
    message["To"] = recipient
    message["Subject"] = "Canari de la messagerie"
    message["Date"] = format_datetime(date)
    message["Message-ID"] = f"<{token}@{sender.rpartition('@')[2]}>"
    message["Auto-Submitted"] = "auto-generated"
    message["X-Auto-Response-Suppress"] = "All"
    message[HEADER] = token
    message.set_content(_TEXT, cte="quoted-printable")
    return message.as_bytes()


def token_in(headers: bytes) -> str:
    """What the headers hold in place of a token; empty without one."""
    found = BytesHeaderParser().parsebytes(headers).get(HEADER, "")
    return str(found).strip()
