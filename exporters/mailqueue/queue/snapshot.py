"""What one round of reading the queues found. Plain data, shared by every reader."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

QUEUES = ("incoming", "active", "deferred", "hold", "corrupt", "maildrop")
"""Folders of the spool that hold messages. ``defer`` and ``bounce`` hold logs of messages."""

UNAUTHENTICATED = "unauthenticated"
"""Stands in the label `account` for mail that nobody submitted with a password."""

OTHER = "other"
"""Stands there for all accounts that are not shown one by one."""


class ReadFailed(Exception):
    """The queues could not be read. The message (French) says what, where, what would be right."""


class NotPermitted(ReadFailed):
    """This way of reading is not granted to us; a humbler one may be."""


@dataclass(frozen=True, slots=True)
class Share:
    """What one account has in the queues."""

    messages: int
    recipients: int
    client_addresses: int


@dataclass(frozen=True, slots=True)
class Held:
    """What one account has in the hold queue; `since`: Unix time its first message was held."""

    messages: int
    since: float


@dataclass(frozen=True, slots=True)
class QueueState:
    """One queue. `bytes` and `arrivals` are None while not every message could be looked at.

    `arrivals`: Unix times, in order, of every message in it.
    """

    messages: int
    bytes: int | None
    arrivals: Sequence[float] | None
    unknown: int = 0


@dataclass(frozen=True, slots=True)
class Snapshot:
    """All queues at one instant, as `method` (walk, showq, postqueue) shows them.

    A queue that the method cannot see is not in `queues`. `attributed`: messages whose file was
    looked at; None with a method that does not tell accounts.
    """

    method: str
    queues: Mapping[str, QueueState]
    attributed: int | None = None
    shares: Mapping[str, Share] = field(default_factory=dict)
    held: Mapping[str, Held] = field(default_factory=dict)

    @property
    def messages(self) -> int:
        """In all queues together."""
        return sum(state.messages for state in self.queues.values())
