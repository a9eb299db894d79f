"""A repository watched in the background, so that no scrape ever waits for a backup tool.

Listing a folder costs microseconds and running a tool half a second of CPU (it derives
a key each time): the tool only runs when the list of names changed, or after a while.
Each repository has a thread of its own, because even listing a folder may hang (NFS).
"""

from __future__ import annotations

from collections.abc import Callable, Hashable
from dataclasses import replace
from threading import Event, Thread
from time import monotonic
from typing import Protocol

from exporters.backup.contents import Contents, Glance
from exporters.backup.errors import Damaged, Unreadable
from exporters.backup.reading import Reading
from exporters.backup.settings import BackupSettings
from inventory.process import Clock
from inventory.process.logs import get_logger

FIRST_TIMEOUTS = 10
"""A first try as long as so many readings of the tool hangs: a folder that never answers."""

_log = get_logger("vigie.backup")


class Repository(Protocol):
    """One repository of one tool."""

    def glance(self) -> Glance:
        """Its mark, locks and free room, without the tool. Raise Unreadable."""
        ...

    def read(self) -> Contents:
        """All there is, by running the tool. Raise Unreadable."""
        ...


OnRead = Callable[[Contents], None]
"""Told of each reading that succeeded, in the watch's thread, before it is shown."""


class Watch:
    """Keeps the `Reading` of one repository up to date."""

    def __init__(
        self,
        name: str,
        repository: Repository,
        settings: BackupSettings,
        clock: Clock,
        now: Callable[[], float] = monotonic,
        *,
        on_read: OnRead = lambda _: None,
    ) -> None:
        self.reading: Reading | None = None
        self.unchanged = 0  # looks after which the tool was not needed
        self._repository = repository
        self._poll_seconds = settings.poll_interval.total_seconds()
        self._recheck_seconds = settings.recheck_interval.total_seconds()
        self._clock = clock
        self._now = now
        self._on_read = on_read
        self._born = now()
        self._patience = FIRST_TIMEOUTS * settings.timeout.total_seconds()
        self._mark: Hashable = None
        self._read_at: float | None = None
        self._failures = 0
        self._tried, self._stopping = Event(), Event()
        self._log = _log.bind(repository=name)
        self._thread = Thread(target=self._run, name=f"backup-{name}", daemon=True)

    def start(self) -> None:
        """Begin to watch."""
        self._thread.start()

    def wait_first(self, seconds: float) -> Reading | None:
        """The reading; waits for the first try up to `seconds`. None if it is not over yet.

        One that hangs since we started must not leave the repository without any value.
        """
        self._tried.wait(max(0.0, seconds))
        if self.reading is None and self._now() - self._born > self._patience:
            return Reading("timeout")
        return self.reading

    def stop(self) -> None:
        """Stop watching. A tool that runs must be killed by its owner."""
        self._stopping.set()

    def join(self, seconds: float) -> None:
        """Wait for the thread to end."""
        self._thread.join(seconds)

    def poll(self) -> None:
        """Look at the repository once, and read it if need be."""
        before = self.reading
        try:
            self.reading = self._look(before)
        except Unreadable as error:
            self.reading = self._failed(before, error)
        except Exception as error:  # noqa: BLE001 - the watch must survive whatever a tool prints
            self.reading = self._failed(
                before, Unreadable("parse", f"{type(error).__name__}: {error}")
            )
        else:
            if before is not None and before.reason != "none" and self.reading.reason == "none":
                self._log.info("dépôt de nouveau lisible")
        self._tried.set()

    def _run(self) -> None:
        while not self._stopping.is_set():
            self.poll()
            self._stopping.wait(self._poll_seconds)

    def _look(self, before: Reading | None) -> Reading:
        glance = self._repository.glance()
        if before is not None and not self._due(glance.mark):
            # A list seen unchanged is as good as read.
            self.unchanged += 1
            seen = before.reason == "none" and glance.mark is not None
            read_at = self._clock() if seen else before.read_at
            return replace(before, read_at=read_at, glance=glance)
        self._mark, self._read_at = glance.mark, self._now()
        contents = self._repository.read()
        self._on_read(contents)
        reading = Reading("none", contents, self._clock(), glance, self._now() - self._read_at)
        self._failures = 0
        return reading

    def _due(self, mark: Hashable) -> bool:
        if self._read_at is None or mark != self._mark:
            return True
        wait = self._recheck_seconds
        if self._failures:  # ever less often, but not less than a repository that is well
            wait = min(wait, self._poll_seconds * 2 ** min(self._failures - 1, 20))
        return self._now() - self._read_at >= wait

    def _failed(self, before: Reading | None, error: Unreadable) -> Reading:
        self._failures += 1
        if before is None or before.reason != error.reason:
            self._log.warning("dépôt illisible", reason=error.reason, error=error.detail)
        if isinstance(error, Damaged):
            return Reading(error.reason, error.contents, self._clock())
        return replace(before, reason=error.reason) if before else Reading(error.reason)
