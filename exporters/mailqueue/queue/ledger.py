"""What is known about each message, packed: 100,000 of them take about 20 MB with their names.

A message is a row of arrays; its number is all that the queues hold beside its name.
"""

from __future__ import annotations

from array import array
from collections import Counter
from collections.abc import Iterable
from math import inf
from zlib import crc32

from exporters.mailqueue.queue.look import Look
from exporters.mailqueue.queue.snapshot import UNAUTHENTICATED, Held, Share

NOT_LOOKED, _NOBODY = 0, 1
_PLACE_BITS = 32


class Ledger:
    """Rows of messages. Freed rows are used again."""

    def __init__(self) -> None:
        self._arrival = array("d")
        self._bytes = array("Q")
        self._recipients = array("L")
        self._held_since = array("d")
        # The account's number, and below it a checksum of the place it was submitted from: places
        # come and go for years, and to count distinct ones their names need not be kept.
        self._origin = array("Q")
        self._messages: Counter[int] = Counter()
        self._all_recipients: Counter[int] = Counter()
        self._places: Counter[int] = Counter()
        self._free: list[int] = []
        self._accounts = ["", UNAUTHENTICATED]
        self._numbers = {UNAUTHENTICATED: _NOBODY}

    def add(self, arrival: float, held_since: float) -> int:
        """A row for a message not looked at yet."""
        if self._free:
            row = self._free.pop()
            self._arrival[row], self._held_since[row] = arrival, held_since
            self._bytes[row] = self._recipients[row] = self._origin[row] = 0
            return row
        for column, value in (
            (self._arrival, arrival),
            (self._held_since, held_since),
        ):
            column.append(value)
        for numbers in (self._bytes, self._recipients, self._origin):
            numbers.append(0)
        return len(self._origin) - 1

    def fill(self, row: int, seen: Look) -> None:
        """Write down what a look at the file found."""
        number = self._numbers.get(seen.account)
        if number is None:
            number = self._numbers[seen.account] = len(self._accounts)
            self._accounts.append(seen.account)
        self._count(row, -1)
        place = crc32(seen.client.encode()) if seen.client else 0
        self._arrival[row], self._bytes[row] = seen.arrival, seen.bytes
        self._recipients[row] = seen.recipients
        self._origin[row] = number << _PLACE_BITS | place
        if not self._held_since[row]:
            self._held_since[row] = seen.changed
        self._count(row, 1)

    def hold(self, row: int, since: float) -> None:
        """The message came into the hold queue at this Unix time."""
        self._held_since[row] = since

    def free(self, row: int) -> None:
        """The message is gone."""
        self._count(row, -1)
        self._free.append(row)

    def _count(self, row: int, sign: int) -> None:
        """Add a message to what its account has, or take it off: no scan adds all up."""
        origin = self._origin[row]
        number = origin >> _PLACE_BITS
        if number == NOT_LOOKED:
            return
        self._messages[number] += sign
        self._all_recipients[number] += sign * self._recipients[row]
        self._places[origin] += sign
        if not self._places[origin]:
            del self._places[origin]

    def bytes(self, rows: Iterable[int]) -> int:
        """Size of their files."""
        return sum(map(self._bytes.__getitem__, rows))

    def arrival(self, row: int) -> float:
        """When it came (Unix time), as far as that is known."""
        return self._arrival[row]

    def shares(self) -> dict[str, Share]:
        """What each account has; messages not looked at are left out."""
        places: Counter[int] = Counter(
            origin >> _PLACE_BITS for origin in self._places if origin & (1 << _PLACE_BITS) - 1
        )
        return {
            self._accounts[number]: Share(count, self._all_recipients[number], places[number])
            for number, count in self._messages.items()
            if count
        }

    def held(self, rows: Iterable[int]) -> dict[str, Held]:
        """What each account has among these messages of the hold queue, and since when."""
        since: dict[int, float] = {}
        messages: Counter[int] = Counter()
        kept = list(rows)
        for origin, when in zip(
            map(self._origin.__getitem__, kept),
            map(self._held_since.__getitem__, kept),
            strict=True,
        ):
            number = origin >> _PLACE_BITS
            messages[number] += 1
            if when < since.get(number, inf):
                since[number] = when
        return {
            self._accounts[number]: Held(count, since[number])
            for number, count in messages.items()
            if number != NOT_LOOKED
        }
