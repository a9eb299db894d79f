"""Authenticated submission from a chosen loopback address, as a mail program does it."""

from __future__ import annotations

import smtplib
from collections.abc import Sequence
from email.message import EmailMessage
from email.utils import format_datetime
from types import TracebackType
from typing import Self

from deploy.estate.ports import LOOPBACK, Ports
from inventory.process import system_clock

_LINE = "Ligne de remplissage pour atteindre la taille voulue.\r\n"


def compose(
    account: str, recipients: Sequence[str], message_id: str, size: int, subject: str = "Bonjour"
) -> bytes:
    """A plain text message of about `size` bytes (at least its headers)."""
    message = EmailMessage()
    message["From"] = account
    # A thousand recipients belong in the envelope, not in one header.
    message["To"] = recipients[0] if len(recipients) == 1 else "destinataires:;"
    message["Subject"] = subject
    message["Date"] = format_datetime(system_clock())
    message["Message-ID"] = f"<{message_id}>"
    message.set_content("")
    head = message.as_bytes(policy=message.policy.clone(linesep="\r\n"))
    missing = max(0, size - len(head))
    return head + (_LINE * (missing // len(_LINE) + 1)).encode()[:missing] + b"\r\n"


class Session:
    """One authenticated connection that can send several messages.

    Raise smtplib.SMTPException or OSError when the server refuses or hangs up.
    """

    def __init__(
        self,
        ports: Ports,
        account: str,
        password: str,
        *,
        source_address: str = LOOPBACK,
        timeout: float = 60.0,
    ) -> None:
        self.account = account
        self._smtp = smtplib.SMTP(
            LOOPBACK,
            ports["submission"],
            local_hostname="poste.test",
            timeout=timeout,
            source_address=(source_address, 0),
        )
        try:
            self._smtp.login(account, password)
        except BaseException:
            self._smtp.close()
            raise

    def send(self, recipients: Sequence[str], *, message_id: str, size: int = 2000) -> None:
        """Send one message; `message_id` without brackets. All recipients must be accepted."""
        refused = self._smtp.sendmail(
            self.account, list(recipients), compose(self.account, recipients, message_id, size)
        )
        if refused:
            raise smtplib.SMTPRecipientsRefused(refused)

    def close(self) -> None:
        """Say QUIT if the server still listens, and close."""
        try:
            self._smtp.quit()
        except (smtplib.SMTPException, OSError):
            self._smtp.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.close()


def submit(
    ports: Ports,
    account: str,
    password: str,
    recipients: Sequence[str],
    *,
    message_id: str,
    source_address: str = LOOPBACK,
    size: int = 2000,
) -> None:
    """One message on a connection of its own."""
    with Session(ports, account, password, source_address=source_address) as session:
        session.send(recipients, message_id=message_id, size=size)
