"""What one account sends: messages and recipients over several windows, and their peaks. Pure."""

from __future__ import annotations

from typing import Any

from exporters.mailqueue.detector.window import SlidingSums

HOUR, DAY = 3600, 86_400
WINDOWS = (120, 600, HOUR, DAY)
"""2 min, 10 min, 1 h, 24 h, in seconds."""
RECIPIENTS, MESSAGES, FRESH = 0, 1, 2
"""Columns of a window; FRESH are recipients of messages from new networks."""
PACE_SECONDS = 10
PACE_ALL, PACE_SEVERAL, PACE_FRESH, PACE_FRESH_SEVERAL = 0, 1, 2, 3
PACE_RECIPIENTS, PACE_TRIED, PACE_STRANGERS = 4, 5, 6
"""Columns of the pace: messages, those with several recipients, both from new networks; the
recipients of those with several; deliveries tried, those outside to whom it never wrote."""
PACE_COLUMNS = 7
FAST = 4
"""Messages in ten seconds under which deliveries are not counted: it costs."""
TRIED = 8
"""Deliveries that tell what the recipients are who were not tried yet."""
SEVERAL = 3
"""From so many recipients on a message is not one of a mail merge."""
LONG = 2 * HOUR
SUSTAINED_RECIPIENTS, SUSTAINED_FRESH = 10, 8
"""In ten minutes, from known and from new networks; a person answering mail stays under it."""
PEAKS = 2 * len(WINDOWS) + 2
"""Recipients in each window, messages in each, the pace of all and of several recipients."""
_TEN_MINUTES = WINDOWS.index(600)
_PACE_PEAK = 2 * len(WINDOWS)


class Flow:
    """The windows of one account that sent something in the last day."""

    __slots__ = ("_long", "_pace", "_waiting", "_waiting_at", "_windows", "peaks")

    def __init__(self) -> None:
        self._windows = [SlidingSums(seconds, 3) for seconds in WINDOWS]
        self._pace = SlidingSums(PACE_SECONDS, PACE_COLUMNS)
        self._long: SlidingSums | None = None
        self._waiting = self._waiting_at = 0
        """Messages of that second, to be counted with their recipients: mostly the next line."""
        self.peaks = [0] * PEAKS
        """The highest sums since `take_peaks`."""

    def submitted(self, time: int) -> bool:
        """A message was taken; its recipients are not known yet. Whether one before still waits."""
        waits = self._waiting > 0 and time != self._waiting_at
        if waits:
            self._settle()
        self._waiting += 1
        self._waiting_at = time
        return waits

    def activated(self, time: int, recipients: int, *, fresh: bool) -> None:
        """A message's recipients; `fresh`: it came from a network that is not its own."""
        if self._waiting and time != self._waiting_at:
            self._settle()
        strange = recipients if fresh else 0
        self._add(time, recipients, self._waiting, strange)
        self._waiting = 0
        if self._long is not None:
            self._long.add(time, recipients - strange, strange)
        else:
            self._begin_long(time)
        pace = self._pace
        if recipients >= SEVERAL:
            pace.add(time, 1, 1, int(fresh), int(fresh), recipients)
        else:
            pace.add(time, 1, 0, int(fresh))
        for column in (PACE_ALL, PACE_SEVERAL):
            place = _PACE_PEAK + column
            self.peaks[place] = max(self.peaks[place], pace.totals[column])

    @property
    def fast(self) -> bool:
        """Whether it sent more in ten seconds, the last time it sent, than a hand does."""
        return self._pace.totals[PACE_ALL] >= FAST

    def tried(self, time: int, *, stranger: bool) -> None:
        """A delivery; `stranger`: outside, and it never wrote there."""
        self._pace.add(time, 0, 0, 0, 0, 0, 1, int(stranger))

    def _add(self, time: int, recipients: int, messages: int, strange: int) -> None:
        peaks = self.peaks
        for place, window in enumerate(self._windows):
            window.add(time, recipients, messages, strange)
            totals = window.totals
            peaks[place] = max(peaks[place], totals[RECIPIENTS])
            place += len(WINDOWS)  # noqa: PLW2901 - the same window's messages
            peaks[place] = max(peaks[place], totals[MESSAGES])

    def _settle(self) -> None:
        """Count the messages whose recipients are not known: they wait in a full queue."""
        messages, self._waiting = self._waiting, 0
        self._add(self._waiting_at, 0, messages, 0)

    def _begin_long(self, time: int) -> None:
        """Most never send so much in ten minutes that it is worth its memory."""
        ten = self._windows[_TEN_MINUTES].totals
        if ten[RECIPIENTS] >= SUSTAINED_FRESH:
            self._long = SlidingSums(LONG, 2)
            self._long.add(time, ten[RECIPIENTS] - ten[FRESH], ten[FRESH])

    def take_peaks(self) -> list[int]:
        """The peaks of the hour that ended."""
        if self._waiting:
            self._settle()
        ended, self.peaks = self.peaks, [0] * PEAKS
        return ended

    def totals(self, window: int, time: int) -> list[int]:
        """Recipients, messages and FRESH recipients of that window."""
        if self._waiting:
            self._settle()
        sums = self._windows[window]
        sums.forget(time)
        return sums.totals

    def pace(self, time: int) -> list[int]:
        """Of the last ten seconds, by PACE column."""
        self._pace.forget(time)
        return self._pace.totals

    def pace_strangers(self, time: int) -> int:
        """Recipients outside that it never wrote to, one a message at most, in ten seconds.

        Of messages not tried yet as many as of those that were.
        """
        pace = self.pace(time)
        messages, tried, strangers = pace[PACE_ALL], pace[PACE_TRIED], pace[PACE_STRANGERS]
        if tried >= TRIED:
            strangers = max(strangers, messages * strangers // tried)
        return min(messages, strangers)

    def sustained(self, time: int) -> tuple[float, float]:
        """Shares of the last 2 h that are full, by ten minutes: of known networks, of FRESH."""
        long = self._long
        if long is None:
            return 0.0, 0.0
        long.forget(time)
        known, strange = long.totals
        return (
            # Under the least that counts nothing is counted: it costs.
            long.busy(0, SUSTAINED_RECIPIENTS, time, 12)
            if known >= 3 * SUSTAINED_RECIPIENTS
            else 0,
            long.busy(1, SUSTAINED_FRESH, time, 12) if strange >= 6 * SUSTAINED_FRESH else 0,
        )

    def save(self) -> list[Any]:
        """For `restore`: JSON."""
        sums = (*self._windows, self._pace)
        long = None if self._long is None else self._long.save()
        return [*(part.save() for part in sums), long, self.peaks, self._waiting, self._waiting_at]

    def restore(self, saved: list[Any]) -> None:
        """What `save` gave."""
        *windows, pace, long, peaks, self._waiting, self._waiting_at = saved
        self._windows = [
            SlidingSums(seconds, 3, rows) for seconds, rows in zip(WINDOWS, windows, strict=True)
        ]
        self._pace = SlidingSums(PACE_SECONDS, PACE_COLUMNS, pace)
        self._long = None if long is None else SlidingSums(LONG, 2, long)
        self.peaks = list(peaks)
