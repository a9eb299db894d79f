"""Which files beside a log continue it: rotation by rename, by copy and truncation, by date."""

from __future__ import annotations

import contextlib
import hashlib
import os
from dataclasses import dataclass
from pathlib import Path

_HEAD = 1024
_COMPRESSED = (".gz", ".bz2", ".xz", ".zst", ".lz4")


@dataclass(frozen=True)
class Position:
    """The next byte to read of one file, and the first bytes that tell it from others.

    An inode alone does not: it is used again, and a truncated file keeps it.
    """

    offset: int
    head_length: int = 0
    head_digest: str = hashlib.sha256().hexdigest()


def position_in(descriptor: int, offset: int) -> Position:
    """The position `offset` of an open file. Raise OSError."""
    length = min(offset, _HEAD)
    return Position(offset, length, _digest(descriptor, length))


def continues(descriptor: int, position: Position) -> bool:
    """Whether an open file still holds, unchanged, what was read up to `position`."""
    return (
        os.fstat(descriptor).st_size >= position.offset
        and _digest(descriptor, position.head_length) == position.head_digest
    )


def trail(path: Path, position: Position) -> list[tuple[Path, int]]:
    """Files to read and where to begin, oldest first; the last one is always `path`.

    A rotated file that was compressed, or deleted, is not found: `path` is then read whole.
    """
    if _file_continues(path, position):
        return [(path, position.offset)]
    rotated = _rotated(path)
    for index, candidate in enumerate(rotated):
        if _file_continues(candidate, position):
            newer = [(later, 0) for later in reversed(rotated[:index])]
            return [(candidate, position.offset), *newer, (path, 0)]
    return [(path, 0)]


def _digest(descriptor: int, length: int) -> str:
    return hashlib.sha256(os.pread(descriptor, length, 0)).hexdigest()


def _file_continues(path: Path, position: Position) -> bool:
    with contextlib.suppress(OSError), path.open("rb") as file:
        return continues(file.fileno(), position)
    return False


def _rotated(path: Path) -> list[Path]:
    """The log's older files that can be read, newest first."""
    found: list[tuple[float, Path]] = []
    with contextlib.suppress(OSError):
        for sibling in path.parent.iterdir():
            name = sibling.name
            older = name.startswith((f"{path.name}.", f"{path.name}-"))
            if older and not name.endswith(_COMPRESSED):
                with contextlib.suppress(OSError):
                    found.append((sibling.stat().st_mtime, sibling))
    return [sibling for _, sibling in sorted(found, reverse=True)]
