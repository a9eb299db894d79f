"""Sums and distinct values over the last minutes of one account, in bounded memory. Pure."""

from __future__ import annotations

from array import array
from collections.abc import Iterable, Mapping

STEPS = 60
"""A window is forgotten in steps of a sixtieth; the present step counts from its first event."""


class SlidingSums:
    """Several sums over the last `seconds`. Memory: at most 61 rows of 8 bytes a number."""

    __slots__ = ("_rows", "_step", "seconds", "totals")

    def __init__(self, seconds: int, columns: int, rows: Iterable[int] = ()) -> None:
        self.seconds = seconds
        self._step = max(1, seconds // STEPS)
        # One after the other: the step's number, then a sum a column.
        self._rows = array("q", rows)
        self.totals = [sum(self._rows[n + 1 :: columns + 1]) for n in range(columns)]

    def add(self, time: int, *amounts: int) -> None:
        """Count an amount a column at `time`, which never goes back."""
        slot, rows, totals = time // self._step, self._rows, self.totals
        if not rows or rows[-len(totals) - 1] != slot:
            self.forget(time)
            rows.extend((slot, *(0 for _ in totals)))
        place = -len(totals)
        for amount in amounts:
            if amount:
                rows[place] += amount
                totals[place] += amount
            place += 1

    def forget(self, now: int) -> None:
        """Drop what is older than the window."""
        rows = self._rows
        first = (now - self.seconds) // self._step
        if not rows or rows[0] >= first:
            return
        totals, width, cut = self.totals, len(self.totals) + 1, 0
        while cut < len(rows) and rows[cut] < first:
            for column in range(width - 1):
                totals[column] -= rows[cut + column + 1]
            cut += width
        del rows[:cut]

    def busy(self, column: int, least: int, now: int, parts: int) -> float:
        """The share, 0..1, of `parts` equal parts with at least `least` in `column`."""
        sums = [0] * parts
        span, width, rows = self.seconds / parts, len(self.totals) + 1, self._rows
        for start in range(0, len(rows), width):
            part = int((now - rows[start] * self._step) // span)
            if part < parts:
                sums[max(0, part)] += rows[start + column + 1]
        return sum(1 for value in sums if value >= least) / parts

    def save(self) -> list[int]:
        """The rows, for the constructor."""
        return self._rows.tolist()


class RecentSet:
    """Distinct values seen in the last `seconds`; at most `limit`, the oldest give way."""

    __slots__ = ("_limit", "_seconds", "_seen")

    def __init__(self, seconds: int, limit: int, seen: Mapping[str, int] | None = None) -> None:
        self._seconds, self._limit = seconds, limit
        self._seen: dict[str, int] = dict(seen or {})

    def add(self, value: str, time: int) -> None:
        """`value` was seen."""
        self._seen.pop(value, None)
        self._seen[value] = time
        if len(self._seen) > self._limit:
            del self._seen[next(iter(self._seen))]

    def has(self, value: str, now: int) -> bool:
        """Whether `value` was seen in the window."""
        seen = self._seen.get(value)
        return seen is not None and seen >= now - self._seconds

    def count(self, now: int) -> int:
        """How many distinct values are in the window."""
        seen, first = self._seen, now - self._seconds
        while seen:
            oldest = next(iter(seen))
            if seen[oldest] >= first:
                break
            del seen[oldest]
        return len(seen)

    def save(self) -> dict[str, int]:
        """The values, oldest first, for the constructor."""
        return dict(self._seen)
