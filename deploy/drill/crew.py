"""Threads that work side by side until they are told to stop."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterable


class Crew:
    """One thread for each task; `stop` tells them and waits. A task ends when `ending` says so."""

    def __init__(self) -> None:
        self._stop = threading.Event()
        self._threads: list[threading.Thread] = []

    def start(self, tasks: Iterable[Callable[[], None]]) -> None:
        """Begin all tasks."""
        self._threads = [threading.Thread(target=task, daemon=True) for task in tasks]
        for thread in self._threads:
            thread.start()

    def stop(self) -> None:
        """Return once every task has ended; may be called again."""
        self._stop.set()
        for thread in self._threads:
            thread.join()

    def ending(self, within: float = 0.0) -> bool:
        """Wait up to `within` seconds; True as soon as the crew was told to stop."""
        return self._stop.wait(within)
