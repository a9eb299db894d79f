"""One collector object for all who run it."""

from __future__ import annotations

from collections.abc import Callable
from threading import Lock

from exporters.toolkit.collector import Collector


class Once:
    """Builds a collector when it is first wanted; tries again while that fails. Thread-safe."""

    def __init__(self, build: Callable[[], Collector]) -> None:
        self._build = build
        self._lock = Lock()
        self.made: Collector | None = None

    def get(self) -> Collector:
        """The collector. Raise whatever building it raises."""
        if self.made is None:
            # Whoever comes meanwhile waits here, in a thread of their own.
            with self._lock:
                if self.made is None:
                    self.made = self._build()
        return self.made
