"""A log followed by whole lines, through rotation by rename and by truncation."""

from __future__ import annotations

import contextlib
import errno
from collections.abc import Generator, Mapping
from dataclasses import asdict, replace
from pathlib import Path
from typing import Any

from pydantic import TypeAdapter

from exporters.mailqueue.log.open_log import OpenLog
from exporters.mailqueue.log.trail import Listing, Position, listing, trail
from exporters.toolkit.collector import CollectorError
from inventory.config import reason

_POSITION = TypeAdapter(Position)
_TRIES = 20
"""A rotation renames file after file; one that never ends is not one."""
_RIGHT = {
    errno.EAGAIN: "une rotation qui s'achève",
    errno.EBADMSG: "une archive entière, ou qu'elle ne soit plus à côté du journal",
    errno.EMFILE: "moins d'archives à lire, ou un LimitNOFILE plus grand",
    errno.ENOSPC: "de la place dans le dossier temporaire, pour y lire une archive",
    errno.EISDIR: "un fichier ordinaire",
    errno.ESPIPE: "un fichier ordinaire",
}
"""What would be right, by what is wrong; else it is the permissions."""


class LogFollower:
    """Follows the log at `path`: a `LogSource`.

    `position` is where an earlier process stopped. Without one, up to `history`
    bytes of what is already there are given as the past, and all later lines as new.
    Rotated files are found by their first bytes, compressed or not (gzip, bzip2, xz). Lost are
    only lines truncated away, or deleted, before they were read and left in no copy beside the log.

    Raise ValueError when `position` makes no sense.
    """

    def __init__(
        self, path: Path, position: Position | Mapping[str, Any] | None, history: int
    ) -> None:
        self.path = path
        self._position = _POSITION.validate_python(position) if position else Position(0)
        self._files: list[OpenLog] = []
        self._listing: Listing = []
        self._history: int | None = None if position else history
        with contextlib.suppress(OSError):
            self._start_first()

    def blocks(self) -> Generator[tuple[bytes, bool], None, None]:
        """(whole lines, whether they are of the past) up to the end of what is there now.

        May be left at any block; the next call goes on after it. Raise CollectorError
        when the log cannot be read.
        """
        try:
            self._refresh()
            self._drop_copies()
            for file, newer in zip(list(self._files), [*self._files[1:], None], strict=True):
                # Once its writer wrote to a newer file, and only then, an older one gets no
                # more lines. It is read once more after that was seen.
                file.complete = newer is not None and newer.offset > 0
                unread = newer is None and not file.offset
                for block in file.lines():
                    if unread and listing(self.path) != self._listing:
                        # Filled, copied and truncated since we opened it? See anew, next time.
                        file.offset = 0
                        return
                    unread = False
                    yield block
                if file.complete:
                    self._files.remove(file)
                    file.close()
        except OSError as error:
            right = _RIGHT.get(error.errno or 0, "le droit de lecture (groupe adm)")
            raise CollectorError(
                f"journal {self.path} illisible : {reason(error)} ; attendu : {right}"
            ) from None

    def position(self) -> dict[str, Any]:
        """Where the next call starts, for a later process; empty before the first start."""
        return asdict(self._read_up_to()) if self._history is None else {}

    def behind(self) -> int | None:
        """Bytes written and not read yet; None: an archive waits, packed."""
        counts = [file.behind() for file in self._files]
        return None if None in counts else sum(count or 0 for count in counts)

    def close(self) -> None:
        """Close the files."""
        self._position = self._read_up_to()
        while self._files:
            self._files.pop().close()

    def _read_up_to(self) -> Position:
        if not self._files:
            return self._position
        *before, newest = (file.position() for file in self._files)
        return replace(newest, before=tuple(before))

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
        self._files = [first]
        self._listing = listing(self.path)
        self._history = None

    def _refresh(self) -> None:
        """Open what continues the log since the last call. Raise OSError."""
        self._start_first()  # again, if it was not readable when we started
        if self._files:
            newest = self._files[-1]
            try:
                there = newest.is_at(self.path) and newest.intact()
            except FileNotFoundError:
                return  # renamed away, its successor not there yet
            spoilt = any(file.spoilt for file in self._files)  # perhaps a whole one is there now
            if there and not spoilt and (newest.offset or listing(self.path) == self._listing):
                return
            # An empty one may have been filled, copied and truncated before we saw a line of it.
        self._open()

    def _open(self) -> None:
        """Hold the files to read from where we are, as they are at one instant. Raise OSError."""
        position = self._read_up_to()
        for _ in range(_TRIES):
            before = listing(self.path)
            with contextlib.ExitStack() as stack:
                try:
                    found = self._found(position, stack)
                except FileNotFoundError:
                    if listing(self.path) == before:
                        raise
                    continue
                if found is not None and listing(self.path) == before:
                    stack.pop_all()
                    self._listing = before
                    self._take(found, dict(zip(position.chain(), self._files, strict=False)))
                    return
        raise OSError(errno.EAGAIN, "rotation sans fin")

    def _take(
        self, found: list[tuple[OpenLog, Position | None]], held: dict[Position, OpenLog]
    ) -> None:
        """Go on with the files found; of those we hold, with what can still be read of them."""
        files = []
        for file, known in found:
            ours = held.pop(known, None) if known else None
            if ours is None:
                files.append(file)
            elif not ours.spoilt and (
                ours.is_same(file) or (file.path != self.path and self._is_apart(ours))
            ):
                file.close()
                files.append(ours)
            else:
                ours.close()  # its lines are in another file now
                files.append(file)
        deleted = []  # but open to us: read to their end, and first
        for ours in held.values():
            if self._is_apart(ours) and not any(ours.is_same(file) for file in files):
                deleted.append(ours)
            else:
                ours.close()
        self._files = [*deleted, *files]

    def _is_apart(self, file: OpenLog) -> bool:
        """Whether it holds what was read of it, and is not the log itself, to be truncated."""
        try:
            return file.intact() and not file.is_at(self.path)
        except FileNotFoundError:
            return True

    def _drop_copies(self) -> None:
        """Leave files whose lines a later one holds too: a copy being made before the log is
        truncated, or one somebody keeps beside it.
        """
        for index, file in reversed(list(enumerate(self._files))):
            if any(later.holds(file) for later in self._files[index + 1 :]):
                self._files.remove(file)
                file.close()

    def _found(
        self, position: Position, stack: contextlib.ExitStack
    ) -> list[tuple[OpenLog, Position | None]] | None:
        """The files of the trail, opened; None when they are not what the trail said."""
        found = []
        missing: FileNotFoundError | None = None
        for path, known in trail(self.path, position):
            try:
                file = OpenLog(path, known.offset if known else 0, known.past if known else 0)
            except FileNotFoundError as error:
                missing = error
                continue
            stack.callback(file.close)
            if known and not file.begins_as(known):
                return None
            found.append((file, known))
        if missing and not found:
            raise missing
        return found
