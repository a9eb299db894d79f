"""A log followed by whole lines, through rotation by rename and by truncation."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator
from pathlib import Path

from exporters.mailqueue.log_trail import Position, trail
from exporters.mailqueue.open_log import OpenLog
from exporters.toolkit.collector import CollectorError
from inventory.config import reason


class LogFollower:
    """Follows the log at `path`.

    `position` is where an earlier process stopped. Without one, up to `history`
    bytes of what is already there are given as the past, and all later lines as new.
    Rotated files are found by their first bytes, compressed or not (gzip, bzip2, xz). Lost are
    only lines truncated away, or deleted, before they were read and left in no copy beside the log.
    """

    def __init__(self, path: Path, position: Position | None, history: int) -> None:
        self.path = path
        self._position = position or Position(0)
        self._files: list[OpenLog] = []
        self._history: int | None = history if position is None else None
        with contextlib.suppress(OSError):
            self._start_first()

    def blocks(self) -> Iterator[tuple[bytes, bool]]:
        """(whole lines, whether they are of the past) up to the end of what is there now.

        May be left at any block; the next call goes on after it. Raise CollectorError
        when the log cannot be read.
        """
        try:
            self._refresh()
            for file in list(self._files):
                for block in file.lines():
                    file.remember()
                    yield block
                if file.superseded:
                    self._files.remove(file)
                    file.close()
                elif file is not self._files[-1]:
                    # Read once more next time: its writer may hold it open for a moment.
                    file.superseded = True
        except OSError as error:
            raise CollectorError(
                f"journal {self.path} illisible : {reason(error)} ;"
                " attendu : le droit de lecture (groupe adm)"
            ) from None

    def position(self) -> Position:
        """Where the next call starts, for a later process."""
        reading = [file for file in self._files if not file.superseded]
        return reading[0].position_read() if reading else self._position

    def behind(self) -> int:
        """Bytes written and not read yet."""
        return sum(max(0, file.size() - file.offset) for file in self._files)

    def close(self) -> None:
        """Close the files."""
        self._position = self.position()
        while self._files:
            self._files.pop().close()

    def _start_first(self) -> None:
        """Begin at the very first start; what comes later to a log not there yet is new."""
        if self._history is None:
            return
        try:
            first = OpenLog(self.path, 0)
        except FileNotFoundError:
            self._history = None
            return
        first.start_near_end(self._history)
        first.remember()
        self._files = [first]
        self._history = None

    def _refresh(self) -> None:
        """Open what continues the log since the last call. Raise OSError."""
        self._start_first()  # again, if it was not readable when we started
        if not self._files:
            self._open(trail(self.path, self._position))
            return
        newest = self._files[-1]
        try:
            if newest.is_at(self.path) and newest.intact():
                return
        except FileNotFoundError:
            return  # renamed away, its successor not there yet
        found = trail(self.path, newest.position_read())
        if (newest.offset and found[0] == (self.path, newest.offset)) or not newest.intact():
            # Another file holds the same lines, or this one was truncated.
            self._files.pop().close()
        elif len(found) > 1:
            found = found[1:]  # the first is the one we hold
        self._open(found)

    def _open(self, found: list[tuple[Path, int]]) -> None:
        for path, offset in found:
            try:
                self._files.append(OpenLog(path, offset))
            except FileNotFoundError:
                if path == self.path and not self._files:
                    raise
                continue
            self._files[-1].remember()
