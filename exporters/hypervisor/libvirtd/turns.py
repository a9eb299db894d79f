"""Turns: work of several threads, done one after the other unless one of them takes too long.

The lanes of a hypervisor would else do the same at the same instant, after a restart of its
daemon above all, and take as many of the daemon's workers as there are lanes.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from threading import Condition
from time import monotonic

OPENING, ROUND = 1.0, 5.0
"""Seconds after which an opening connection, and a round that is not urgent, is not waited for
any more: usual ones take milliseconds, and a second or two on a large host."""


class Turns:
    """One turn at a time, of `longest` seconds. Never blocks for longer than that.

    Whoever keeps a turn for longer delays those who wait meanwhile, and nobody afterwards.
    """

    def __init__(self, longest: float, clock: Callable[[], float] = monotonic) -> None:
        self._longest, self._clock = longest, clock
        self._changed = Condition()
        self._holder: object | None = None
        self._over = 0.0

    @contextmanager
    def take(self) -> Iterator[None]:
        """Wait for the turn, keep it within the block."""
        mine = object()
        with self._changed:
            end = self._clock() + self._longest
            while self._holder and (left := min(end, self._over) - self._clock()) > 0:
                self._changed.wait(left)
            self._holder, self._over = mine, self._clock() + self._longest
        try:
            yield
        finally:
            with self._changed:
                if self._holder is mine:  # else someone has gone on without waiting
                    self._holder = None
                    self._changed.notify_all()
