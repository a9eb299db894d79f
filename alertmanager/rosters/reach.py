"""When a layer is really called upon: its condition holds and no layer above answers. Pure."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from datetime import datetime

from alertmanager.rosters.daily import State
from alertmanager.rosters.spans import Span

Question = Callable[[datetime], State]


class Reach:
    """Of one layer: `holds` is its condition, `above` whether each of those above answers."""

    def __init__(self, holds: Question, above: Sequence[Question]) -> None:
        self._holds, self._above = holds, tuple(above)

    def spans(self, start: datetime, end: datetime) -> Iterator[Span]:
        """Where the layer is called upon in ``start <= t < end``, in order."""
        while start < end:
            called, interval = self._at(start)
            until = end if interval.ends is None else min(interval.ends, end)
            if called:
                yield start, until
            start = until

    def _at(self, instant: datetime) -> State:
        called, interval = self._holds(instant)
        for answers in self._above:
            if not called:
                break
            taken, meanwhile = answers(instant)
            called, interval = not taken, interval.meet(meanwhile)
        return called, interval
