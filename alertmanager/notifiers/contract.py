"""The contract between the pager and a notifier.

NotifierError             the message was not handed over
├── TemporaryFailure      try again; `maybe_sent` when it may have left all the same
└── PermanentFailure      this message to this address will never pass this way
NotUnderstood             a callback that is neither a report nor a reply
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import timedelta
from ipaddress import IPv4Network, IPv6Network
from typing import Annotated, Any, Generic, Literal, Protocol, TypeVar

from pydantic import AfterValidator, BaseModel

from inventory.config import Url

CONTRACT_VERSION = 1

Network = IPv4Network | IPv6Network


def _without_escapes(value: str) -> str:
    # A gateway may read "%" as one of its own escapes (Kannel: %p is the sender).
    if "%" in value:
        raise ValueError("l'adresse porte « % » ; attendu : une adresse sans ce signe")
    return value


GatewayUrl = Annotated[Url, AfterValidator(_without_escapes)]
"""The address of a gateway, or one that it calls back."""


class NotifierError(Exception):
    """The message was not handed over. The text (French, no secret) is shown to operators."""


class TemporaryFailure(NotifierError):
    """Worth another attempt. `maybe_sent`: the provider may have taken it before it failed."""

    def __init__(self, message: str, *, maybe_sent: bool = False) -> None:
        super().__init__(message)
        self.maybe_sent = maybe_sent


class PermanentFailure(NotifierError):
    """Refused for good: another channel or another person must be tried."""


class NotUnderstood(ValueError):
    """The callback lacks what it must carry. The text (French) says what."""


@dataclass(frozen=True)
class Outgoing:
    """One message to hand over. `token` is unguessable and comes back in reports."""

    token: str
    to: str
    text: str


@dataclass(frozen=True)
class Accepted:
    """The provider took it: no proof that it arrived."""

    provider_id: str | None = None
    detail: str = ""


@dataclass(frozen=True)
class Report:
    """What the provider says of a message later on. May come late, twice, or before `Accepted`."""

    token: str
    outcome: Literal["waiting", "accepted", "delivered", "failed"]
    detail: str = ""


@dataclass(frozen=True)
class Incoming:
    """A message somebody sent us. `provider_id` makes a repeated callback harmless."""

    sender: str
    text: str
    provider_id: str | None = None


class Notifier(Protocol):
    """One way to reach a person."""

    @property
    def delivery_deadline(self) -> timedelta:
        """After acceptance, how long to wait for proof before somebody else is tried."""
        ...

    @property
    def callback_allow(self) -> Sequence[Network]:
        """From where callbacks are believed."""
        ...

    def describe(self) -> str:
        """One French line for the log: what it is and where it goes, without secrets."""
        ...

    def send(self, message: Outgoing) -> Accepted:
        """Hand one message over, within seconds. Raise TemporaryFailure or PermanentFailure.

        Called from several threads at once.
        """
        ...

    def understand_report(self, query: Mapping[str, str]) -> Report:
        """A delivery report from the query of its callback. Raise NotUnderstood."""
        ...

    def understand_reply(self, query: Mapping[str, str]) -> Incoming:
        """A person's message from the query of its callback. Raise NotUnderstood."""
        ...

    def close(self) -> None:
        """Release connections. Called once at exit."""
        ...


S = TypeVar("S", bound=BaseModel)


@dataclass(frozen=True)
class NotifierContext:
    """What the process gives a notifier when it builds it."""

    public_url: str
    """Root of the pager's own HTTP interface, for callbacks, without a trailing slash."""


@dataclass(frozen=True)
class NotifierPlugin(Generic[S]):
    """What an entry point of the group ``vigie.notifiers`` names.

    `settings` is the pydantic model (``extra="forbid"``) of the block
    ``notifiers.<name>`` of the configuration; `build` gets it validated.
    """

    name: str
    summary: str
    settings: type[S]
    build: Callable[[S, NotifierContext], Notifier]
    contract: int = CONTRACT_VERSION


AnyPlugin = NotifierPlugin[Any]
