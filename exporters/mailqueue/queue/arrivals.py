"""When the messages of one queue came, kept in order while they come and go."""

from __future__ import annotations

from array import array
from bisect import bisect_left, bisect_right
from collections import Counter
from collections.abc import Sequence

UNKNOWN_ARRIVAL = -1.0


class Arrivals:
    """Unix times. What changed is merged when the order is wanted: that costs no new sorting."""

    def __init__(self) -> None:
        self._times = array("d")
        self._come: list[float] = []
        self._gone: Counter[float] = Counter()

    def add(self, time: float) -> None:
        """A message that came then is in the queue."""
        self._come.append(time)

    def remove(self, time: float) -> None:
        """One that came then, and was added, is no more."""
        self._gone[time] += 1

    def in_order(self) -> Sequence[float] | None:
        """All of them, oldest first; None while one is unknown. No later change alters it."""
        if self._come or self._gone:
            times = sorted([*self._times, *self._come])
            if self._gone:
                kept = [time for time in times if time not in self._gone]
                for time, count in self._gone.items():
                    same = bisect_right(times, time) - bisect_left(times, time)
                    kept += [time] * (same - count)
                times = sorted(kept)
            self._times = array("d", times)
            self._come, self._gone = [], Counter()
        return None if self._times and self._times[0] == UNKNOWN_ARRIVAL else self._times
