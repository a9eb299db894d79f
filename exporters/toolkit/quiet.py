"""Log lines that do not repeat themselves: a failure at every scrape is one line, not thousands."""

from __future__ import annotations

from collections.abc import Callable
from threading import Lock
from time import monotonic

from inventory.process.logs import Log

REPEAT_AFTER = 300.0
"""Seconds after which the same failure is written again."""


class QuietLog:
    """Remembers, for each subject, the last problem written."""

    def __init__(self, logger: Log, now: Callable[[], float] = monotonic) -> None:
        self._logger = logger
        self._now = now
        self._lock = Lock()
        self._last: dict[str, tuple[str, float, int]] = {}

    def problem(self, subject: str, event: str, message: str) -> None:
        """Write the problem, unless the same one was written for `subject` not long ago."""
        with self._lock:
            said, at, silent = self._last.get(subject, ("", 0.0, 0))
            if said == message and self._now() - at < REPEAT_AFTER:
                self._last[subject] = (said, at, silent + 1)
                return
            self._last[subject] = (message, self._now(), 0)
        repeated = {"repeated": silent} if said == message else {}
        self._logger.warning(event, collector=subject, error=message, **repeated)

    def fine(self, subject: str, event: str) -> None:
        """Write once that a subject that had a problem has none any more."""
        with self._lock:
            had = self._last.pop(subject, None)
        if had is not None:
            self._logger.info(event, collector=subject)
