"""A circuit breaker: who failed thrice is left alone for a while, each time longer. Pure."""

from __future__ import annotations

from dataclasses import dataclass

FAILURES = 3
FIRST_PAUSE, LONGEST_PAUSE = 120.0, 3600.0


@dataclass
class Breaker:
    """Closed at first. `now` is in seconds on any clock that does not go back.

    After `FAILURES` in a row it opens for `FIRST_PAUSE`; then one attempt is let through
    (half-open): its success closes it, its failure opens it for twice as long, up to
    `LONGEST_PAUSE`.
    """

    failures: int = 0
    pause: float = FIRST_PAUSE
    closed_again_at: float | None = None

    def lets_through(self, now: float) -> bool:
        """Whether an attempt may be made."""
        return self.closed_again_at is None or now >= self.closed_again_at

    def succeeded(self) -> None:
        """The attempt was answered."""
        self.failures, self.pause, self.closed_again_at = 0, FIRST_PAUSE, None

    def failed(self, now: float) -> None:
        """The attempt was not."""
        self.failures += 1
        if self.failures < FAILURES:
            return
        if self.closed_again_at is not None:
            self.pause = min(self.pause * 2, LONGEST_PAUSE)
        self.closed_again_at = now + self.pause
