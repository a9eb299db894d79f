"""One open log file, read by whole lines."""

from __future__ import annotations

import errno
import hashlib
import os
from collections.abc import Iterator
from pathlib import Path
from typing import IO

from exporters.mailqueue.log.packed import first_bytes, is_packed, open_ordinary, unpack
from exporters.mailqueue.log.trail import HEAD, Position

CHUNK = 128 << 10
"""Bytes given at a time. Between two the reader looks at its deadline: a megabyte of submissions
is more than a second's work of the detector on a busy machine."""


class OpenLog:
    """An open file and the next byte to read of it. Every call may raise OSError.

    A packed one is unpacked at its first read, as long as it is read: opening hundreds of them
    takes less time than the next rotation, and no more room than one of them takes.

    `past_end`: lines before this byte were there before we ever started.
    `complete`: its writer went on to a newer file.
    `spoilt`: a packed one that could not be unpacked, or is not what it was when it was opened.
    """

    def __init__(self, path: Path, offset: int, past_end: int = 0) -> None:
        self._file = open_ordinary(path)
        try:
            self._head = first_bytes(self._file, path, HEAD)
        except OSError:
            self._file.close()
            raise
        self._packed = is_packed(path)
        self._unpacked: IO[bytes] | None = None
        self._unpacked_size: int | None = None
        self.path = path
        self.offset = offset
        self.past_end = past_end
        self.complete = False
        self.spoilt = False

    def start_near_end(self, history: int) -> None:
        """Take the last `history` bytes, from the next beginning of a line on, as the past."""
        self.past_end = self.size()
        self.offset = max(0, self.past_end - history)
        if self.offset:
            data = os.pread(self._plain(), CHUNK, self.offset)
            self.offset += data.find(b"\n") + 1

    def lines(self) -> Iterator[tuple[bytes, bool]]:
        """(whole lines, whether they are of the past), at most `CHUNK` at a time.

        A line longer than that comes in pieces. A last line without its newline waits,
        unless the file is complete or packed: then nobody will finish it. Ends too when the
        file was truncated meanwhile.
        """
        while not self._packed or self.behind() != 0:
            past = self.offset < self.past_end
            wanted = min(CHUNK, self.past_end - self.offset) if past else CHUNK
            data = os.pread(self._plain(), wanted, self.offset)
            length = data.rfind(b"\n") + 1
            if not length and past and len(data) < CHUNK:
                self.past_end = 0  # the line being written when we started is new
                continue
            if not length and (self.complete or self._packed or len(data) == CHUNK):
                length = len(data)
            if not length or not self._still_begins():
                break
            self.offset += length
            yield data[:length], past
        self._drop_unpacked()

    def size(self) -> int:
        """Its size now, in bytes; of what is in it, if it is packed."""
        if self._packed:
            if self._unpacked_size is None:
                self._plain()
            return self._unpacked_size or 0
        return os.fstat(self._file.fileno()).st_size

    def behind(self) -> int | None:
        """Bytes of it that were not read yet; None: it was not unpacked yet."""
        if self._packed and self._unpacked_size is None:
            return None
        return max(0, self.size() - self.offset)

    def is_at(self, path: Path) -> bool:
        """Whether `path` names this very file. Raise FileNotFoundError if it names none."""
        return os.path.samestat(path.stat(), os.fstat(self._file.fileno()))

    def is_same(self, other: OpenLog) -> bool:
        """Whether both are open on one file."""
        return os.path.sameopenfile(self._file.fileno(), other._file.fileno())

    def intact(self) -> bool:
        """Whether what was read of it is still there: it was not truncated or rewritten."""
        if self.spoilt:
            return False
        return (not self.offset or self.size() >= self.offset) and self._still_begins()

    def holds(self, other: OpenLog) -> bool:
        """Whether it begins as the other does, and is what we knew: one is a copy of the other."""
        known = min(len(self._head), len(other._head))
        if self._head[:known] != other._head[:known]:
            return False  # so they will, whatever is written to them: no look at the disk
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
        inode = os.fstat(self._file.fileno()).st_ino
        past = self.past_end if self.past_end > self.offset else 0
        return Position(self.offset, inode, len(self._head), digest, past)

    def close(self) -> None:
        """Close it; once."""
        self._drop_unpacked()
        self._file.close()

    def _plain(self) -> int:
        """A descriptor to read its lines from; of a packed one, unpacked now if need be."""
        if not self._packed:
            return self._file.fileno()
        if self._unpacked is None:
            try:
                self._unpacked = self._unpack()
            except OSError as error:
                self.spoilt = error.errno == errno.EBADMSG  # not for want of room
                raise
            self.spoilt = False
            self._unpacked_size = os.fstat(self._unpacked.fileno()).st_size
        return self._unpacked.fileno()

    def _unpack(self) -> IO[bytes]:
        unpacked = unpack(self._file, self.path)
        if not os.pread(unpacked.fileno(), HEAD, 0).startswith(self._head):
            unpacked.close()
            raise OSError(errno.EBADMSG, f"archive réécrite : {self.path}")
        return unpacked

    def _drop_unpacked(self) -> None:
        if self._unpacked is not None:
            self._unpacked.close()
            self._unpacked = None

    def _still_begins(self) -> bool:
        """Whether it begins as ever; learn more of its beginning while that is short."""
        if self._packed:
            return True  # nobody writes to it; were it written anew, unpacking it would tell
        first = os.pread(self._file.fileno(), HEAD, 0)
        if not first.startswith(self._head):
            return False
        self._head = first
        return True
