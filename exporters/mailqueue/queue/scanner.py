"""Reads the queues again and again in a thread; keeps the last state and what went wrong."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from threading import Event, Thread
from time import monotonic

from exporters.mailqueue.queue.pacer import Pacer
from exporters.mailqueue.queue.snapshot import ReadFailed, Snapshot
from exporters.mailqueue.queue.surroundings import Surroundings
from exporters.mailqueue.queue.trend import Trend

SHARE = 0.2
"""A round may work for this part of its interval; a longer one is made less often."""
_FAREWELL = 2.0


@dataclass(frozen=True, slots=True)
class Scan:
    """The last state. `at`: when its round began, on the scanner's clock (seconds).

    `busy`: how long the round worked, its own pauses left out. `growth` and `drain`: see Trend.
    """

    at: float
    snapshot: Snapshot
    surroundings: Surroundings
    busy: float
    growth: float | None
    drain: float | None


class Scanner:
    """Rounds every `interval` seconds, less often when they are long, never beyond `longest`."""

    def __init__(
        self,
        read: Callable[[], Iterator[Snapshot]],
        surroundings: Callable[[], Surroundings],
        pacer: Pacer,
        stop: Event,
        *,
        interval: float,
        longest: float,
        now: Callable[[], float] = monotonic,
    ) -> None:
        self._read, self._surroundings = read, surroundings
        self._pacer, self._stop, self._now = pacer, stop, now
        self._interval, self._longest = interval, longest
        self._trend = Trend()
        self._method = ""
        self._state: tuple[Scan | None, str] = (None, "")
        self._answered = Event()
        self._thread = Thread(target=self._rounds, name="mailqueue-scan", daemon=True)

    def start(self) -> None:
        """Begin; the first round runs at once."""
        self._thread.start()

    def stop(self) -> None:
        """Begin no other round; one that hangs is left behind."""
        self._stop.set()
        if self._thread.is_alive():
            self._thread.join(_FAREWELL)

    def wait_first(self, seconds: float) -> None:
        """Return once a round has told something, or after so many seconds."""
        self._answered.wait(seconds)

    def state(self) -> tuple[Scan | None, str]:
        """The last state, and why the last round failed (French; empty when it did not)."""
        return self._state

    def now(self) -> float:
        """The scanner's clock, on which a scan's age is measured."""
        return self._now()

    def round(self) -> float:
        """Make one round. Return the seconds until the next one should begin."""
        began, slept = self._now(), self._pacer.slept
        self._pacer.begin()
        try:
            around = self._surroundings()
            last: Snapshot | None = None
            for last in self._read():
                self._tell(began, slept, last, around)
            if last is not None:
                self._trend.add(began, last)
                self._tell(began, slept, last, around)
        except ReadFailed as failure:
            self._fail(str(failure))
        except Exception as error:  # noqa: BLE001 - the thread outlives whatever the disk holds
            self._fail(f"{type(error).__name__}: {error}")
        ended = self._now()
        busy = ended - began - (self._pacer.slept - slept)
        period = min(max(self._interval, busy / SHARE), max(self._longest, self._interval))
        return max(0.0, began + period - ended)

    def _tell(self, began: float, slept: float, found: Snapshot, around: Surroundings) -> None:
        if found.method != self._method:  # they do not count the same files
            self._method = found.method
            self._trend.clear()
        busy = self._now() - began - (self._pacer.slept - slept)
        growth, drain = self._trend.incoming_growth(), self._trend.drain_seconds()
        self._state = (Scan(began, found, around, busy, growth, drain), "")
        self._answered.set()

    def _fail(self, why: str) -> None:
        self._trend.clear()
        self._state = (self._state[0], why)
        self._answered.set()

    def _rounds(self) -> None:
        while not self._stop.is_set():
            self._stop.wait(self.round())
