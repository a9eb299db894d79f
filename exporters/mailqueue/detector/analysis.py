"""A log from its first line on: the join of queue ids and the detector together. Pure."""

from __future__ import annotations

from exporters.mailqueue.detector.report import Detection
from exporters.mailqueue.detector.watch import Detector
from exporters.mailqueue.log.events import MailEvent
from exporters.mailqueue.log.messages import Messages


class Analysis:
    """Feed it every event in the order of the log."""

    def __init__(self, detector: Detector) -> None:
        self.detector = detector
        self.messages = Messages()

    def feed(self, event: MailEvent) -> list[Detection]:
        """Whom to page for, because of this event."""
        return self.detector.feed(event, self.messages.take(event))
