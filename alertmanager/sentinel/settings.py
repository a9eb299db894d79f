"""``sentinel.yml`` read and checked, with the settings of its notifiers."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from typing import Annotated, Any, Self

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, model_validator

from alertmanager.notifiers.configured import ConfiguredNotifier, configured_notifiers
from alertmanager.notifiers.contract import GatewayUrl
from alertmanager.rosters.settings import Phone
from inventory.config import (
    ConfigPath,
    ConfigurationError,
    Document,
    Duration,
    Fault,
    Gathering,
    Identifier,
    ListenAddress,
    SecretFile,
    TimeZone,
    Url,
    read_yaml,
    validate,
)
from inventory.config.errors import Path as Keys

DEFAULT_LISTEN_ADDRESS = ListenAddress("127.0.0.1", 17432)


def _positive(value: timedelta) -> timedelta:
    if value <= timedelta(0):
        raise ValueError("durée nulle ; attendu : plus que zéro, par exemple 3m")
    return value


PositiveDuration = Annotated[Duration, AfterValidator(_positive)]


class _Block(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class WebSettings(_Block):
    """Where the process listens."""

    listen_address: ListenAddress = DEFAULT_LISTEN_ADDRESS


class PersonSettings(_Block):
    """Somebody to page: by phone, by mail, or both."""

    name: str = Field(min_length=1, max_length=60, examples=["Hélène Vasseur"])
    phone: Phone | None = None
    email: str | None = Field(
        None, pattern=r"^[^@\s]+@[^@\s]+$", examples=["helene.vasseur@syndicat.test"]
    )

    @model_validator(mode="after")
    def _reachable(self) -> Self:
        if self.phone is None and self.email is None:
            raise ValueError("personne injoignable ; attendu : phone, email ou les deux")
        return self

    @property
    def addresses(self) -> dict[str, str]:
        """Theirs, by kind."""
        found = {"phone": self.phone, "email": self.email}
        return {kind: address for kind, address in found.items() if address}


class WatchdogSettings(_Block):
    """The beat that Alertmanager posts to us, and how long it may stay away."""

    token_file: SecretFile
    within: PositiveDuration = Field(timedelta(minutes=3), examples=["3m"])
    start_grace: Duration = Field(timedelta(minutes=3), examples=["3m"])


class WatchedSettings(_Block):
    """The webhook: where it answers, and what it may not do for longer than that."""

    url: Url = Field(description="vigie-webhook,", examples=["http://127.0.0.1:17430"])
    heartbeat: Identifier = Field("watchdog", examples=["watchdog"])
    every: PositiveDuration = Field(timedelta(seconds=5), examples=["5s"])
    down_after: PositiveDuration = Field(timedelta(seconds=60), examples=["60s"])
    pending_after: PositiveDuration = Field(timedelta(minutes=2), examples=["2m"])
    canary_within: PositiveDuration = Field(timedelta(minutes=10), examples=["10m"])


class SentinelFile(_Block):
    """The whole file; the blocks of `notifiers` are checked by their plugins."""

    timezone: TimeZone = Field(examples=["Europe/Paris"])
    web: WebSettings = WebSettings()
    public_url: GatewayUrl | None = Field(None, examples=["http://127.0.0.1:17432"])
    state_file: ConfigPath = Field(
        description="fichier de l'état,", examples=["/var/lib/vigie-sentinel/state.json"]
    )
    people: tuple[PersonSettings, ...] = Field(min_length=1)
    watchdog: WatchdogSettings
    webhook: WatchedSettings
    repeat: PositiveDuration = Field(timedelta(minutes=15), examples=["15m"])
    calm_after: Duration = Field(timedelta(seconds=30), examples=["30s"])
    notifiers: dict[str, Any] = Field(
        min_length=1, description="au moins un moyen d'atteindre les gens,", examples=["kannel"]
    )


@dataclass(frozen=True)
class SentinelConfig:
    """Everything the process needs. `notifiers` are tried in the order of the file."""

    file: SentinelFile
    notifiers: Mapping[str, ConfiguredNotifier]


def load_sentinel_config(path: Path) -> SentinelConfig:
    """The configuration at `path`. Raise ConfigurationError with every fault."""
    document = read_yaml(path)
    collected = Gathering()
    file = collected.attempt(lambda: validate(document, SentinelFile))
    notifiers = configured_notifiers(document, collected)
    collected.faults += document.doubles("personne", _names(document))
    if file is not None and not collected.faults:
        collected.faults += _unreached(file, notifiers, document)
    if collected.faults or file is None:
        raise ConfigurationError(collected.faults)
    return SentinelConfig(file, notifiers)


def _names(document: Document) -> Iterator[tuple[Keys, str]]:
    for place, person in enumerate(document.items(("people",))):
        name = person.get("name") if isinstance(person, dict) else None
        if isinstance(name, str):
            yield ("people", place, "name"), name


def _unreached(
    file: SentinelFile, notifiers: Mapping[str, ConfiguredNotifier], document: Document
) -> Iterator[Fault]:
    reached = {notifier.reaches for notifier in notifiers.values()}
    for place, person in enumerate(file.people):
        if not reached & set(person.addresses):
            yield document.fault(
                ("people", place),
                "aucun moyen n'écrit à une adresse de cette personne",
                "l'une de : " + ", ".join(sorted(reached)),
            )
