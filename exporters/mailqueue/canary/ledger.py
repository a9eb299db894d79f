"""What became of each mail of one canary. No I/O and no clock: instants are given.

A mail is received or lost, once. What arrives after it was counted lost is late; what
arrives twice, or was sent before a restart, is not counted.
"""

from __future__ import annotations

from bisect import bisect_left
from collections import deque
from dataclasses import dataclass, field, replace
from threading import Lock

STAGES = ("connect", "tls", "auth", "refused", "deliver", "receive")
"""Where it failed. The first four: handing it over by SMTP, so it was never sent. `deliver`: taken,
but not where it should be in time. `receive`: nobody knows, the mailbox could not be read."""

BUCKETS = (0.5, 1.0, 2.0, 5.0, 10.0, 30.0, 60.0, 120.0, 300.0, 600.0)
"""Upper bounds of the latency histogram, in seconds."""

_LOST_KEPT = 1000


@dataclass(frozen=True)
class Tally:
    """Sums since the process began. `success`: how the newest decided mail ended, None before."""

    sent: int = 0
    received: int = 0
    lost: int = 0
    late: int = 0
    failures: dict[str, int] = field(default_factory=lambda: dict.fromkeys(STAGES, 0))
    buckets: tuple[int, ...] = (0,) * (len(BUCKETS) + 1)
    seconds: float = 0.0
    success: bool | None = None
    last_success: float | None = None


class Ledger:
    """The mails of one canary that are on their way, and the sums of those decided.

    Instants are seconds of one monotonic clock. A mail is lost when a look at the mailbox that
    began `lost_after` seconds after it was begun does not find it; when no look comes to an
    end within `grace` more seconds, it is lost at stage `overdue`. Called from several threads.
    """

    def __init__(self, lost_after: float, grace: float, overdue: str) -> None:
        self._lost_after, self._grace, self._overdue = lost_after, grace, overdue
        self._lock = Lock()
        self._handing_over: dict[str, float] = {}
        self._waiting: dict[str, float] = {}
        self._lost: deque[str] = deque(maxlen=_LOST_KEPT)
        self._decided_at = float("-inf")
        self._tally = Tally()

    def begin(self, token: str, at: float) -> None:
        """This mail is about to be handed over: from here on its latency counts."""
        with self._lock:
            self._handing_over[token] = at

    def sent(self, token: str) -> None:
        """The server took it."""
        with self._lock:
            at = self._handing_over.pop(token, None)
            if at is not None:  # it has not arrived before its server said so
                self._waiting[token] = at
            self._tally = replace(self._tally, sent=self._tally.sent + 1)

    def failed(self, token: str, stage: str) -> None:
        """It could not be handed over. One that arrived all the same counts as sent."""
        with self._lock:
            at = self._handing_over.pop(token, None)
            if at is None:
                self._tally = replace(self._tally, sent=self._tally.sent + 1)
                return
            self._fail(stage)
            self._decide(at, success=False)

    def arrived(self, token: str, at: float, unix_time: float) -> None:
        """It was seen at `at`; `unix_time` is that instant on the wall clock."""
        with self._lock:
            self._lose(at - self._lost_after - self._grace, self._overdue)
            begun = self._waiting.pop(token, None)
            if begun is None:
                begun = self._handing_over.pop(token, None)
            if begun is not None:
                self._receive(begun, at - begun, unix_time)
            elif token in self._lost:
                self._lost.remove(token)
                self._tally = replace(self._tally, late=self._tally.late + 1)

    def looked(self, began: float, *, readable: bool) -> int:
        """A look at the mailbox that began at `began` is over; what it found was told before.

        Return how many mails are lost by this.
        """
        with self._lock:
            return self._lose(began - self._lost_after, "deliver" if readable else "receive")

    def expire(self, now: float) -> int:
        """Time has passed. Return how many mails are lost by this."""
        with self._lock:
            return self._lose(now - self._lost_after - self._grace, self._overdue)

    def waiting(self) -> list[float]:
        """When each mail that is on its way was begun, the oldest first."""
        with self._lock:
            return sorted(self._waiting.values())

    def tally(self) -> Tally:
        """The sums."""
        with self._lock:
            return replace(self._tally, failures=dict(self._tally.failures))

    def _receive(self, begun: float, latency: float, unix_time: float) -> None:
        place = bisect_left(BUCKETS, latency)
        buckets = tuple(n + (i == place) for i, n in enumerate(self._tally.buckets))
        self._tally = replace(
            self._tally,
            received=self._tally.received + 1,
            buckets=buckets,
            seconds=self._tally.seconds + latency,
            last_success=unix_time,
        )
        self._decide(begun, success=True)

    def _lose(self, begun_by: float, stage: str) -> int:
        overdue = {token: at for token, at in self._waiting.items() if at <= begun_by}
        for token, begun in overdue.items():
            del self._waiting[token]
            self._lost.append(token)
            self._fail(stage)
            self._tally = replace(self._tally, lost=self._tally.lost + 1)
            self._decide(begun, success=False)
        return len(overdue)

    def _fail(self, stage: str) -> None:
        failures = {**self._tally.failures, stage: self._tally.failures[stage] + 1}
        self._tally = replace(self._tally, failures=failures)

    def _decide(self, begun: float, *, success: bool) -> None:
        if begun >= self._decided_at:  # the newest tells how things are now
            self._decided_at = begun
            self._tally = replace(self._tally, success=success)
