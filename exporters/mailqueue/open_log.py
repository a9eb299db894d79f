"""One open log file, read by whole lines."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path

from exporters.mailqueue.log_trail import Position, continues, open_plain, position_in

CHUNK = 1 << 20


class OpenLog:
    """An open file and the next byte to read of it. Every call may raise OSError.

    `past_end`: lines before this byte were there before we ever started.
    `superseded`: read to its end after a newer file took its place.
    """

    def __init__(self, path: Path, offset: int) -> None:
        self._file = open_plain(path)
        self._descriptor = self._file.fileno()
        self.offset = offset
        self.past_end = 0
        self.superseded = False

    def start_near_end(self, history: int) -> None:
        """Take the last `history` bytes, from the next beginning of a line on, as the past."""
        self.past_end = self.size()
        self.offset = max(0, self.past_end - history)
        if self.offset:
            data = os.pread(self._descriptor, CHUNK, self.offset)
            self.offset += data.find(b"\n") + 1

    def lines(self) -> Iterator[tuple[bytes, bool]]:
        """(whole lines, whether they are of the past), at most a megabyte at a time.

        A line longer than that comes in pieces. A last line without its newline waits,
        unless the file is superseded: then nobody will finish it.
        """
        while True:
            past = self.offset < self.past_end
            wanted = min(CHUNK, self.past_end - self.offset) if past else CHUNK
            data = os.pread(self._descriptor, wanted, self.offset)
            length = data.rfind(b"\n") + 1
            if not length and (self.superseded or len(data) == CHUNK):
                length = len(data)
            if not length and past:
                self.past_end = 0  # the line being written when we started is new
                continue
            if not length:
                return
            self.offset += length
            yield data[:length], past

    def size(self) -> int:
        """Its size now, in bytes."""
        return os.fstat(self._descriptor).st_size

    def is_at(self, path: Path) -> bool:
        """Whether `path` names this very file. Raise FileNotFoundError if it names none."""
        return os.path.samestat(path.stat(), os.fstat(self._descriptor))

    def intact(self) -> bool:
        """Whether what was read of it is still there: it was not truncated or rewritten."""
        return continues(self._descriptor, self.position_read())

    def position_read(self) -> Position:
        """The position at the last time it was read; see `remember`."""
        return self._position

    def remember(self) -> Position:
        """Note the position, to be found again even after the file was truncated."""
        self._position = position_in(self._descriptor, self.offset)
        return self._position

    def close(self) -> None:
        """Close it; once."""
        self._file.close()
