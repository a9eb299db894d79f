"""The block ``collectors.mailcanary``: how canaries leave, to whom, and where they arrive."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from typing import Annotated, Literal

from pydantic import AfterValidator, BaseModel, ConfigDict, Field

from exporters.toolkit.collector import SettingFault
from inventory import Inventory
from inventory.config import Duration, Identifier, ListenAddress, SecretFile, within
from inventory.config.mail_account import ImapFolder, MailAccount, MailAddress, is_loopback


def _on_loopback(value: ListenAddress) -> ListenAddress:
    if not is_loopback(value.host):
        raise ValueError(
            f"« {value} » serait ouvert à d'autres machines ; attendu : une adresse de cette"
            " machine, par exemple 127.0.0.1:17424"
        )
    return value


class _Entry(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class SmtpSettings(MailAccount):
    """How canaries leave: authenticated submission, or port 25 without username."""

    security: Literal["tls", "starttls", "none"] = "starttls"
    sender: MailAddress
    null_sender: bool = True


class ImapSettings(MailAccount):
    """The mailbox where a canary arrives."""

    security: Literal["tls", "starttls", "none"] = "tls"
    username: str = Field(min_length=1, max_length=254, examples=["canari@ville-exemple.test"])
    password_file: SecretFile
    folder: ImapFolder = "INBOX"


class CanaryEntry(_Entry):
    """One canary: whose, to which address; without `imap` it is delivered to us by LMTP."""

    member: Identifier
    address: MailAddress
    imap: ImapSettings | None = None


class CanarySettings(_Entry):
    """The whole block. `timeout` is for one conversation with a server, from start to end."""

    interval: Annotated[Duration, within(30, 3600, "de 30s à 1h")] = timedelta(minutes=5)
    lost_after: Annotated[Duration, within(10, 3600, "de 10s à 1h")] = timedelta(minutes=5)
    timeout: Annotated[Duration, within(5, 120, "de 5s à 2m")] = timedelta(seconds=30)
    smtp: SmtpSettings
    lmtp_listen: Annotated[ListenAddress, AfterValidator(_on_loopback)] | None = None
    canaries: tuple[CanaryEntry, ...] = Field(min_length=1, max_length=64)


def faults(settings: CanarySettings, inventory: Inventory) -> Iterator[SettingFault]:
    """What does not fit together, or not with the inventory."""
    owners = {owner.id: owner for owner in inventory.owners}
    seen: set[str] = set()
    for index, canary in enumerate(settings.canaries):
        where: tuple[str | int, ...] = ("canaries", index)
        owner = owners.get(canary.member)
        if owner is None:
            problem = f"« {canary.member} » n'est pas dans l'inventaire"
            yield (*where, "member"), problem, f"l'un de : {', '.join(owners)}"
        elif inventory.owner_of_address(canary.address) != canary.member:
            domains = ", ".join(owner.mail_domains) or "aucun n'est déclaré"
            problem = f"{canary.address} n'est pas une adresse de {canary.member}"
            yield (*where, "address"), problem, f"un de ses domaines ({domains})"
        if canary.address.lower() in seen:
            problem = f"{canary.address} a déjà un canari"
            yield (*where, "address"), problem, "une adresse par canari"
        seen.add(canary.address.lower())
        if canary.imap is None and settings.lmtp_listen is None:
            problem = f"le canari {canary.address} n'a pas où arriver"
            yield where, problem, "un bloc imap, ou lmtp_listen au-dessus"
    if settings.lmtp_listen is not None and all(one.imap for one in settings.canaries):
        problem = "lmtp_listen sans canari qui arrive par là"
        yield ("lmtp_listen",), problem, "un canari sans bloc imap, ou pas de lmtp_listen"
