"""The history of one hypervisor as its lane keeps it: counted, rendered, written to disk.

The lane's thread and the one that ends it share it, never libvirt's event loop.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Collection
from math import inf
from pathlib import Path
from time import monotonic

from exporters.hypervisor.history import History
from exporters.hypervisor.history_file import HistoryFile, as_text
from exporters.hypervisor.libvirtd.domain_reader import DomainReading
from exporters.hypervisor.libvirtd.events import Event
from exporters.hypervisor.metrics import events as event_metrics
from exporters.toolkit.text_family import TextFamily

SAVED_EVERY = 5.0


class Chronicle:
    """Without a folder nothing outlives the process."""

    def __init__(self, hypervisor: str, folder: Path | None, now: Callable[[], float]) -> None:
        self._hypervisor, self._now = hypervisor, now
        self._file = None if folder is None else HistoryFile(folder, hypervisor)
        kept = None if self._file is None else self._file.load()
        self._history = kept or History()
        # An earlier process counted: what happened since it ended is missing.
        self._followed = kept is not None
        self._connected = False
        self._told: set[str] = set()
        self._starts: dict[str, tuple[int, float]] = {}
        self._started: dict[str, float] = {}
        self._changed, self._unsaved, self._saved_at = True, False, -SAVED_EVERY
        self._rendered_until = inf
        self._lock = threading.Lock()
        self.families: tuple[TextFamily, ...] = ()
        self.render()

    def connected(self, *, events: bool) -> None:
        """A connection was made; one made before it was lost, and events with it."""
        with self._lock:
            if self._followed:
                self._history.gaps += 1
            self._followed = True
            self._connected = events
            self._starts.clear()
            self._touched()

    def missed(self) -> None:
        """Events were lost although the connection was not."""
        with self._lock:
            self._history.gaps += 1
            self._touched()

    def lost(self) -> None:
        """The connection is no more."""
        with self._lock:
            self._connected = False
            self._touched()

    def record(self, event: Event) -> None:
        """Something happened."""
        with self._lock:
            self._history.record(event)
            if event.changes_state:
                self._told.add(event.uuid)
            if event.starts:
                self._started[event.uuid] = event.at
            self._touched()

    def saw(self, reading: DomainReading) -> None:
        """A domain as it is now."""
        with self._lock:
            uuid, name = reading.facts.uuid, reading.facts.name
            known = self._history.domains.get(uuid)
            before = known and (known.name, known.state, known.run, known.gone_at)
            told = uuid in self._told
            self._told.discard(uuid)
            self._history.saw(
                uuid, name, (reading.state, reading.run), None if told else self._now()
            )
            if before != (name, reading.state, reading.run, None):
                self._touched()

    def gone(self, uuid: str) -> None:
        """A domain is no more."""
        with self._lock:
            self._told.discard(uuid)
            self._started.pop(uuid, None)
            self._starts.pop(uuid, None)
            if self._history.gone(uuid, self._now()):
                self._touched()

    def exist(self, uuids: Collection[str]) -> None:
        """These and no others exist."""
        with self._lock:
            self._told.intersection_update(uuids)
            for noted in (self._started, self._starts):
                for uuid in noted.keys() - set(uuids):
                    del noted[uuid]
            if self._history.only(uuids, self._now()):
                self._touched()

    def start_of(self, uuid: str, run: int) -> float | None:
        """When that run of a domain began, if the event of its start was heard."""
        with self._lock:
            heard = self._started.pop(uuid, None)
            if heard is not None:
                self._starts[uuid] = (run, heard)
            known = self._starts.get(uuid)
            return known[1] if known is not None and known[0] == run else None

    def render(self) -> None:
        """Make `families` tell what was counted since, and no longer of who went long ago."""
        with self._lock:
            now = self._now()
            if self._changed or now > self._rendered_until:
                self._history.forget(now)
                self.families = event_metrics.families(
                    self._hypervisor, self._history, self._connected, now
                )
                self._rendered_until = self._history.shown_until(now)
                self._changed = False

    def save(self, *, at_once: bool = False) -> None:
        """Write it down if anything is new, at most every few seconds unless `at_once`."""
        if self._file is None:
            return
        with self._lock:
            due = at_once or monotonic() - self._saved_at >= SAVED_EVERY
            if self._unsaved and due:
                self._saved_at = monotonic()
                self._unsaved = not self._file.save(as_text(self._history))

    def _touched(self) -> None:
        self._changed = self._unsaved = True
