"""Spans of instants (half-open), in order and disjoint, and what two lists of them make. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from datetime import datetime, timedelta

Span = tuple[datetime, datetime]


def joined(spans: Iterable[Span], pause: timedelta = timedelta(0)) -> list[Span]:
    """The same instants in order, without overlaps; what is `pause` apart or less is one span."""
    found: list[Span] = []
    for start, end in sorted(spans):
        if found and start - found[-1][1] <= pause:
            found[-1] = (found[-1][0], max(found[-1][1], end))
        else:
            found.append((start, end))
    return found


def common(ones: Sequence[Span], others: Sequence[Span]) -> Iterator[Span]:
    """Where both hold, given that each is in order and without overlaps."""
    one = other = 0
    while one < len(ones) and other < len(others):
        start = max(ones[one][0], others[other][0])
        end = min(ones[one][1], others[other][1])
        if start < end:
            yield start, end
        if ones[one][1] <= others[other][1]:
            one += 1
        else:
            other += 1


def missing(spans: Iterable[Span], whole: Span) -> Iterator[Span]:
    """What is left of `whole`, given spans that are in order and without overlaps."""
    instant, end = whole
    for low, high in spans:
        if instant < min(low, end):
            yield instant, min(low, end)
        instant = max(instant, high)
    if instant < end:
        yield instant, end
