"""The mail server is jammed, by its log alone: submissions go on, deliveries stall. Pure."""

from __future__ import annotations

from math import isnan
from typing import Any

from exporters.mailqueue.detector.way import HERE, OUT, SENDERS, THROUGH, WINDOW, Way, is_local
from exporters.mailqueue.detector.window import RecentSet, SlidingSums
from exporters.mailqueue.log.events import Delivered

LEAST = 60
"""Messages taken, before it says something that few of them left."""
CONFIRM_SECONDS = 180
QUIET_SECONDS = 3600
"""A jam is paged for again only after so long without a reason."""
OVER_SECONDS = 300
"""After so long without a reason it is over."""


class Jam:
    """Whether mail is stuck, with the reasons as numbers."""

    def __init__(self) -> None:
        self._sums = SlidingSums(WINDOW, 2)
        # Of the second `_at`, to be added at once: every delivery comes through here.
        self._taken_now = self._done_now = self._at = 0
        self._taken = RecentSet(WINDOW, 64)
        self._out, self._here, self._through = self._ways = Way(OUT), Way(HERE), Way(THROUGH)
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

    def tried(self, time: int, sender: str, event: Delivered, *, came_in: bool) -> None:
        """A delivery was tried; `came_in`: of mail from elsewhere."""
        if time != self._at:
            self._settle(time)
        deferred = ""
        if event.status != b"deferred":
            self._done_now += 1
            self._settled += 1
        elif event.reason == "greylisted":
            return  # it will pass at the next try: neither here nor there
        else:
            deferred = event.queue_id.decode("latin-1")
        here = is_local(event.agent)
        way = self._here if here else self._through if came_in else self._out
        wait = event.in_queue
        if deferred and isnan(event.delays[3]):
            wait = 0.0  # Exim: a dead host's time-out is in it
        domain = "" if here else event.domain.decode("latin-1")
        way.tried(time, sender, domain, in_queue=wait, deferred=deferred)

    def settled(self, time: int) -> None:
        """A notice of ours, or what nobody submitted, is done: it left, and says no more."""
        if time != self._at:
            self._settle(time)
        self._done_now += 1
        self._settled += 1

    def page(self, time: int) -> dict[str, float] | None:
        """The reasons, when a jam has just been confirmed."""
        self._settle(time)
        self._sums.forget(time)
        reasons, seen = self._find(time)
        if reasons:
            self._last, self._reasons = time, reasons
            if self._since is None:
                self._since = time
            # A pause of the whole machine delays all at once, and then no more.
            if not self._on and seen - self._since >= CONFIRM_SECONDS:
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

    def _find(self, time: int) -> tuple[dict[str, float], int]:
        """The reasons, and when the last sign of one was seen."""
        found: dict[str, float] = {}
        slow, seen = max(way.slow(time) for way in self._ways)
        if slow:
            found["slow_deliveries"] = slow
        taken, done = self._sums.totals
        # A log without any deliveries (another host's) says nothing of them.
        if (
            self._settled >= LEAST
            and taken >= LEAST
            and done < 0.2 * taken
            and self._taken.count(time) >= SENDERS
        ):
            found["stalled"] = round(100 * (1 - done / taken), 1)
            seen = time
        deferred = max(way.deferred(time) for way in self._ways)
        if deferred:
            found["deferred"] = deferred
            seen = time
        return found, seen

    def _settle(self, time: int) -> None:
        if self._taken_now or self._done_now:
            self._sums.add(self._at, self._taken_now, self._done_now)
            self._taken_now = self._done_now = 0
        self._at = time

    def save(self) -> list[Any]:
        """For `restore`: JSON."""
        self._settle(self._at)
        return [
            self._sums.save(), self._taken.save(), [way.save() for way in self._ways],
            self._settled, self._since, self._last, self._reasons, self._on,
        ]  # fmt: skip

    def restore(self, saved: list[Any]) -> None:
        """What `save` gave."""
        (
            sums, taken, ways, self._settled, self._since, self._last,
            self._reasons, self._on,
        ) = saved  # fmt: skip
        self._sums = SlidingSums(WINDOW, 2, sums)
        self._taken = RecentSet(WINDOW, 64, taken)
        for way, row in zip(self._ways, ways, strict=True):
            way.restore(row)
