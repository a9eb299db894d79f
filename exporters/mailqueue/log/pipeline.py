"""Everything made of the log's events, as it is fed, saved and taken up again. Pure."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import Any

from exporters.mailqueue.detector import Detection, Detector
from exporters.mailqueue.log.events import MailEvent, Unparsed
from exporters.mailqueue.log.exim_memory import Memory
from exporters.mailqueue.log.former_state import FormerTally
from exporters.mailqueue.log.messages import Message, Messages
from exporters.mailqueue.log.state import Row, Saved
from exporters.mailqueue.log.tally import SavedTally, Tally

Queue = Callable[[str], tuple[float, int]]
"""The part (0..1) of the queued messages that is an account's, and how many are queued."""

_SET_BACK = 3600
"""A clock put back by less, in seconds, does no lasting harm."""


class Pipeline:
    """Events in: the join of queue ids, the sums, the detector.

    `domains`: the member each mail domain belongs to; `detector` makes one that asks for the
    queue, which is known from the log itself: messages that came in and did not leave.
    """

    def __init__(
        self,
        windows: Iterable[int],
        domains: Mapping[str, str],
        detector: Callable[[Queue], Detector],
    ) -> None:
        self.messages = Messages()
        self.exim = Memory()
        """What reading Exim's log takes; stays empty with another mail server."""
        self.tally = Tally(windows, domains)
        self._make = detector
        self.detector = detector(self.messages.share)
        self._time = 0
        self.anew = False
        """What was saved of the detector is not what it is any more."""

    def feed(
        self, events: Iterable[MailEvent | Unparsed], now: int, *, past: bool
    ) -> list[Detection]:
        """The events of one block. `now`: Unix time; what a wrong clock stamped later is of now."""
        tally, messages, detector = self.tally, self.messages, self.detector
        found: list[Detection] = []
        for event in events:
            if isinstance(event, Unparsed):
                if not past:
                    tally.add_unparsed()
                continue
            seen = event if event.time <= now else event._replace(time=now)
            message = messages.take(seen)
            tally.take(seen, message, now, past=past)
            detections = detector.feed(seen, message)
            if detections:
                found += detections
        return found

    def tick(self, now: int) -> list[Detection]:
        """All lines up to `now` were fed. When the clock was put back the detector begins anew:
        what it saw at false times would count until these times come.
        """
        if now < self._time - _SET_BACK:
            self.detector = self._make(self.messages.share)
            self.anew = True
        self._time = now
        return self.detector.tick(now)

    def core(self) -> dict[str, str]:
        """What is small, as JSON texts."""
        return {
            "tally": self.tally.save().model_dump_json(),
            "detector": json.dumps(self.detector.save()),
            "time": json.dumps(self._time),
        }

    def changes(self) -> dict[str, list[Row]]:
        """The rows of each table that are other than at the last call."""
        return {
            "messages": [
                (queue_id.decode("latin-1"), _text(message and message.row()))
                for queue_id, message in self.messages.changes()
            ],
            "exim": [
                (queue_id.decode("latin-1"), _text(row)) for queue_id, row in self.exim.changes()
            ],
            "accounts": [(key, _text(row)) for key, row in self.detector.changes()],
            "windows": [
                (f"{seconds}:{time}", _text(entries))
                for seconds, window in self.tally.windows.items()
                for time, entries in window.changes()
            ],
        }

    def change_all(self) -> None:
        """All rows count as changed: what was saved is lost."""
        self.anew = False
        self.messages.change_all()
        self.exim.change_all()
        self.detector.change_all()
        for window in self.tally.windows.values():
            window.change_all()

    def restore(self, saved: Saved) -> None:
        """Take up what an earlier process wrote. May raise anything when it makes no sense."""
        self.tally.restore(SavedTally.model_validate(saved.core["tally"]))
        self.messages.restore(_messages(saved.rows("messages")))
        self.exim.restore((key.encode("latin-1"), row) for key, row in saved.rows("exim"))
        self._time = int(saved.core["time"])
        self.detector.restore(saved.core["detector"], saved.rows("accounts"))
        for key, entries in saved.rows("windows"):
            seconds, _, time = key.partition(":")
            window = self.tally.windows.get(int(seconds))
            if window is not None:
                window.restore(int(time), entries)

    def take_over(self, former: FormerTally) -> None:
        """Go on from the counters of the former version."""
        self.tally.take_over(former)
        self.messages.restore(
            (queue_id.encode("latin-1"), Message(account))
            for queue_id, account in former.awaited.items()
        )


def _text(row: Any) -> str | None:
    return None if row is None else json.dumps(row, separators=(",", ":"))


def _messages(rows: Iterable[tuple[str, Any]]) -> Iterator[tuple[bytes, Message]]:
    accounts: dict[str, str] = {}  # one text for all messages of an account
    for key, (account, fresh, active) in rows:
        name = accounts.setdefault(account, account)
        yield key.encode("latin-1"), Message(name, fresh=bool(fresh), active=bool(active))
