"""Signals read like mail: a handler does nothing, the main thread waits for the next one."""

from __future__ import annotations

import signal
import socket
from typing import Any

_STOP = (signal.SIGTERM, signal.SIGINT)


def _noted(number: int, frame: Any) -> None:
    """Nothing: the number is already on its way through the wake-up socket."""


class SignalInbox:
    """Catches SIGTERM, SIGINT and SIGHUP. Make it in the main thread.

    A handler that sets an Event is not enough: it runs between two instructions of
    the main thread, maybe while that thread holds the Event's own lock, and then
    waits for itself for ever. Seen once under load; a socket has no such lock.
    """

    def __init__(self) -> None:
        self._inbox, self._outbox = socket.socketpair()
        self._outbox.setblocking(False)
        signal.set_wakeup_fd(self._outbox.fileno(), warn_on_full_buffer=False)
        # SIGHUP changes nothing: files are read again when they change, not when one asks.
        for number in (*_STOP, signal.SIGHUP):
            signal.signal(number, _noted)

    def wait_for_stop(self) -> None:
        """Return once SIGTERM or SIGINT has come."""
        while self._inbox.recv(1)[0] not in _STOP:
            pass
