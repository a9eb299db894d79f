"""Where the queues are going, by what the last minutes' rounds counted. Pure."""

from __future__ import annotations

from collections import deque

from exporters.mailqueue.queue.snapshot import Snapshot

WINDOW_SECONDS = 180.0
_SHORTEST_SECONDS = 10.0
_ON_THE_WAY = ("incoming", "active", "deferred", "maildrop")
Point = tuple[float, int, int]


class Trend:
    """Remembers the counts of the last minutes. Times are of a clock that never jumps."""

    def __init__(self) -> None:
        self._points: deque[Point] = deque()

    def add(self, at: float, snapshot: Snapshot) -> None:
        """A round ended at this time."""
        counts = {name: state.messages for name, state in snapshot.queues.items()}
        waiting = sum(counts.get(queue, 0) for queue in _ON_THE_WAY)
        self._points.append((at, counts["incoming"], waiting))
        while len(self._points) > 2 and self._points[1][0] <= at - WINDOW_SECONDS:
            self._points.popleft()

    def clear(self) -> None:
        """Forget: rounds failed, or another reader counts, and nothing compares with before."""
        self._points.clear()

    def incoming_growth(self) -> float | None:
        """Messages a second by which ``incoming`` grew, negative when it shrank; None at first."""
        ends = self._ends()
        return None if ends is None else (ends[1][1] - ends[0][1]) / (ends[1][0] - ends[0][0])

    def drain_seconds(self) -> float | None:
        """Seconds until nothing waits but held mail, were it to shrink on as it did lately.

        0 when nothing waits, None while it does not shrink.
        """
        ends = self._ends()
        if self._points and self._points[-1][2] == 0:
            return 0.0
        if ends is None or ends[1][2] >= ends[0][2]:
            return None
        rate = (ends[0][2] - ends[1][2]) / (ends[1][0] - ends[0][0])
        return ends[1][2] / rate

    def _ends(self) -> tuple[Point, Point] | None:
        if not self._points or self._points[-1][0] - self._points[0][0] < _SHORTEST_SECONDS:
            return None
        return self._points[0], self._points[-1]
