"""Keeps a long piece of work from taking the machine: so many a second, and a fifth of a core."""

from __future__ import annotations

from collections.abc import Callable
from threading import Event
from time import monotonic, thread_time

CORE_SHARE = 0.2


class Pacer:
    """Sleeps between batches. `rate`: how many looks a second at most; `stop` ends every sleep.

    `slept` is how long it slept in all, in seconds.
    """

    def __init__(
        self,
        rate: float,
        stop: Event,
        now: Callable[[], float] = monotonic,
        cpu: Callable[[], float] = thread_time,
    ) -> None:
        self.slept = 0.0
        self._rate, self._stop, self._now, self._cpu = rate, stop, now, cpu
        self._next = self._cpu_before = 0.0

    def begin(self) -> None:
        """A round begins: what came before is not counted."""
        self._next, self._cpu_before = self._now(), self._cpu()

    def __call__(self, count: int) -> bool:
        """`count` looks were made: sleep as long as they ask for. False when told to stop."""
        now, used = self._now(), self._cpu() - self._cpu_before
        rest = used * (1 / CORE_SHARE - 1)
        self._next = max(self._next + count / self._rate, now + rest)
        if self._next > now:
            self._stop.wait(self._next - now)
            self.slept += self._now() - now
        self._cpu_before = self._cpu()
        return not self._stop.is_set()
