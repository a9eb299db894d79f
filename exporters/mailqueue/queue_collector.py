"""The collector `mailqueue`: what waits in each queue, how long, and whose it is."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from threading import Event
from typing import Annotated, Literal, Self

from prometheus_client.core import Metric
from pydantic import AfterValidator, Field, model_validator

from exporters.mailqueue.exim.spool import Spool
from exporters.mailqueue.label_settings import LabelSettings
from exporters.mailqueue.queue.account_metrics import account_families
from exporters.mailqueue.queue.ladder import Ladder, Reader
from exporters.mailqueue.queue.metrics import age, queue_families, scan_families, up
from exporters.mailqueue.queue.pacer import Pacer
from exporters.mailqueue.queue.postqueue import Postqueue
from exporters.mailqueue.queue.scanner import Scan, Scanner
from exporters.mailqueue.queue.showq import Showq
from exporters.mailqueue.queue.surroundings import surroundings
from exporters.mailqueue.queue.walk import Walk
from exporters.toolkit.collector import CollectorError, CollectorPlugin, Context, Deadline
from inventory.config.errors import EXPECTED
from inventory.config.fields import ConfigPath, Identifier, parse_duration

# Part of the deadline left for rendering, in seconds.
_MARGIN = 0.5
_SPOOLS = {"postfix": Path("/var/spool/postfix"), "exim": Path("/var/spool/exim4")}


def _interval(text: str) -> str:
    if not 1 <= parse_duration(text).total_seconds() <= 300:
        raise ValueError(f"« {text} » hors limites ; attendu : de 1s à 5m")
    return text


def _staleness(text: str) -> str:
    if not 10 <= parse_duration(text).total_seconds() <= 900:
        raise ValueError(f"« {text} » hors limites ; attendu : de 10s à 15m")
    return text


class QueueSettings(LabelSettings):
    """Where this mail server keeps its queue and its configuration, and how it is read."""

    mta: Literal["postfix", "exim"] = "postfix"
    queue_directory: ConfigPath | None = Field(
        None,
        description="le dossier des files (celui de Debian par défaut),",
        examples=["/var/spool/postfix"],
    )
    config_directory: ConfigPath | None = Field(
        None,
        description="le dossier de main.cf (/etc/postfix par défaut),",
        examples=["/etc/postfix"],
    )
    instance_name: Identifier | None = None
    scan_interval: Annotated[str, AfterValidator(_interval)] = "5s"
    stale_after: Annotated[str, AfterValidator(_staleness)] = "1m"
    files_per_second: int = Field(2500, ge=50, le=20000)
    floor_messages: int = Field(10, ge=1)
    top_accounts: int = Field(20, ge=1, le=100)

    @model_validator(mode="after")
    def _fits(self) -> Self:
        if self.mta == "exim" and self.config_directory is not None:
            raise ValueError(
                f"config_directory avec mta: exim{EXPECTED}queue_directory seul :"
                " rien n'est lu de la configuration d'Exim"
            )
        return self

    @property
    def spool(self) -> Path:
        """Where the queues are."""
        return self.queue_directory or _SPOOLS[self.mta]

    @property
    def config(self) -> Path | None:
        """Where main.cf is, if it is a Postfix."""
        if self.mta == "exim":
            return None
        return self.config_directory or Path("/etc/postfix")

    @property
    def instance(self) -> str:
        """The label `instance_name`."""
        return self.instance_name or self.mta


def readers_of(
    settings: QueueSettings,
    wall_clock: Callable[[], float],
    looks: int,
    pacer: Callable[[int], bool] = lambda _: True,
) -> tuple[Reader, ...]:
    """The ways of reading this server's queues, the best first; `looks` files a round at most."""
    spool, config = settings.spool, settings.config
    if config is None:
        return (Spool(spool, wall_clock, looks, pacer),)
    return (Walk(spool, wall_clock, looks, pacer), Showq(spool), Postqueue(config))


class QueueCollector:
    """Reads the queues in a thread of its own; a scrape only renders what that found last."""

    def __init__(self, settings: QueueSettings, context: Context) -> None:
        self._settings = settings
        self._clock = context.clock
        self._owner_of = context.inventory.owner_of_address
        self._label = settings.labeller()
        self._stale_after = parse_duration(settings.stale_after).total_seconds()
        interval = parse_duration(settings.scan_interval).total_seconds()
        stop = Event()
        pacer = Pacer(settings.files_per_second, stop)
        looks = int(settings.files_per_second * min(interval, 5.0))
        readers = readers_of(settings, lambda: self._clock().timestamp(), looks, pacer)
        self._scanner = Scanner(
            Ladder(readers).read,
            lambda: surroundings(settings.spool, settings.config),
            pacer,
            stop,
            interval=interval,
            longest=self._stale_after / 2,
        )
        self._scanner.start()

    def collect(self, deadline: Deadline) -> Iterator[Metric]:
        """The last state of every queue. Raise CollectorError: no gauge rather than a false 0.

        The first scrape of all waits for the first scan.
        """
        self._scanner.wait_first(deadline.remaining() - _MARGIN)
        scan, failure = self._scanner.state()
        seconds = None if scan is None else max(0.0, self._scanner.now() - scan.at)
        if scan is None or seconds is None or failure or seconds > self._stale_after:
            why = failure or (
                "première lecture de la file en cours"
                if scan is None
                else f"dernière lecture de la file trop ancienne (stale_after ="
                f" {self._settings.stale_after}) : le disque répond-il ?"
            )
            down = up(self._settings.instance, 0)
            raise CollectorError(why, families=[down, age(seconds)])
        yield from self._families(scan, seconds)

    def close(self) -> None:
        """End the scans."""
        self._scanner.stop()

    def _families(self, scan: Scan, seconds: float) -> Iterator[Metric]:
        yield up(self._settings.instance, 1)
        yield age(seconds)
        yield from queue_families(scan.snapshot, self._clock().timestamp())
        yield from scan_families(scan)
        settings = self._settings
        yield from account_families(
            scan.snapshot,
            self._labels,
            settings.floor_messages,
            settings.top_accounts,
        )

    def _labels(self, account: str) -> tuple[str, str]:
        return self._label(account), self._owner_of(account) or ""


def _build(settings: QueueSettings, context: Context) -> QueueCollector:
    return QueueCollector(settings, context)


PLUGIN = CollectorPlugin(
    name="mailqueue",
    summary="Files d'attente (Postfix, Exim) : messages, octets, âges, comptes, place, engorgement",
    settings=QueueSettings,
    build=_build,
)
