"""Where an entry is in systemd's journal. Pure."""

from __future__ import annotations

import re
from typing import NamedTuple, Self

_FORM = re.compile(
    r"s=([0-9a-f]{32});i=([0-9a-f]{1,16});b=([0-9a-f]{32});"
    r"m=([0-9a-f]{1,16});t=([0-9a-f]{1,16});x=([0-9a-f]{1,16})"
)


class Cursor(NamedTuple):
    """What systemd's own text says of an entry. Times in microseconds."""

    sequence: str
    """Which count `number` belongs to; a journal begun anew has another."""
    number: int
    boot: str
    monotonic: int
    realtime: int
    content: str
    """A checksum of the entry."""

    @classmethod
    def parse(cls, text: str) -> Self:
        """Raise ValueError when it is no cursor."""
        found = _FORM.fullmatch(text)
        if found is None:
            raise ValueError(f"« {text[:80]} » n'est pas un curseur du journal de systemd")
        sequence, number, boot, monotonic, realtime, content = found.groups()
        return cls(sequence, int(number, 16), boot, int(monotonic, 16), int(realtime, 16), content)

    def same_entry(self, other: Cursor) -> bool:
        """Whether both are of one entry: it gets another number when the journal of a boot
        moves from memory to disk.
        """
        return self[2:] == other[2:]

    def after(self, other: Cursor) -> bool:
        """Whether this entry was written after the `other`, as surely as one can tell."""
        if self.sequence == other.sequence:
            return self.number > other.number
        if self.boot == other.boot:
            return self.monotonic > other.monotonic
        return self.realtime > other.realtime
