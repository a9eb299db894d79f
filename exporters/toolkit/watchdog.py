"""The sign of life systemd waits for, given only while the server really answers."""

from __future__ import annotations

from collections.abc import Callable
from threading import Event, Thread

from exporters.toolkit.systemd import Service
from inventory.process.logs import get_logger

_log = get_logger("vigie.exporter")


class Watchdog:
    """Asks `answers` (within the seconds it is given) twice in the time systemd allows.

    A server that does not answer gets no sign of life: systemd then restarts the service.
    """

    def __init__(self, service: Service, answers: Callable[[float], bool]) -> None:
        self._service = service
        self._answers = answers
        self._ended = Event()
        self._thread = Thread(target=self._watch, name="watchdog", daemon=True)

    def start(self) -> None:
        """Begin, if systemd asks for it."""
        if self._service.watchdog > 0:
            self._thread.start()

    def stop(self) -> None:
        """No more signs of life are needed."""
        self._ended.set()

    def _watch(self) -> None:
        pause = self._service.watchdog / 2
        while True:
            # Less than a pause, so that a slow answer is one missed sign and not two.
            if self._answers(pause * 0.8):
                self._service.notifier.tell("WATCHDOG=1")
            else:
                _log.error("le serveur ne se répond plus, systemd va le relancer")
            if self._ended.wait(pause):
                return
