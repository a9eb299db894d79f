"""``webhook.yml`` as written: the models of its keys."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import Annotated, Any, Literal, Self

from pydantic import AfterValidator, BaseModel, BeforeValidator, ConfigDict, Field, model_validator
from sqlalchemy import URL, make_url
from sqlalchemy.exc import ArgumentError

from alertmanager.delivery.storm import DEFAULT_LIMITS, Limits
from alertmanager.incidents.policy import TARGET_KINDS, Policy, Step, TargetKind
from alertmanager.notifiers.contract import GatewayUrl
from alertmanager.rosters.settings import Phone, WallTime
from alertmanager.store.database import sqlite_url
from alertmanager.webhook.spool_settings import SpoolSettings
from inventory.config import (
    ConfigPath,
    Duration,
    Identifier,
    ListenAddress,
    SecretFile,
    Url,
    read_secret,
)

MINIMAL_LINK_KEY = 32  # characters: 32 bytes in base64 are 44, in hexadecimal 64
DEFAULT_LISTEN_ADDRESS = ListenAddress("127.0.0.1", 17430)


def _positive(value: timedelta) -> timedelta:
    if value <= timedelta(0):
        raise ValueError("durée nulle ; attendu : plus que zéro, par exemple 5m")
    return value


def _one_or_more(value: Any) -> Any:
    return [] if value is None else [value] if isinstance(value, str) else value


def _link_key(path: Path) -> Path:
    if len(read_secret(path).get_secret_value()) < MINIMAL_LINK_KEY:
        raise ValueError(
            f"clé trop courte dans {path} ; attendu : {MINIMAL_LINK_KEY} caractères au moins,"
            " par exemple ceux de « openssl rand -base64 32 »"
        )
    return path


PositiveDuration = Annotated[Duration, AfterValidator(_positive)]


class _Block(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class WebSettings(_Block):
    """Where the process listens."""

    listen_address: ListenAddress = DEFAULT_LISTEN_ADDRESS


class StoreSettings(_Block):
    """The database: `path` of a SQLite file, or `url` of a PostgreSQL one."""

    path: ConfigPath | None = Field(None, examples=["/var/lib/vigie/webhook.sqlite3"])
    url: str | None = Field(None, examples=["postgresql+psycopg://vigie@localhost/vigie"])
    password_file: SecretFile | None = None

    @model_validator(mode="after")
    def _one_of_them(self) -> Self:
        if (self.path is None) == (self.url is None):
            raise ValueError(
                "la base doit être nommée une fois ; attendu : path (fichier SQLite)"
                " ou url (PostgreSQL), l'un des deux"
            )
        if self.url is not None:
            try:
                parsed = make_url(self.url)
            except ArgumentError:
                raise ValueError(
                    "url de base illisible ; attendu : postgresql+psycopg://utilisateur@hôte/base"
                ) from None
            if parsed.password is not None:
                raise ValueError(
                    "l'url porte un mot de passe ; attendu : l'url sans lui, et password_file"
                )
        return self

    def database_url(self) -> URL:
        """The URL to connect with, password included. Raise ValueError if it cannot be read."""
        if self.path is not None:
            return sqlite_url(self.path)
        url = make_url(self.url or "")
        if self.password_file is not None:
            url = url.set(password=read_secret(self.password_file).get_secret_value())
        return url


class IntegrationSettings(_Block):
    """Somebody who posts to us. A `heartbeat` only proves that the chain of alerts works."""

    id: Identifier
    token_file: SecretFile
    kind: Literal["alerts", "heartbeat"] = "alerts"
    alertmanager_url: Annotated[tuple[Url, ...], BeforeValidator(_one_or_more)] = Field(
        (),
        description="l'Alertmanager qui envoie, ou la liste de ses pairs,",
        examples=["http://127.0.0.1:9093"],
    )


class ReadersSettings(_Block):
    """Who may read: the status page, and operators."""

    status_token_file: SecretFile
    operator_token_file: SecretFile


class StepSettings(_Block):
    """One step: whom to page, one of four, and how long to wait for an answer."""

    roster: Identifier | None = Field(None, examples=["astreinte"])
    person: Identifier | None = None
    team: Identifier | None = None
    duty_phone: Identifier | None = Field(None, description="le tour à qui est le téléphone,")
    wait: PositiveDuration = Field(timedelta(minutes=5), examples=["5m"])

    @model_validator(mode="after")
    def _one_target(self) -> Self:
        if len(self._named()) != 1:
            raise ValueError(
                "une étape prévient une cible ; attendu : roster, person, team ou duty_phone,"
                " l'un des quatre"
            )
        return self

    def _named(self) -> list[tuple[TargetKind, str]]:
        named = ((kind, getattr(self, kind)) for kind in TARGET_KINDS)
        return [(kind, target) for kind, target in named if target is not None]

    def step(self) -> Step:
        """As the incidents know it."""
        ((kind, target),) = self._named()
        return Step(target, self.wait, kind)


class EscalationSettings(_Block):
    """Whom to page, in order."""

    steps: tuple[StepSettings, ...] = Field(min_length=1)
    last_resort: tuple[Identifier, ...] = Field((), examples=["[helene.vasseur]"])
    repeat: PositiveDuration = Field(timedelta(minutes=15), examples=["15m"])

    def policy(self) -> Policy:
        """The policy that new incidents copy."""
        steps = tuple(step.step() for step in self.steps)
        return Policy(steps, self.last_resort, self.repeat)


class PolicySettings(EscalationSettings):
    """Whom to page for some incidents only: what is left out admits any."""

    id: Identifier
    severity: tuple[Literal["critical", "warning"], ...] = ()
    hours: tuple[Literal["office", "evening", "weekend", "holiday"], ...] = ()
    labels: dict[str, str] = {}

    def policy(self) -> Policy:
        """The policy that incidents it is for copy."""
        return replace(
            super().policy(),
            id=self.id,
            severities=self.severity,
            hours=self.hours,
            labels=self.labels,
        )


class ChannelSettings(_Block):
    """One way to reach people, through one or more notifiers of the same kind of address."""

    id: Identifier
    through: tuple[Identifier, ...] = Field(
        min_length=1, description="les moyens, essayés dans l'ordre,", examples=["[kannel]"]
    )


class StormSettings(_Block):
    """What one person may be sent by one channel that wakes; see `delivery.storm`."""

    per_5m: int = Field(2, ge=1, le=1000)
    reserved: int = Field(1, ge=1, le=1000)
    per_15m: int = Field(6, ge=2, le=1000)
    per_hour: int = Field(12, ge=2, le=1000)
    windows: tuple[PositiveDuration, ...] = Field(
        DEFAULT_LIMITS.windows, min_length=1, examples=["[60s, 5m, 10m]"]
    )

    def limits(self) -> Limits:
        """As the delivery knows them."""
        return Limits(
            per_5m=self.per_5m,
            reserved=self.reserved,
            per_15m=self.per_15m,
            per_hour=self.per_hour,
            windows=self.windows,
        )


class CanarySettings(_Block):
    """The night test: an SMS through each gateway, at an hour of the site's clock."""

    at: WallTime = Field(description="l'heure du site,", examples=['"03:00"'])
    every: Literal["day", "week"] = "week"
    weekday: int = Field(1, ge=1, le=7, description="jour de la semaine (1 : lundi),")
    person: Identifier | None = Field(None, examples=["helene.vasseur"])
    phone: Phone | None = None
    channel: Identifier | None = Field(None, examples=["sms"])
    provider: Identifier | None = Field(None, examples=["kannel.secours"])
    slow_after: PositiveDuration = Field(timedelta(seconds=60), examples=["60s"])

    @model_validator(mode="after")
    def _one_receiver(self) -> Self:
        if (self.person is None) == (self.phone is None):
            raise ValueError("à qui l'envoyer ? attendu : person ou phone, l'un des deux")
        return self


class WebhookFile(_Block):
    """The whole file; the blocks of `notifiers` are checked by their plugins."""

    inventory: ConfigPath = Field(
        description="chemin de l'inventaire,", examples=["/etc/vigie/inventory.yml"]
    )
    rosters: ConfigPath = Field(
        description="chemin des tours d'astreinte,", examples=["/etc/vigie/rosters.yml"]
    )
    web: WebSettings = WebSettings()
    public_url: GatewayUrl | None = Field(None, examples=["https://vigie.exemple.test"])
    store: StoreSettings = Field(
        description="la base,", examples=["{path: /var/lib/vigie/webhook.sqlite3}"]
    )
    integrations: tuple[IntegrationSettings, ...] = Field(min_length=1)
    readers: ReadersSettings
    escalation: EscalationSettings
    policies: tuple[PolicySettings, ...] = ()
    acknowledge_for: PositiveDuration = Field(timedelta(minutes=60), examples=["60m"])
    grouping: tuple[str, ...] = Field(("member", "service", "alertname"), min_length=1)
    reopen_within: Duration = Field(timedelta(minutes=10), examples=["10m"])
    notifiers: dict[str, Any] = Field(
        min_length=1, description="au moins un moyen d'atteindre les gens,", examples=["kannel"]
    )
    channels: tuple[ChannelSettings, ...] = ()
    storm: StormSettings = StormSettings()
    spool: SpoolSettings | None = None
    canary: CanarySettings | None = None
    link_key_file: Annotated[SecretFile, AfterValidator(_link_key)] | None = None

    def link_key(self) -> bytes | None:
        """The key of the links that answer messages; None: messages carry none."""
        if self.link_key_file is None:
            return None
        return read_secret(self.link_key_file).get_secret_value().encode()
