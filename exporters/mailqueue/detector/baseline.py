"""What is usual for one account, and for all of them. Pure; saved as plain data.

Recipients and messages of each hour in which the account sent something enter an
exponentially weighted mean by kind of hour, and the highest value of each window is
remembered and fades. An account that sent in few hours is also given the population's.
"""

from __future__ import annotations

from array import array
from typing import Any

from exporters.mailqueue.detector.flow import HOUR, MESSAGES, PEAKS, RECIPIENTS, WINDOWS
from exporters.mailqueue.detector.hours import HourClass

FLOOR = ((10, 12, 15, 40), (8, 10, 12, 30))
"""Recipients and messages in each window that are usual for anybody."""
WEIGHT = 0.1
PEAK_SHARE = 0.7
PEAK_DAYS = 60.0
"""A peak fades by 1/e in so many days."""
MEAN_FACTOR = 3.0
PEAK_SECONDS = 12 * HOUR
"""A peak is usual from then on: not while a theft is young."""
YOUNG_HOURS = 10
_POPULATION_LEAST = 200
_KINDS = len(HourClass)
_HOUR_WINDOW = WINDOWS.index(HOUR)


class Baseline:
    """One account."""

    __slots__ = ("_day", "_means", "_peaks", "_pending", "_pending_since", "hours")

    def __init__(self) -> None:
        self._means = array("d", [0.0] * (2 * _KINDS))
        self._peaks = array("d", [0.0] * PEAKS)
        self._day = 0
        self._pending: array[int] | None = None
        self._pending_since = 0
        self.hours = 0
        """In how many hours it sent something."""

    def learn(self, kind: HourClass, peaks: list[int]) -> None:
        """An hour of that kind with these peaks (`Flow.take_peaks`) enters the means."""
        for column in (RECIPIENTS, MESSAGES):
            amount = peaks[column * len(WINDOWS) + _HOUR_WINDOW]
            place = column * _KINDS + kind
            self._means[place] += WEIGHT * (amount - self._means[place])
        self.hours += 1

    def reach(self, time: int, peaks: list[int]) -> None:
        """The peaks of an hour at `time`; they are usual `PEAK_SECONDS` later."""
        if self._pending is None:
            self._pending, self._pending_since = array("q", [0] * PEAKS), time
        for place, peak in enumerate(peaks):
            self._pending[place] = max(self._pending[place], peak)

    def turn_hour(self, time: int) -> None:
        """Time passes: what was reached long enough ago is usual."""
        if self._pending is None or time - self._pending_since < PEAK_SECONDS:
            return
        day = time // 86_400
        fade = max(0.0, 1 - (day - self._day) / PEAK_DAYS) if self._day else 1.0
        for place, peak in enumerate(self._pending):
            self._peaks[place] = max(self._peaks[place] * fade, float(peak))
        self._day, self._pending = day, None

    def forget_pending(self) -> None:
        """What a thief reached is never usual."""
        self._pending = None

    def usual(self, column: int, window: int, kind: HourClass) -> float:
        """What is usual in the window of that index; never under the floor."""
        peak = self._peaks[column * len(WINDOWS) + window]
        usual = max(float(FLOOR[column][window]), PEAK_SHARE * peak)
        if WINDOWS[window] >= HOUR:
            usual = max(usual, MEAN_FACTOR * self._means[column * _KINDS + kind])
        return usual

    def pace(self, column: int) -> float:
        """The highest pace seen, of all messages or of those with several recipients."""
        return self._peaks[2 * len(WINDOWS) + column]

    def save(self) -> list[Any]:
        """For `restore`: JSON."""
        pending = None if self._pending is None else self._pending.tolist()
        return [
            self._means.tolist(), self._peaks.tolist(), self._day, self.hours,
            pending, self._pending_since,
        ]  # fmt: skip

    def restore(self, saved: list[Any]) -> None:
        """What `save` gave."""
        means, peaks, self._day, self.hours, pending, self._pending_since = saved
        self._means, self._peaks = array("d", means), array("d", peaks)
        self._pending = None if pending is None else array("q", pending)


class Population:
    """Recipients an hour over all accounts: a histogram by powers of two."""

    def __init__(self, counts: list[int] | None = None) -> None:
        self.counts = counts or [0] * 24

    def learn(self, recipients: int) -> None:
        """An account sent to so many in an hour."""
        self.counts[min(23, recipients.bit_length())] += 1

    def high(self) -> float:
        """What 99 % of the hours stay under; 0 before there are enough; 25 at most."""
        total = sum(self.counts)
        if total < _POPULATION_LEAST:
            return 0.0
        reached = 0
        for bits, count in enumerate(self.counts):
            reached += count
            if reached >= 0.99 * total:
                # A population of newsletters must not hide a first theft.
                return min(25.0, float(1 << bits))
        return 0.0
