"""The block ``notifiers.email``: how mail leaves, and the mailbox where answers come back."""

from __future__ import annotations

from datetime import timedelta
from typing import Annotated, Literal, Self

from pydantic import Field, model_validator

from inventory.config import Duration, SecretFile, within
from inventory.config.mail_account import ImapFolder, MailAccount, MailAddress, is_loopback


class _Secured(MailAccount):
    """Never in the clear, but to this machine."""

    @model_validator(mode="after")
    def _never_in_the_clear(self) -> Self:
        if self.security == "none" and not is_loopback(self.server.host):
            raise ValueError(
                f"les courriels iraient en clair à {self.server} ; attendu : security: starttls"
                " ou tls"
            )
        return self


class MailboxSettings(_Secured):
    """A mailbox of its own: what it holds is taken, then moved to `taken_folder`."""

    security: Literal["tls", "starttls", "none"] = "tls"
    username: str = Field(min_length=1, max_length=254, examples=["astreinte@ville-exemple.test"])
    password_file: SecretFile
    folder: ImapFolder = "INBOX"
    taken_folder: ImapFolder = "Vigie-lus"
    every: Annotated[Duration, within(1, 3600, "de 1s à 1h")] = timedelta(seconds=15)


class EmailSettings(_Secured):
    """How mail leaves: authenticated submission, or a relay of this machine."""

    security: Literal["tls", "starttls", "none"] = "starttls"
    sender: MailAddress
    timeout: Annotated[Duration, within(1, 25, "de 1s à 25s")] = timedelta(seconds=10)
    mailbox: MailboxSettings | None = None
    delivery_deadline: Duration | None = Field(None, examples=["10m"])

    @model_validator(mode="after")
    def _proof_needs_a_mailbox(self) -> Self:
        if self.delivery_deadline is not None and self.mailbox is None:
            raise ValueError(
                "delivery_deadline sans mailbox ; attendu : un bloc mailbox, où arrivent les"
                " avis de remise"
            )
        return self

    @property
    def site(self) -> str:
        """The domain of our Message-IDs."""
        return self.sender.rpartition("@")[2]
