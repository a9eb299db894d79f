"""A mail server and who we are there: what everything that sends or reads mail is given."""

from __future__ import annotations

import re
import ssl
from ipaddress import ip_address
from pathlib import Path
from typing import Annotated, Any, Literal, Self

from pydantic import AfterValidator, BaseModel, BeforeValidator, ConfigDict, Field, model_validator

from inventory.config.address import ListenAddress, parse_address
from inventory.config.fields import ConfigPath
from inventory.config.secret import SecretFile

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


def is_loopback(host: str) -> bool:
    """Whether it is this machine, as far as its name tells."""
    try:
        return ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"


ServerAddress = Annotated[
    ListenAddress, BeforeValidator(_server), Field(examples=["mx1.ville-exemple.test:587"])
]
MailAddress = Annotated[
    str, AfterValidator(_mail_address), Field(examples=["canari@ville-exemple.test"])
]
ImapFolder = Annotated[str, AfterValidator(_folder), Field(examples=["INBOX"])]
AuthoritiesFile = Annotated[
    ConfigPath, AfterValidator(_authorities), Field(examples=["/etc/vigie/ca.pem"])
]


class MailAccount(BaseModel):
    """A server and who we are there."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    server: ServerAddress
    security: Literal["tls", "starttls", "none"]
    ca_file: AuthoritiesFile | None = None
    username: str = Field("", max_length=254)
    password_file: SecretFile | None = None

    @model_validator(mode="after")
    def _sound(self) -> Self:
        if bool(self.username) != (self.password_file is not None):
            lone = ("username", "password_file") if self.username else ("password_file", "username")
            raise ValueError(f"{' sans '.join(lone)} ; attendu : les deux, ou aucun")
        if self.username and self.security == "none" and not is_loopback(self.server.host):
            raise ValueError(
                f"le mot de passe irait en clair à {self.server} ; attendu : security: tls"
                " ou starttls"
            )
        return self
