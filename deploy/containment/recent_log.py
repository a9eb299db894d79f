"""The last hours of a log: its rotated files and where in each to begin, then what is added."""

from __future__ import annotations

import contextlib
import os
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import IO

from deploy.containment.errors import ContainmentError
from exporters.mailqueue.log.packed import open_plain
from inventory.config import reason

_BLOCK = 1 << 20
_LONGEST_LINE = 1 << 16


class RecentLog:
    """Whole lines of `path` stamped from `since` (Unix seconds) on, then those written later.

    `stamp` reads the time of a line. Rotation while it is read is followed.
    """

    def __init__(self, path: Path, since: float, stamp: Callable[[bytes], int | None]) -> None:
        self._path, self._since, self._stamp = path, since, stamp
        self._file: IO[bytes] | None = None
        self._offset = 0

    def lines(self) -> Iterator[bytes]:
        """Every line not given yet, without its line break. Raise ContainmentError."""
        for block in self.blocks():
            yield from block.splitlines()

    def blocks(self) -> Iterator[bytes]:
        """The same, a mebibyte of whole lines at a time."""
        try:
            if self._file is None:
                for rotated in self._rotated():
                    yield from self._whole(rotated)
                self._open(self._path)
            yield from self._rest()
            if not self._is_current():
                # What was written between the last read and the rename.
                yield from self._rest()
                self._open(self._path)
                yield from self._rest()
        except OSError as error:
            where = error.filename or self._path
            raise ContainmentError(
                f"journal {where} illisible : {reason(error)} ;"
                " attendu : le droit de lecture (groupe adm)"
            ) from None

    def close(self) -> None:
        """Close the file."""
        if self._file is not None:
            self._file.close()
            self._file = None

    def _rotated(self) -> list[Path]:
        """Older files with lines of that time, oldest first."""
        found: list[tuple[float, Path]] = []
        for sibling in self._path.parent.iterdir():
            if sibling.name.startswith((f"{self._path.name}.", f"{self._path.name}-")):
                with contextlib.suppress(FileNotFoundError):
                    changed = sibling.stat().st_mtime
                    if changed >= self._since and sibling.is_file():
                        found.append((changed, sibling))
        return [sibling for _, sibling in sorted(found)]

    def _whole(self, path: Path) -> Iterator[bytes]:
        with open_plain(path) as file:
            offset = _start(file.fileno(), self._since, self._stamp)
            while data := os.pread(file.fileno(), _BLOCK, offset):
                length = data.rfind(b"\n") + 1 or len(data)
                offset += length
                yield data[:length]

    def _open(self, path: Path) -> None:
        self.close()
        self._file = path.open("rb", buffering=0)
        self._offset = _start(self._file.fileno(), self._since, self._stamp)

    def _rest(self) -> Iterator[bytes]:
        if self._file is None:
            return
        while True:
            data = os.pread(self._file.fileno(), _BLOCK, self._offset)
            length = data.rfind(b"\n") + 1
            if not length and len(data) == _BLOCK:
                length = len(data)
            if not length:
                return
            self._offset += length
            yield data[:length]

    def _is_current(self) -> bool:
        if self._file is None:
            return False
        try:
            mine, there = os.fstat(self._file.fileno()), self._path.stat()
        except FileNotFoundError:
            return True  # its successor is not there yet
        return os.path.samestat(mine, there) and there.st_size >= self._offset


def lines_with(word: bytes, block: bytes) -> Iterator[bytes]:
    """The lines of a block that hold `word`, found without looking at the others."""
    at = block.find(word)
    while at >= 0:
        begin, end = block.rfind(b"\n", 0, at) + 1, block.find(b"\n", at)
        end = len(block) if end < 0 else end
        yield block[begin:end]
        at = block.find(word, end)


def _start(descriptor: int, since: float, stamp: Callable[[bytes], int | None]) -> int:
    """Where the lines from `since` on begin, by bisection: lines are in the order of time."""
    low, high = 0, os.fstat(descriptor).st_size
    while high - low > _LONGEST_LINE:
        middle = (low + high) // 2
        data = os.pread(descriptor, _LONGEST_LINE, middle)
        begin = data.find(b"\n") + 1
        time = stamp(data[begin : data.find(b"\n", begin)]) if begin else None
        if time is None or time >= since:
            high = middle
        else:
            low = middle + begin
    return low
