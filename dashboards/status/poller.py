"""Reads the sources again and again, and publishes the pages made of what is known."""

from __future__ import annotations

import dataclasses
import threading
from collections.abc import Callable, Iterable, Mapping
from datetime import datetime, timedelta
from typing import Any, Protocol

from prometheus_client import CollectorRegistry, Gauge

from dashboards.status.model import Incident, Knowledge
from dashboards.status.site import Rendered, Site
from dashboards.status.source import WATCHDOG, SourceError
from inventory import Inventory
from inventory.process import Clock
from inventory.process.logs import get_logger

log = get_logger(__name__)


class IncidentSource(Protocol):
    """Gives the incidents of the webhook's public state."""

    name: str

    def read(self) -> Iterable[Incident]:
        """Open and recent incidents. Raise SourceError."""
        ...


class WatchSource(Protocol):
    """Says which services are being measured."""

    name: str

    def read(self) -> Iterable[str]:
        """Ids of services measured now. Raise SourceError."""
        ...


def proofs(inventory: Inventory, declared: Mapping[str, str]) -> dict[str, str]:
    """The PromQL proof of each service: the declared one, else the Watchdog alert."""
    return {s.id: declared.get(s.id, WATCHDOG) for s in inventory.services}


class Poller:
    """Keeps `Knowledge` fresh and hands each new rendering to `publish`."""

    def __init__(
        self,
        site: Site,
        *,
        incidents: IncidentSource,
        watch: WatchSource,
        publish: Callable[[Rendered], None],
        clock: Clock,
        registry: CollectorRegistry,
    ) -> None:
        self._site = site
        self._incidents = incidents
        self._watch = watch
        self._publish = publish
        self._clock = clock
        self._healthy: dict[str, bool] = {}
        self._lock = threading.Lock()
        self._news = threading.Event()
        self.knowledge = Knowledge(since=clock())
        self._up = Gauge(
            "vigie_status_source_up",
            "Whether the last reading of the source succeeded.",
            ["source"],
            registry=registry,
        )
        self._last = Gauge(
            "vigie_status_source_last_success_timestamp_seconds",
            "When the source was last read, on the process's clock; 0 = never.",
            ["source"],
            registry=registry,
        )
        for source in (incidents, watch):
            self._up.labels(source.name).set(0)
            self._last.labels(source.name).set(0)

    def _read(self, source: IncidentSource | WatchSource) -> tuple[Any, datetime] | None:
        """What the source says and when it was asked; None and one log line if it fails."""
        asked = self._clock()
        try:
            found = tuple(source.read())
        except Exception as error:  # noqa: BLE001 - whatever it is, it was not read: that must show
            if self._healthy.get(source.name, True):
                said = str(error) if isinstance(error, SourceError) else repr(error)
                log.warning("source.unreadable", source=source.name, reason=said)
            self._healthy[source.name] = False
            self._up.labels(source.name).set(0)
            return None
        if not self._healthy.get(source.name, False):
            log.info("source.readable", source=source.name)
        self._healthy[source.name] = True
        self._up.labels(source.name).set(1)
        self._last.labels(source.name).set(asked.timestamp())
        return found, asked

    def poll(self) -> None:
        """Read each source once; a source that fails leaves what it said before, and its age."""
        self._read_incidents()
        self._read_watch()
        self._render()

    def _read_incidents(self) -> None:
        if read := self._read(self._incidents):
            with self._lock:
                self.knowledge = dataclasses.replace(
                    self.knowledge, incidents=read[0], incidents_read_at=read[1]
                )

    def _read_watch(self) -> None:
        if read := self._read(self._watch):
            with self._lock:
                watched = {**self.knowledge.watched_at, **dict.fromkeys(read[0], read[1])}
                self.knowledge = dataclasses.replace(self.knowledge, watched_at=watched)

    def _render(self) -> None:
        self._publish(self._site.render(self.knowledge, self._clock()))

    def run(self, stop: threading.Event, interval: timedelta) -> None:
        """Read and render until `stop` is set. A fault of ours is logged and ends nothing.

        Each source has a thread of its own and the pages another: one that hangs, even
        where no timeout reaches, cannot keep yesterday's « Fonctionne » on the page.
        """
        seconds = interval.total_seconds()

        def again(work: Callable[[], None], tried: threading.Event) -> None:
            while not stop.is_set():
                self._guarded(work)
                tried.set()
                self._news.set()
                stop.wait(seconds)

        firsts = []
        for work in (self._read_incidents, self._read_watch):
            firsts.append(threading.Event())
            threading.Thread(target=again, args=(work, firsts[-1]), daemon=True).start()
        for first in firsts:
            first.wait(seconds)  # the first page says what is known, if that comes soon
        while not stop.is_set():
            self._news.clear()
            self._guarded(self._render)
            self._news.wait(seconds)

    def _guarded(self, work: Callable[[], None]) -> None:
        try:
            work()
        except Exception:
            log.exception("poll.failed")
