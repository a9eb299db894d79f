"""A lane: work for one hypervisor that is done in the background, never during a scrape.

One thread, one call at a time. It runs at its interval, sooner when woken, later after
failures (back-off, capped). What it found last stays, with the time it was found.
"""

from __future__ import annotations

import threading
from collections.abc import Callable
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass
from random import uniform
from time import monotonic
from typing import Generic, TypeVar

from inventory.process.logs import get_logger

T = TypeVar("T")
FIRST_RETRY, LONGEST_RETRY, SHORTEST_SHARE = 0.5, 4.0, 0.75
"""Seconds, and the least of them that a pause may last: lanes that failed together, as when their
daemon died, do not come back together."""

ROUNDS, GRACE_SECONDS = 3, 60.0
LONGEST_FAREWELL = 1.0
_log = get_logger("vigie.hypervisor")


@dataclass(frozen=True, slots=True)
class LaneStatus:
    """How a lane does. `succeeded_at` is Unix seconds, None before its first success.

    `busy_seconds` is how long the round in progress has lasted, 0 when none is.
    """

    lane: str
    up: bool
    succeeded_at: float | None
    duration: float | None
    busy_seconds: float
    failures: int


class Lane(Generic[T]):
    """Runs `work` again and again. Thread-safe.

    What a round found is served for `ROUNDS` times `stays` (its interval unless told otherwise)
    and `GRACE_SECONDS`: a scrape stamps a value with its own time, so that an old one would pass
    for fresh. That age is of a clock that never jumps; `wall_clock` only tells people.
    `at_end` is called in the lane's thread once no round will follow. Each round is made within
    a `turn`; waiting for it is no part of the round.
    """

    def __init__(
        self,
        hypervisor: str,
        name: str,
        work: Callable[[], T],
        interval: float,
        wall_clock: Callable[[], float],
        *,
        stays: float | None = None,
        clock: Callable[[], float] = monotonic,
        at_end: Callable[[], None] = lambda: None,
        turn: Callable[[], AbstractContextManager[None]] = nullcontext,
    ) -> None:
        self._value: T | None = None
        self._served_for = ROUNDS * (interval if stays is None else stays) + GRACE_SECONDS
        self._clock, self._at_end, self._turn = clock, at_end, turn
        self._found_at: float | None = None
        self._hypervisor, self._name = hypervisor, name
        self._work, self._interval, self._wall = work, interval, wall_clock
        self._wake = threading.Event()
        self._stopped = False
        self._up = False
        self._succeeded_at: float | None = None
        self._duration: float | None = None
        self._began: float | None = None
        self._failures = 0
        self._complaint = ""
        self._thread = threading.Thread(
            target=self._run, name=f"{name}-{hypervisor}"[:15], daemon=True
        )

    @property
    def fresh(self) -> bool:
        """Whether a round succeeded, not too long ago."""
        found_at = self._found_at
        return found_at is not None and self._clock() - found_at <= self._served_for

    @property
    def served(self) -> T | None:
        """What the last good round returned; None before it and once that is too old."""
        value = self._value
        return value if self.fresh else None

    def start(self) -> None:
        """Begin; the first round runs at once, in the background."""
        self._thread.start()

    def wake(self) -> None:
        """Run another round as soon as the present one is over."""
        self._wake.set()

    def stop(self) -> None:
        """Begin no other round. A round that hangs is left behind, not waited for."""
        self._stopped = True
        self._wake.set()
        if self._began is None and self._thread.is_alive():
            self._thread.join(LONGEST_FAREWELL)

    def status(self) -> LaneStatus:
        """How it does now."""
        began = self._began
        busy = 0.0 if began is None else monotonic() - began
        return LaneStatus(
            self._name, self._up, self._succeeded_at, self._duration, busy, self._failures
        )

    def _run(self) -> None:
        try:
            self._rounds()
        finally:
            self._at_end()

    def _rounds(self) -> None:
        pause = FIRST_RETRY
        while self._goes_on():
            if self._in_turn():
                pause = FIRST_RETRY
                self._wake.wait(self._interval)
            else:
                # A wake-up does not shorten the wait for a hypervisor that is down.
                self._stop_aware_sleep(pause * uniform(SHORTEST_SHARE, 1))
                pause = min(pause * 2, LONGEST_RETRY)

    def _goes_on(self) -> bool:
        self._wake.clear()  # before the question: whoever stops us wakes us afterwards
        return not self._stopped

    def _in_turn(self) -> bool:
        """Make a round unless told to stop meanwhile; false when it failed."""
        with self._turn():
            return self._stopped or self._round()

    def _stop_aware_sleep(self, seconds: float) -> None:
        end = monotonic() + seconds
        while not self._stopped and (left := end - monotonic()) > 0:
            threading.Event().wait(min(left, 0.25))

    def _round(self) -> bool:
        self._began = monotonic()
        try:
            value = self._work()
        except Exception as error:  # noqa: BLE001 - a lane outlives whatever its source does
            self._up = False
            self._failures += 1
            self._tell(f"{type(error).__name__}: {error}")
            return False
        finally:
            self._duration = monotonic() - self._began
            self._began = None
        self._value, self._found_at = value, self._clock()
        self._up, self._succeeded_at = True, self._wall()
        self._tell("")
        return True

    def _tell(self, complaint: str) -> None:
        if complaint == self._complaint:
            return
        self._complaint = complaint
        if complaint:
            _log.warning(
                "voie en échec", hypervisor=self._hypervisor, lane=self._name, error=complaint
            )
        else:
            _log.info("voie rétablie", hypervisor=self._hypervisor, lane=self._name)
