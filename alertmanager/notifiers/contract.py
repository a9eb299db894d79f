"""The contract between the pager and a notifier; `contract_suite` proves that one keeps it.

NotifierError             the message was not handed over
├── TemporaryFailure      try again; `maybe_sent` when it may have left all the same
└── PermanentFailure      this message to this address will never pass this way
NotUnderstood             a callback that is neither a report nor a reply
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import timedelta
from hashlib import sha256
from ipaddress import IPv4Network, IPv6Network, ip_network
from typing import Annotated, Any, Generic, Literal, Protocol, TypeVar, runtime_checkable
from urllib.parse import parse_qsl

from pydantic import AfterValidator, BaseModel, BeforeValidator

from inventory.config import Url
from inventory.process import Clock, system_clock

CONTRACT_VERSION = 2

Kind = Literal["phone", "email", "url"]
"""What an address is."""

Network = IPv4Network | IPv6Network


def _network(value: object) -> Network:
    try:
        return ip_network(str(value))
    except ValueError:
        raise ValueError(
            f"« {value} » n'est pas une adresse IP ni un réseau ; attendu : 127.0.0.1 ou 10.0.0.0/8"
        ) from None


AllowedNetwork = Annotated[Network, BeforeValidator(_network)]
"""An address or a network whose callbacks are believed."""
LOOPBACK_ONLY: tuple[Network, ...] = (ip_network("127.0.0.1"), ip_network("::1"))


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
    """One message to hand over.

    `token` is unguessable, comes back in reports, and is the same at every attempt: it is the
    idempotency key wherever the provider has one. `text` is the whole message, fit for an SMS.
    A channel with more room may use `subject` (one line), `details` (several paragraphs; empty:
    `text` is all there is) and `link` (where it is shown and answered). `again`: it may have
    left before. All French, none of it trusted: labels of alerts are in it.
    """

    token: str
    to: str
    text: str
    kind: str = "page"
    subject: str = ""
    details: str = ""
    link: str | None = None
    again: bool = False


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


_LONGEST_TEXT, _LONGEST_SENDER, _LONGEST_ID = 10_000, 254, 90


@dataclass(frozen=True)
class Incoming:
    """A message somebody sent us. `provider_id` makes a repeated callback harmless.

    `raw` is it as it came, whole; `answers` the token of the message it answers, where the channel
    knows (a mail's In-Reply-To). `sender` is an address of the kind the channel reaches.
    `only_keep`: it is kept and nothing more, and this word of at most 32 letters says why: an
    answering machine wrote it (``automatic``), anybody may have written it under that name
    (``unproven``), nothing could be made of it (``unreadable``).

    What a database refuses or a screen should not be given is taken out here, whatever the channel:
    NUL, lone surrogates, and text without end.
    """

    sender: str
    text: str
    provider_id: str | None = None
    raw: bytes = b""
    answers: str | None = None
    only_keep: str = ""

    def __post_init__(self) -> None:
        for name, longest in (("sender", _LONGEST_SENDER), ("text", _LONGEST_TEXT)):
            value: str = getattr(self, name)
            sound = value.replace("\0", "").encode("utf-8", "replace").decode()
            object.__setattr__(self, name, sound[:longest])
        if self.provider_id and len(self.provider_id) > _LONGEST_ID:
            digest = sha256(self.provider_id.encode("utf-8", "replace")).hexdigest()
            object.__setattr__(self, "provider_id", digest)


_MOST_PARAMETERS = 50


@dataclass(frozen=True)
class Callback:
    """A request of the provider: ``GET`` with a query, or ``POST`` with a body as well.

    Names of headers are lower-case. `raw_query` is the query as it came.
    """

    query: Mapping[str, str]
    headers: Mapping[str, str] = field(default_factory=dict)
    body: bytes = b""
    raw_query: str = ""

    @classmethod
    def received(
        cls, raw_query: str, headers: Mapping[str, str] | None = None, body: bytes = b""
    ) -> Callback:
        """The request as it came. Raise NotUnderstood if its query says one thing twice."""
        try:
            pairs = parse_qsl(
                raw_query,
                keep_blank_values=True,
                errors="replace",
                max_num_fields=_MOST_PARAMETERS,
            )
        except ValueError:
            raise NotUnderstood(f"plus de {_MOST_PARAMETERS} paramètres") from None
        query = dict(pairs)
        if len(query) != len(pairs):
            raise NotUnderstood("un paramètre est là deux fois ; attendu : chacun une fois")
        lower = {name.lower(): value for name, value in (headers or {}).items()}
        return cls(query, lower, body, raw_query)


class Notifier(Protocol):
    """One way to reach a person."""

    @property
    def delivery_deadline(self) -> timedelta | None:
        """After acceptance, how long to wait for proof; None: it gives no proof at all."""
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

    def understand_report(self, callback: Callback) -> Report:
        """A delivery report from its callback. Raise NotUnderstood."""
        ...

    def understand_reply(self, callback: Callback) -> Incoming:
        """A person's message from its callback. Raise NotUnderstood."""
        ...

    def close(self) -> None:
        """Release connections. Called once at exit."""
        ...


@runtime_checkable
class Mailbox(Protocol):
    """A notifier whose replies must be fetched rather than called back, offers this as well."""

    @property
    def fetch_every(self) -> timedelta | None:
        """How often to look; None: it is not configured."""
        ...

    def fetch(self) -> Iterable[tuple[str, Incoming | Report]]:
        """What came, with the provider's own name of each. Raise TemporaryFailure.

        What is not `put_away` comes again at the next look. What cannot be read is an Incoming
        all the same (``only_keep="unreadable"``). Called from one thread.
        """
        ...

    def put_away(self, name: str) -> None:
        """It is in the store: it need not come again. Raise TemporaryFailure."""
        ...


S = TypeVar("S", bound=BaseModel)


@dataclass(frozen=True)
class NotifierContext:
    """What the process gives a notifier when it builds it."""

    public_url: str
    """Root of the pager's own HTTP interface, for callbacks, without a trailing slash."""
    name: str = ""
    """The notifier's name in the configuration: the part of callback paths after ``/api/v1/``."""
    clock: Clock = system_clock


@dataclass(frozen=True)
class NotifierPlugin(Generic[S]):
    """What an entry point of the group ``vigie.notifiers`` names.

    `settings` is the pydantic model (``extra="forbid"``) of the block
    ``notifiers.<name>`` of the configuration; `build` gets it validated. `reaches` is the kind of
    address it sends to, or what tells it from the settings. `capped`: people suffer from every
    single one of its messages, so storms are bounded. `first`: it may be the first to
    wake somebody.
    """

    name: str
    summary: str
    settings: type[S]
    build: Callable[[S, NotifierContext], Notifier]
    reaches: Kind | Callable[[S], Kind] = "phone"
    capped: bool = True
    first: bool = True
    contract: int = CONTRACT_VERSION

    def kind(self, settings: S) -> Kind:
        """The kind of address that it sends to with these settings."""
        return self.reaches(settings) if callable(self.reaches) else self.reaches


AnyPlugin = NotifierPlugin[Any]
