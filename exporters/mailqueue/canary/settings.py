"""The block ``collectors.mailcanary``: how canaries leave, to whom, and where they arrive."""

from __future__ import annotations

import re
import ssl
from collections.abc import Iterator
from datetime import timedelta
from ipaddress import ip_address
from pathlib import Path
from typing import Annotated, Any, Literal, Self

from pydantic import (
    AfterValidator,
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    model_validator,
)

from exporters.toolkit.collector import SettingFault
from inventory import Inventory
from inventory.config import ConfigPath, Duration, Identifier, ListenAddress, SecretFile, within
from inventory.config.address import parse_address

_ADDRESS = re.compile(r"[A-Za-z0-9][A-Za-z0-9._%+'=-]{0,63}@(?:[a-z0-9-]{1,63}\.)+[a-z0-9-]{2,63}")
_FOLDER = re.compile(r"[A-Za-z0-9][A-Za-z0-9 ._/-]{0,99}")


def _server(value: Any) -> ListenAddress:
    if isinstance(value, ListenAddress):
        return value
    try:
        found = parse_address(str(value))
    except ValueError:
        found = ListenAddress("", 0)
    if not found.host or not found.port:
        raise ValueError(
            f"« {value} » n'est pas l'adresse d'un serveur ; attendu : hôte:port,"
            " par exemple mx1.ville-exemple.test:587"
        )
    return found


def _mail_address(value: str) -> str:
    if not _ADDRESS.fullmatch(value):
        raise ValueError(
            f"« {value} » n'est pas une adresse de messagerie ; attendu : par exemple"
            " canari@ville-exemple.test"
        )
    return value


def _folder(value: str) -> str:
    if not _FOLDER.fullmatch(value):
        raise ValueError(
            f"{value!r} n'est pas un nom de dossier IMAP ; attendu : par exemple INBOX,"
            " en lettres sans accent"
        )
    return value


def _authorities(path: Path) -> Path:
    try:
        ssl.create_default_context(cafile=str(path))
    except (OSError, ValueError):
        raise ValueError(
            f"{path} illisible ou sans certificat ; attendu : un fichier PEM d'autorités"
        ) from None
    return path


def _is_loopback(host: str) -> bool:
    try:
        return ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"


def _on_loopback(value: ListenAddress) -> ListenAddress:
    if not _is_loopback(value.host):
        raise ValueError(
            f"« {value} » serait ouvert à d'autres machines ; attendu : une adresse de cette"
            " machine, par exemple 127.0.0.1:17424"
        )
    return value


ServerAddress = Annotated[
    ListenAddress, BeforeValidator(_server), Field(examples=["mx1.ville-exemple.test:587"])
]
MailAddress = Annotated[
    str, AfterValidator(_mail_address), Field(examples=["canari@ville-exemple.test"])
]


class _Entry(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class _Account(_Entry):
    """A server and who we are there."""

    server: ServerAddress
    security: Literal["tls", "starttls", "none"]
    ca_file: Annotated[ConfigPath, AfterValidator(_authorities)] | None = None
    username: str = Field("", max_length=254)
    password_file: SecretFile | None = None

    @model_validator(mode="after")
    def _sound(self) -> Self:
        if bool(self.username) != (self.password_file is not None):
            lone = ("username", "password_file") if self.username else ("password_file", "username")
            raise ValueError(f"{' sans '.join(lone)} ; attendu : les deux, ou aucun")
        if self.username and self.security == "none" and not _is_loopback(self.server.host):
            raise ValueError(
                f"le mot de passe irait en clair à {self.server} ; attendu : security: tls"
                " ou starttls"
            )
        return self


class SmtpSettings(_Account):
    """How canaries leave: authenticated submission, or port 25 without username."""

    security: Literal["tls", "starttls", "none"] = "starttls"
    sender: MailAddress
    null_sender: bool = True


class ImapSettings(_Account):
    """The mailbox where a canary arrives."""

    security: Literal["tls", "starttls", "none"] = "tls"
    username: str = Field(min_length=1, max_length=254, examples=["canari@ville-exemple.test"])
    password_file: SecretFile
    folder: Annotated[str, AfterValidator(_folder)] = "INBOX"


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
