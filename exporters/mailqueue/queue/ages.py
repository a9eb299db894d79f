"""Ages of messages in the classes that Postfix's own qshape uses."""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Iterator, Sequence

_MINUTES = (5, 10, 20, 40, 80, 160, 320, 640, 1280)
BUCKETS = (*((f"{minutes}m", minutes * 60.0) for minutes in _MINUTES), ("+Inf", float("inf")))
"""Label and upper bound in seconds; a message is in the first class that it is not too old for."""


def by_age(arrivals: Sequence[float], now: float) -> Iterator[tuple[str, int]]:
    """(label, messages) of each class; `arrivals` are Unix times in order."""
    left = len(arrivals)
    for label, bound in BUCKETS:
        older = bisect_left(arrivals, now - bound)
        yield label, left - older
        left = older
