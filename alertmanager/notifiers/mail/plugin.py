"""The notifier ``email``."""

from __future__ import annotations

import re
from collections.abc import Iterable
from datetime import timedelta

from alertmanager.notifiers.contract import (
    LOOPBACK_ONLY,
    Accepted,
    Callback,
    Incoming,
    NotifierContext,
    NotifierPlugin,
    NotUnderstood,
    Outgoing,
    PermanentFailure,
    Report,
)
from alertmanager.notifiers.mail.letter import letter
from alertmanager.notifiers.mail.mailbox import ImapMailbox
from alertmanager.notifiers.mail.settings import EmailSettings
from alertmanager.notifiers.mail.submission import Submission

_ADDRESS = re.compile(r"[!-;=?A-~]{1,64}@[A-Za-z0-9-]{1,63}(?:\.[A-Za-z0-9-]{1,63})*")
_BY_MAIL = "les réponses et les avis de remise viennent par courriel"


class Email:
    """Hands mail over to one server; answers are fetched from one mailbox, if there is one."""

    callback_allow = LOOPBACK_ONLY

    def __init__(self, settings: EmailSettings, context: NotifierContext) -> None:
        self._settings, self._clock = settings, context.clock
        self._submission = Submission(settings)
        self._mailbox = (
            None if settings.mailbox is None else ImapMailbox(settings.mailbox, settings.site)
        )
        self.delivery_deadline = settings.delivery_deadline

    def describe(self) -> str:
        """Where mail goes and where answers are looked for."""
        settings = self._settings
        box = settings.mailbox
        answers = (
            "réponses non lues" if box is None else f"réponses dans {box.username} ({box.server})"
        )
        return f"courriels de {settings.sender} par {settings.server}, {answers}"

    def send(self, message: Outgoing) -> Accepted:
        """Hand one over. The Message-ID is the same at each attempt."""
        if not _ADDRESS.fullmatch(message.to):
            raise PermanentFailure("courriel : ce n'est pas une adresse de messagerie")
        read = self._mailbox is not None
        mail = letter(message, self._settings.sender, self._clock(), answered=read)
        return self._submission.hand_over(message.to, mail, message.token, prove=read)

    def understand_report(self, callback: Callback) -> Report:  # noqa: ARG002
        """None comes by HTTP."""
        raise NotUnderstood(_BY_MAIL)

    def understand_reply(self, callback: Callback) -> Incoming:  # noqa: ARG002
        """None comes by HTTP."""
        raise NotUnderstood(_BY_MAIL)

    @property
    def fetch_every(self) -> timedelta | None:
        """How often the mailbox is looked into; None without one."""
        return None if self._settings.mailbox is None else self._settings.mailbox.every

    def fetch(self) -> Iterable[tuple[str, Incoming | Report]]:
        """What came. Raise TemporaryFailure."""
        return () if self._mailbox is None else self._mailbox.fetch()

    def put_away(self, name: str) -> None:
        """Move it out of the way. Raise TemporaryFailure."""
        if self._mailbox is not None:
            self._mailbox.put_away(name)

    def close(self) -> None:
        """Log out of the mailbox."""
        if self._mailbox is not None:
            self._mailbox.close()


PLUGIN = NotifierPlugin(
    "email", "courriels par SMTP, réponses par IMAP", EmailSettings, Email, "email", capped=False
)
