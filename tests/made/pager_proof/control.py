"""A few shared bytes: what the time is for a pager, whether it may die, how far it came."""

from __future__ import annotations

import mmap
import struct
from pathlib import Path

_LAYOUT = struct.Struct("<dqqq")  # seconds that time has jumped, armed, statements, commits


class Control:
    """Shared by the one who makes the trial and the pager that is on trial."""

    def __init__(self, path: Path) -> None:
        if not path.exists():
            path.write_bytes(bytes(_LAYOUT.size))
        with path.open("r+b") as file:
            self._bytes = mmap.mmap(file.fileno(), _LAYOUT.size)

    def reset(self) -> None:
        """No jump, not armed, nothing counted."""
        self._bytes[:] = bytes(_LAYOUT.size)

    @property
    def jump(self) -> float:
        """By how many seconds the pager's clock is ahead."""
        return float(_LAYOUT.unpack(self._bytes[:])[0])

    @jump.setter
    def jump(self, seconds: float) -> None:
        struct.pack_into("<d", self._bytes, 0, seconds)

    @property
    def armed(self) -> bool:
        """Whether the pager dies at its point, and counts the way to it."""
        return bool(_LAYOUT.unpack(self._bytes[:])[1])

    @armed.setter
    def armed(self, yes: bool) -> None:
        struct.pack_into("<q", self._bytes, 8, int(yes))

    def counts(self) -> tuple[int, int]:
        """(statements, commits) of transactions that write, since it was armed."""
        _, _, statements, commits = _LAYOUT.unpack(self._bytes[:])
        return int(statements), int(commits)

    def count(self, *, statement: bool) -> int:
        """One more; the number of them so far."""
        at = 16 if statement else 24
        (before,) = struct.unpack_from("<q", self._bytes, at)
        struct.pack_into("<q", self._bytes, at, before + 1)
        return int(before) + 1
