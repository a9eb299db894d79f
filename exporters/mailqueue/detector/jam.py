"""The mail server is jammed, by its log alone: submissions go on, deliveries stall. Pure."""

from __future__ import annotations

from typing import Any

from exporters.mailqueue.detector.window import RecentSet, SlidingSums

WINDOW = 300
SLOW_SECONDS = 60.0
"""Longer than this between the queue manager and an agent: the active queue is not drained."""
SENDERS = 5
"""A newsletter that waits for its own turn is one sender; a jam is everybody's."""
LEAST = 30
SHARE = 0.5
CONFIRM_SECONDS = 180
QUIET_SECONDS = 3600
"""A jam is paged for again only after so long without a reason."""
OVER_SECONDS = 300
"""After so long without a reason it is over."""
IDS = 4096
"""Queue ids of deferred messages remembered, so that a retry counts once."""
_TRIED, _SLOW, _TAKEN, _DONE = range(4)


class Jam:
    """Whether mail is stuck, with the reasons as numbers."""

    def __init__(self) -> None:
        self._sums = SlidingSums(WINDOW, 4)
        # Of the second `_at`, to be added at once: every delivery comes through here.
        self._tried_now = self._taken_now = self._done_now = self._at = 0
        self._taken, self._slow, self._deferred = (RecentSet(WINDOW, 64) for _ in range(3))
        self._deferred_ids = RecentSet(WINDOW, IDS)
        self._settled = 0
        self._since: int | None = None
        self._last = 0
        self._reasons: dict[str, float] = {}
        self._on = False

    def take(self, time: int, sender: str) -> None:
        """A message entered the queue."""
        if time != self._at:
            self._settle(time)
        self._taken_now += 1
        self._taken.add(sender, time)

    def tried(
        self, time: int, sender: str, queue_id: bytes, *, in_queue: float, done: bool
    ) -> None:
        """A delivery was tried; `done`: it is over, delivered or returned."""
        if time != self._at:
            self._settle(time)
        self._tried_now += 1
        if in_queue >= SLOW_SECONDS:
            self._sums.add(time, 0, 1, 0, 0)
            self._slow.add(sender, time)
        if done:
            self._done_now += 1
            self._settled += 1
        else:
            self._deferred.add(sender, time)
            self._deferred_ids.add(queue_id.decode("latin-1"), time)

    def page(self, time: int) -> dict[str, float] | None:
        """The reasons, when a jam has just been confirmed."""
        self._settle(time)
        self._sums.forget(time)
        reasons = self._find(time)
        if reasons:
            self._last, self._reasons = time, reasons
            if self._since is None:
                self._since = time
            if not self._on and time - self._since >= CONFIRM_SECONDS:
                self._on = True
                return reasons
        else:
            self._since = None
            if self._on and time - self._last >= QUIET_SECONDS:
                self._on = False
        return None

    def now(self, time: int) -> dict[str, float]:
        """The reasons while a jam is on; else nothing."""
        return dict(self._reasons) if self._on and time - self._last < OVER_SECONDS else {}

    def _find(self, time: int) -> dict[str, float]:
        tried, slow, taken, done = self._sums.totals
        found: dict[str, float] = {}
        if slow >= LEAST and slow >= SHARE * tried and self._slow.count(time) >= SENDERS:
            found["slow_deliveries"] = round(100 * slow / tried, 1)
        # A log without any deliveries (another host's) says nothing of them.
        seen = self._settled >= 2 * LEAST
        if (
            seen
            and taken >= 2 * LEAST
            and done < 0.2 * taken
            and self._taken.count(time) >= SENDERS
        ):
            found["stalled"] = round(100 * (1 - done / taken), 1)
        deferred = self._deferred_ids.count(time)
        if (
            deferred >= 2 * LEAST
            and deferred >= SHARE * (deferred + done)
            and self._deferred.count(time) >= SENDERS
        ):
            found["deferred"] = round(100 * deferred / (deferred + done), 1)
        return found

    def _settle(self, time: int) -> None:
        if self._tried_now or self._taken_now:
            self._sums.add(self._at, self._tried_now, 0, self._taken_now, self._done_now)
            self._tried_now = self._taken_now = self._done_now = 0
        self._at = time

    def save(self) -> list[Any]:
        """For `restore`: JSON."""
        self._settle(self._at)
        sets = (self._taken, self._slow, self._deferred, self._deferred_ids)
        return [
            self._sums.save(), [seen.save() for seen in sets], self._settled, self._since,
            self._last, self._reasons, self._on,
        ]  # fmt: skip

    def restore(self, saved: list[Any]) -> None:
        """What `save` gave."""
        (
            sums, (taken, slow, deferred, ids), self._settled, self._since, self._last,
            self._reasons, self._on,
        ) = saved  # fmt: skip
        self._sums = SlidingSums(WINDOW, 4, sums)
        self._taken, self._slow, self._deferred = (
            RecentSet(WINDOW, 64, seen) for seen in (taken, slow, deferred)
        )
        self._deferred_ids = RecentSet(WINDOW, IDS, ids)
