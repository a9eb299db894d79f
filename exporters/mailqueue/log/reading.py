"""A log, what is made of it, and where that is saved: moved on by scrapes and between them."""

from __future__ import annotations

import json
from collections.abc import Callable
from time import monotonic

from exporters.mailqueue.detector import Detection
from exporters.mailqueue.log.pipeline import Pipeline
from exporters.mailqueue.log.saver import Saver
from exporters.mailqueue.log.settings import Parser
from exporters.mailqueue.log.several import PartlyUnreadable
from exporters.mailqueue.log.source import LogSource
from exporters.mailqueue.log.stamp import StampReader
from exporters.toolkit.collector import Deadline
from inventory.process import Clock

SAVE_SECONDS = 15.0
LATEST_SAVE = 120.0
"""While more is written than can be read in time, it is saved so often, in seconds."""
MARGIN = 0.5
"""Part of the deadline left for what comes after reading, in seconds."""


class Reading:
    """A position and what was made of all lines before it are saved together, so that
    a restart, even by ``kill -9``, neither loses a line nor counts one twice.

    `origin` names the log: a position in one is none in another. `saver`: None to save nothing.
    Not for two threads at once.
    """

    def __init__(
        self,
        source: LogSource,
        *,
        origin: str,
        parse: Parser,
        stamps: StampReader,
        pipeline: Pipeline,
        saver: Saver | None,
        clock: Clock,
        now: Callable[[], float] = monotonic,
    ) -> None:
        self.pipeline = pipeline
        self._source, self._origin = source, origin
        self._parse, self._stamps = parse, stamps
        self._saver = saver
        self._clock, self._now = clock, now
        self._saved_at = now()
        self._begun = saver is None or not saver.whole
        self._waiting, self._past = False, True
        self.fault: PartlyUnreadable | None = None
        """What could not be read beside what was, at the last time all of it was tried."""

    @property
    def last(self) -> int | None:
        """Time stamp of the last line read, in Unix seconds."""
        return self._stamps.last

    def reached(self, now: int) -> int:
        """The time up to which the log was read: `now`; while lines that came since the very
        first start wait, that of the last one read. What was there before is over.
        """
        behind = self._waiting and not self._past
        return min(now, self.last) if behind and self.last is not None else now

    def lag(self, now: float) -> float:
        """Age of the last line read while more are waiting; 0 when all are read."""
        last = self._stamps.last
        return max(0.0, now - last) if self._waiting and last is not None else 0.0

    def advance(self, deadline: Deadline) -> list[Detection]:
        """Read what there is, and save if it is time to. Raise CollectorError.

        When there is more than the deadline allows, the rest waits for the next call.
        """
        if not self._begun:  # where counting begins is not saved yet
            self._save()
            self._begun = True
        found = self._read(deadline)
        if not self._waiting:
            found += self.pipeline.tick(int(self._clock().timestamp()))
        late = self._now() - self._saved_at
        if late >= SAVE_SECONDS and (deadline.remaining() >= MARGIN or late >= LATEST_SAVE):
            self._save()
        return found

    def settle(self) -> None:
        """Wait until what is being saved is saved."""
        if self._saver is not None:
            self._saver.wait()

    def close(self) -> None:
        """Save where we are and close the log."""
        if self._saver is not None:
            self._saver.wait()
            self._save()
            self._saver.close()
            self._saver = None
        self._source.close()

    def _read(self, deadline: Deadline) -> list[Detection]:
        pipeline, found = self.pipeline, []
        self._waiting = True
        try:
            for block, past in self._source.blocks():
                self._past = past
                now = int(self._clock().timestamp())
                if not past:
                    pipeline.tally.add_lines(block.count(b"\n") + (not block.endswith(b"\n")))
                detections = pipeline.feed(self._parse(block, self._stamps), now, past=past)
                if not past:
                    found += detections
                if deadline.remaining() < MARGIN:
                    break
            else:
                self.fault = None
        except PartlyUnreadable as fault:
            self.fault = fault
        self._waiting = self._source.behind() != 0
        return found

    def _save(self) -> None:
        """Begin to save this instant; later if the last one is still being written."""
        self._saved_at = self._now()
        if self._saver is None:
            self.pipeline.changes()  # nobody wants them, and they would pile up
        elif not self._saver.busy():
            self._saver.whole |= self.pipeline.anew
            if self._saver.whole:
                self.pipeline.change_all()
            rows = self.pipeline.changes()
            where = {
                "origin": self._origin,
                "position": self._source.position(),
                "last": self._stamps.last,
            }
            self._saver.write({**self.pipeline.core(), "source": json.dumps(where)}, rows)
