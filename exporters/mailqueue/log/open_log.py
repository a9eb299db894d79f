"""One open log file, read by whole lines."""

from __future__ import annotations

import hashlib
import os
from collections.abc import Iterator
from pathlib import Path

from exporters.mailqueue.log.trail import HEAD, Position, open_plain

CHUNK = 1 << 20


class OpenLog:
    """An open file and the next byte to read of it. Every call may raise OSError.

    `past_end`: lines before this byte were there before we ever started.
    `complete`: its writer went on to a newer file.
    """

    def __init__(self, path: Path, offset: int, past_end: int = 0) -> None:
        self._file = open_plain(path)
        self._descriptor = self._file.fileno()
        self.path = path
        self.offset = offset
        self.past_end = past_end
        self.complete = False
        self._head = os.pread(self._descriptor, HEAD, 0)

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
        unless the file is complete: then nobody will finish it. Ends too when the file
        was truncated meanwhile.
        """
        while True:
            past = self.offset < self.past_end
            wanted = min(CHUNK, self.past_end - self.offset) if past else CHUNK
            data = os.pread(self._descriptor, wanted, self.offset)
            length = data.rfind(b"\n") + 1
            if not length and (self.complete or len(data) == CHUNK):
                length = len(data)
            if not length and past:
                self.past_end = 0  # the line being written when we started is new
                continue
            if not length or not self._still_begins():
                return
            self.offset += length
            yield data[:length], past

    def size(self) -> int:
        """Its size now, in bytes."""
        return os.fstat(self._descriptor).st_size

    def is_at(self, path: Path) -> bool:
        """Whether `path` names this very file. Raise FileNotFoundError if it names none."""
        return os.path.samestat(path.stat(), os.fstat(self._descriptor))

    def is_same(self, other: OpenLog) -> bool:
        """Whether both are open on one file."""
        return os.path.sameopenfile(self._descriptor, other._descriptor)

    def intact(self) -> bool:
        """Whether what was read of it is still there: it was not truncated or rewritten."""
        return self.size() >= self.offset and self._still_begins()

    def holds(self, other: OpenLog) -> bool:
        """Whether it begins as the other does, and is what we knew: one is a copy of the other."""
        other._still_begins()
        return bool(other._head) and self.intact() and self._head.startswith(other._head)

    def begins_as(self, known: Position) -> bool:
        """Whether its first bytes are those of the file known by this position."""
        first = self._head[: known.head_length]
        return not known.head_length or hashlib.sha256(first).hexdigest() == known.head_digest

    def position(self) -> Position:
        """Up to where it was read, to be found again even after the file was truncated."""
        self._still_begins()
        digest = hashlib.sha256(self._head).hexdigest()
        inode = os.fstat(self._descriptor).st_ino
        past = self.past_end if self.past_end > self.offset else 0
        return Position(self.offset, inode, len(self._head), digest, past)

    def close(self) -> None:
        """Close it; once."""
        self._file.close()

    def _still_begins(self) -> bool:
        """Whether it begins as ever; learn more of its beginning while that is short."""
        first = os.pread(self._descriptor, HEAD, 0)
        if not first.startswith(self._head):
            return False
        self._head = first
        return True
