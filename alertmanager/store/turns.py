"""Turns: a lock that threads get in the order in which they asked for it.

SQLite's own waiters poll, with growing pauses, so that under load one of them may wait for
seconds while the others write: here it is first come, first served.
"""

from __future__ import annotations

import threading
from collections import deque


class Turns:
    """One at a time, in order."""

    def __init__(self) -> None:
        self._guard = threading.Lock()
        self._taken = False
        self._waiting: deque[threading.Event] = deque()

    def take(self, seconds: float) -> bool:
        """Wait for one's turn, at most that long; whether it came. Then `give_back` it."""
        with self._guard:
            if not self._taken:
                self._taken = True
                return True
            called = threading.Event()
            self._waiting.append(called)
        if called.wait(seconds):
            return True
        with self._guard:
            if called.is_set():  # at the last instant
                return True
            self._waiting.remove(called)
            return False

    def give_back(self) -> None:
        """The turn is over: the one that has waited longest is next."""
        with self._guard:
            if self._waiting:
                self._waiting.popleft().set()
            else:
                self._taken = False
