"""The rosters as they stand: the file, and over it what the store says, read again when it changes.

Whoever pages asks this book. A store that cannot be read for a while leaves what was known: better
yesterday's swap missed than nobody paged.
"""

from __future__ import annotations

import threading
from collections.abc import Callable
from datetime import timedelta

from alertmanager.duty.rows import changes, leaves
from alertmanager.rosters import RosterBook
from alertmanager.store.database import Store, StoreUnavailable
from inventory.process import Clock
from inventory.process.logs import get_logger

_PAST = timedelta(days=460)
"""How far back changes matter to anybody who asks: the statement and the equity of a year."""
_TICK = 2.0  # seconds after which another process's change is seen

log = get_logger("vigie.duty")


class LiveBook:
    """`book` is the one to ask; a new one takes its place when anything changes."""

    def __init__(self, file: RosterBook, store: Store, clock: Clock) -> None:
        self._file, self._store, self._clock = file, store, clock
        self._guard = threading.Lock()
        self._seen: object = None
        self._book = file
        self._listeners: list[Callable[[], None]] = []
        self._stopping = threading.Event()
        self._thread = threading.Thread(target=self._loop, name="rosters")

    @property
    def book(self) -> RosterBook:
        """The rosters as of the last look."""
        return self._book

    def start(self) -> None:
        """Look now, then again and again."""
        self.refresh()
        self._thread.start()

    def stop(self) -> None:
        """Look no more."""
        self._stopping.set()
        if self._thread.is_alive():
            self._thread.join()

    def refresh(self) -> None:
        """Read what the store says. Raise StoreUnavailable."""
        since = self._clock() - _PAST
        with self._store.read() as session:
            found = changes(session, since), leaves(session, since)
        with self._guard:
            if found != self._seen:
                self._seen = found
                self._book = self._file.with_changes(*found)

    def replace_file(self, file: RosterBook) -> None:
        """The file was read again."""
        with self._guard:
            self._file, self._seen = file, None
        self.refresh()

    def _loop(self) -> None:
        while not self._stopping.wait(_TICK):
            try:
                self.refresh()
            except StoreUnavailable as error:
                log.warning("rosters_not_refreshed", reason=str(error))
            except Exception:
                # A row that makes no sense must not end the looks to come.
                log.exception("rosters_not_refreshed")
