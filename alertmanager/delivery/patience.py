"""Rows that could not be dealt with: they come after the others, and ever more rarely. No I/O."""

from __future__ import annotations

from collections.abc import Iterable

Row = tuple[str, int]
"""What kind of row, and its id."""

_LONGEST = 60.0


class Patience:
    """Remembers, for the life of the process, which rows failed. Instants are monotonic seconds."""

    def __init__(self) -> None:
        self._failures: dict[Row, int] = {}
        self._again_at: dict[Row, float] = {}

    def order(self, rows: Iterable[Row], now: float) -> list[Row]:
        """Those to try now, the ones that failed least first; the others keep their order."""
        ready = [row for row in rows if self._again_at.get(row, now) <= now]
        return sorted(ready, key=lambda row: self._failures.get(row, 0))

    def resting(self, kind: str, now: float) -> list[int]:
        """Those of that kind that are not to be tried yet."""
        return [row[1] for row, again in self._again_at.items() if row[0] == kind and again > now]

    def failed(self, row: Row, now: float, *, wait: bool) -> None:
        """It failed: after the others from now on and, if `wait`, not before a while."""
        count = self._failures[row] = self._failures.get(row, 0) + 1
        if wait:
            self._again_at[row] = now + min(2.0 ** min(count, 10), _LONGEST)

    def done(self, row: Row) -> None:
        """It was dealt with."""
        self._failures.pop(row, None)
        self._again_at.pop(row, None)


class Grace:
    """Lets what is late be late a little longer: after a start, the senders come first."""

    def __init__(self, span: float) -> None:
        self._span = span
        self._seen: dict[int, float] = {}

    def over(self, late: Iterable[int], now: float) -> list[int]:
        """Those that have been late for that long. Instants are monotonic seconds."""
        self._seen = {identifier: self._seen.get(identifier, now) for identifier in late}
        return [one for one, since in self._seen.items() if now - since >= self._span]
