"""Work done again and again in a thread of its own, between scrapes."""

from __future__ import annotations

from collections.abc import Callable
from threading import Event, Thread


class Background:
    """Does `work` every `seconds` until it is stopped. `work` raises nothing."""

    def __init__(self, work: Callable[[], None], seconds: float, name: str) -> None:
        self._work, self._seconds = work, seconds
        self._stop = Event()
        self._thread = Thread(target=self._run, name=name, daemon=True)

    def start(self) -> None:
        """Begin, at once."""
        self._thread.start()

    def stop(self) -> None:
        """End it; waits for the work that goes on."""
        self._stop.set()
        if self._thread.is_alive():
            self._thread.join()

    def _run(self) -> None:
        while not self._stop.is_set():
            self._work()
            self._stop.wait(self._seconds)
