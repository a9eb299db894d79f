"""Signals read like mail: a handler does nothing, the main thread waits for the next one."""

from __future__ import annotations

import signal
import socket
from collections.abc import Callable
from typing import Any

_STOP = (signal.SIGTERM, signal.SIGINT)
_ENDED = 0
"""No signal has this number: a thread of ours has ended."""


def _noted(number: int, frame: Any) -> None:
    """Nothing: the number is already on its way through the wake-up socket."""


class SignalInbox:
    """Catches SIGTERM, SIGINT and SIGHUP. Make it in the main thread, one a process.

    A handler that sets an Event is not enough: it runs between two instructions of
    the main thread, maybe while that thread holds the Event's own lock, and then
    waits for itself for ever. Seen once under load; a socket has no such lock.
    """

    def __init__(self) -> None:
        self._inbox, self._outbox = socket.socketpair()
        self._outbox.setblocking(False)
        signal.set_wakeup_fd(self._outbox.fileno(), warn_on_full_buffer=False)
        # SIGHUP must not end the process, even where it changes nothing.
        for number in (*_STOP, signal.SIGHUP):
            signal.signal(number, _noted)

    def wait_for_stop(self, on_hangup: Callable[[], None] | None = None) -> bool:
        """Return once SIGTERM or SIGINT has come (True) or `end` was called (False).

        `on_hangup` is called in this thread for each SIGHUP.
        """
        while (number := self._inbox.recv(1)[0]) not in (*_STOP, _ENDED):
            if number == signal.SIGHUP and on_hangup is not None:
                on_hangup()
        return number != _ENDED

    def end(self) -> None:
        """From any thread: there is nothing left to wait for."""
        self._outbox.send(bytes([_ENDED]))
