"""Whose mail fared how lately: the last outcome of each of the last few of a kind. Pure."""

from __future__ import annotations

from collections.abc import Iterable
from typing import NamedTuple

LIMIT = 20
"""Of a busy site that is a minute, of a quiet one a quarter of an hour: enough for a majority."""
SECONDS = 900


class Share(NamedTuple):
    """So many of those seen lately."""

    those: int
    of: int

    @property
    def most(self) -> bool:
        """They are half of them."""
        return 2 * self.those >= self.of > 0


class Lately:
    """The last `LIMIT` values of the last `SECONDS`, each with its last outcome, as bits.

    A value counts once, however often it came: four thousand letters of one sender are one.
    """

    __slots__ = ("_seen",)

    def __init__(self, seen: Iterable[tuple[str, int, int]] = ()) -> None:
        self._seen = {value: (time, outcome) for value, time, outcome in seen}

    def add(self, value: str, time: int, outcome: int) -> None:
        """`value` fared so at `time`, which never goes back."""
        seen = self._seen
        seen.pop(value, None)
        seen[value] = time, outcome
        if len(seen) > LIMIT:
            del seen[next(iter(seen))]

    def share(self, bit: int, now: int) -> Share:
        """How many fared so."""
        first = now - SECONDS
        recent = [outcome for time, outcome in self._seen.values() if time >= first]
        return Share(sum(1 for outcome in recent if outcome & bit), len(recent))

    def save(self) -> list[tuple[str, int, int]]:
        """The values, oldest first, for the constructor."""
        return [(value, *row) for value, row in self._seen.items()]
