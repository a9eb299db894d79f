"""The configuration of vigie-status: ``status.yml``, read and checked as a whole."""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from typing import Annotated

from pydantic import AfterValidator, BaseModel, ConfigDict, Field

from inventory import load_inventory
from inventory.config import (
    ConfigPath,
    ConfigurationError,
    Document,
    Duration,
    Fault,
    Identifier,
    ListenAddress,
    SecretFile,
    Url,
    load_config,
    read_secret,
)

DEFAULT_LISTEN_ADDRESS = ListenAddress("127.0.0.1", 17431)
MINIMAL_KEY = 32  # characters: 32 bytes in base64 are 44, in hexadecimal 64
_EMAIL = re.compile(r"[^@\s<>\"]{1,64}@[a-z0-9.-]{3,253}", re.IGNORECASE)


def _email(value: str) -> str:
    if value and not _EMAIL.fullmatch(value):
        raise ValueError(f"« {value} » n'est pas une adresse de courriel ; attendu : nom@domaine")
    return value


def _key(path: Path) -> Path:
    if len(read_secret(path).get_secret_value()) < MINIMAL_KEY:
        raise ValueError(
            f"clé trop courte dans {path} ; attendu : {MINIMAL_KEY} caractères au moins,"
            " par exemple ceux de « openssl rand -base64 32 »"
        )
    return path


class _Block(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class WebSettings(_Block):
    """Where the page is served."""

    listen_address: ListenAddress = DEFAULT_LISTEN_ADDRESS


class WebhookSettings(_Block):
    """Root URL of vigie-webhook, and the file of the reader's bearer token."""

    url: Url
    token_file: SecretFile


class PrometheusSettings(_Block):
    """Root URL of Prometheus; `services` gives a PromQL proof that each service is measured.

    A service is measured when its expression returns a value above zero. One
    that is not listed is measured when the Watchdog alert fires.
    """

    url: Url
    services: dict[Identifier, Annotated[str, Field(min_length=1)]] = {}


class ContactSettings(_Block):
    """What the foot of the pages says about reaching the syndicate."""

    text: str = Field("", max_length=300)
    email: Annotated[str, AfterValidator(_email)] = ""
    phone: str = Field("", max_length=40, pattern=r"^[+0-9 ().-]*$", examples=["03 20 00 00 00"])


class StatusConfig(_Block):
    """The whole file."""

    inventory: ConfigPath = Field(examples=["inventory.yml"])
    webhook: WebhookSettings
    prometheus: PrometheusSettings
    member_link_key_file: Annotated[SecretFile, AfterValidator(_key)]
    web: WebSettings = WebSettings()
    public_url: Url | None = None
    contact: ContactSettings = ContactSettings()
    refresh_interval: Duration = timedelta(seconds=5)
    unknown_after: Duration = timedelta(seconds=60)
    member_link_versions: dict[Identifier, Annotated[int, Field(ge=1)]] = {}

    def base_url(self, address: ListenAddress | None = None) -> str:
        """Absolute URL of the site, with a final slash; `address` is where it really listens."""
        return (self.public_url or (address or self.web.listen_address).url) + "/"

    def link_key(self) -> bytes:
        """The key of members' links. Raise ValueError (French) if it cannot be read any more."""
        return read_secret(self.member_link_key_file).get_secret_value().encode()


def _check(config: StatusConfig, document: Document) -> Iterator[Fault]:
    if config.refresh_interval < timedelta(seconds=1):
        yield document.fault(
            ("refresh_interval",), "durée trop courte", "au moins 1s, par exemple 5s"
        )
    if config.unknown_after <= config.refresh_interval:
        yield document.fault(
            ("unknown_after",), "durée trop courte", "plus que refresh_interval, par exemple 60s"
        )
    try:
        inventory = load_inventory(config.inventory)
    except ConfigurationError as error:
        yield from error.faults
        return
    services = [s.id for s in inventory.services]
    for name in config.prometheus.services:
        if name not in services:
            yield document.fault(
                ("prometheus", "services", name),
                f"service « {name} » inconnu",
                "un service déclaré : " + ", ".join(services),
            )
    members = [m.id for m in inventory.members]
    for name in config.member_link_versions:
        if name not in members:
            yield document.fault(
                ("member_link_versions", name),
                f"membre « {name} » inconnu",
                "un membre déclaré : " + ", ".join(members),
            )


def load_status_config(path: Path) -> StatusConfig:
    """The configuration at `path`, its inventory checked too. Raise ConfigurationError."""
    return load_config(path, StatusConfig, _check)
