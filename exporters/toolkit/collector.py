"""The contract between the toolkit and a collector.

CollectorError         a collector could not do its work; success 0, one log line
└── NoData             nothing to report here; not a failure
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from pathlib import Path
from time import monotonic
from typing import Any, Generic, Protocol, TypeAlias, TypeVar

from prometheus_client.core import Metric
from pydantic import BaseModel

from exporters.toolkit.text_family import TextFamily
from inventory import Inventory
from inventory.process import Clock

CONTRACT_VERSION = 1

Family: TypeAlias = Metric | TextFamily
"""What a collector gives. A TextFamily costs almost nothing to serve, and is not read again."""


class CollectorError(Exception):
    """The collector could not read its source. The message is logged, never exported.

    `families`: what it can say all the same, such as that its source is down.
    """

    def __init__(self, *args: object, families: Iterable[Family] = ()) -> None:
        super().__init__(*args)
        self.families = tuple(families)


class NoData(CollectorError):
    """The source has nothing to say (not configured here, nothing there yet). Success stays 1."""


@dataclass
class Deadline:
    """The instant by which a collector must have answered, on the monotonic clock (seconds).

    It may be put off while the collector works, when a more patient scrape waits for it too.
    """

    at: float
    now: Callable[[], float] = monotonic

    @classmethod
    def after(cls, seconds: float, now: Callable[[], float] = monotonic) -> Deadline:
        """A deadline `seconds` from now."""
        return cls(now() + seconds, now)

    def remaining(self) -> float:
        """Seconds left, never negative."""
        return max(0.0, self.at - self.now())

    def copy(self) -> Deadline:
        """The same instant, to be put off on its own."""
        return Deadline(self.at, self.now)

    def put_off(self, other: Deadline) -> None:
        """Make it the later of the two."""
        self.at = max(self.at, other.at)


@dataclass(frozen=True)
class Context:
    """What the process gives a collector when it builds it.

    `state_directory` is a folder of the collector's own that survives restarts,
    or None when the site declares none: then nothing is persisted.
    `compat`: those of the plugin's `compat` names that ``--compat`` asks for.
    """

    inventory: Inventory
    clock: Clock
    state_directory: Path | None = None
    compat: frozenset[str] = frozenset()


class Collector(Protocol):
    """Reads one source and returns fresh metric families at each call."""

    def collect(self, deadline: Deadline) -> Iterable[Family]:
        """The families of this scrape. Raise CollectorError (or anything) on failure.

        Called from a thread of its own; never twice at once for one collector.
        """
        ...

    def close(self) -> None:
        """Release connections, threads and files; persist state. Called once at exit."""
        ...


class TargetCollector(Collector, Protocol):
    """A collector that also reads one far source at a time, for ``/probe?target=NAME``."""

    def collect_target(self, target: str, deadline: Deadline) -> Iterable[Family]:
        """The families of one target, one of those `CollectorPlugin.targets` gave.

        Called from a thread of the target's own, never twice at once for one target, but
        at the same time as `collect` and as other targets: what they share needs a lock.
        """
        ...


SettingFault = tuple[tuple[str | int, ...], str, str]
"""Where in a collector's block, what is wrong, what would be right (French)."""

S = TypeVar("S", bound=BaseModel)


@dataclass(frozen=True)
class CollectorPlugin(Generic[S]):
    """What an entry point of the group ``vigie.collectors`` names.

    `settings` is the pydantic model (``extra="forbid"``) of the block
    ``collectors.<name>`` of the configuration; `build` gets it validated.
    `check` tells what in these settings does not fit the inventory.
    `enabled` says whether the collector runs when neither flag nor
    configuration says so; only built-ins may set it.
    `targets` gives the names ``/probe`` may ask for: an allow-list, so that nobody can have
    the process call an address of their choice. What it builds is then a TargetCollector.
    `compat` names other exporters whose metric names it can serve as well.
    """

    name: str
    summary: str
    settings: type[S]
    build: Callable[[S, Context], Collector]
    enabled: bool = False
    contract: int = CONTRACT_VERSION
    check: Callable[[S, Inventory], Iterable[SettingFault]] | None = None
    targets: Callable[[S], Iterable[str]] | None = None
    compat: tuple[str, ...] = ()


AnyPlugin = CollectorPlugin[Any]
