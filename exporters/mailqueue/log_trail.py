"""Which files beside a log continue it: rotation by rename, by copy and truncation, by date."""

from __future__ import annotations

import bz2
import contextlib
import errno
import gzip
import hashlib
import lzma
import os
import shutil
import tempfile
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import IO

from pydantic import NonNegativeInt

_HEAD = 1024
_Packed = gzip.GzipFile | bz2.BZ2File | lzma.LZMAFile
_OPENERS: Mapping[str, Callable[[Path], _Packed]] = {
    ".gz": gzip.GzipFile,
    ".bz2": bz2.BZ2File,
    ".xz": lzma.LZMAFile,
}


@dataclass(frozen=True)
class Position:
    """The next byte to read of one file, and the first bytes that tell it from others.

    An inode alone does not: it is used again, and a truncated file keeps it. It only
    counts while nothing was read yet (0: no file).
    """

    offset: NonNegativeInt
    inode: NonNegativeInt = 0
    head_length: NonNegativeInt = 0
    head_digest: str = hashlib.sha256().hexdigest()


def position_in(descriptor: int, offset: int) -> Position:
    """The position `offset` of an open file. Raise OSError."""
    length = min(offset, _HEAD)
    return Position(offset, os.fstat(descriptor).st_ino, length, _digest(descriptor, length))


def continues(descriptor: int, position: Position) -> bool:
    """Whether an open file still holds, unchanged, what was read up to `position`."""
    status = os.fstat(descriptor)
    if not position.offset:
        return status.st_ino == position.inode
    return (
        status.st_size >= position.offset
        and _digest(descriptor, position.head_length) == position.head_digest
    )


def trail(path: Path, position: Position) -> list[tuple[Path, int]]:
    """Files to read and where to begin, oldest first; the last one is always `path`.

    When the file that was being read is not found, `path` is read whole.
    """
    if _file_continues(path, position):
        return [(path, position.offset)]
    rotated = _rotated(path)
    for index, candidate in enumerate(rotated):
        if _file_continues(candidate, position):
            newer = [(later, 0) for later in reversed(rotated[:index])]
            return [(candidate, position.offset), *newer, (path, 0)]
    return [(path, 0)]


def open_plain(path: Path) -> IO[bytes]:
    """A log file open for reading, unpacked into an unnamed temporary file if need be.

    Raise OSError (an archive cut short or spoilt included).
    """
    opener = _OPENERS.get(path.suffix)
    if opener is None:
        return path.open("rb", buffering=0)
    with contextlib.ExitStack() as stack:
        plain = stack.enter_context(tempfile.TemporaryFile(buffering=0))
        packed = stack.enter_context(opener(path))
        try:
            shutil.copyfileobj(packed, plain)
        except (EOFError, lzma.LZMAError) as error:
            raise OSError(errno.EBADMSG, f"archive abîmée : {path}") from error
        packed.close()
        stack.pop_all()  # open from here on: the caller closes it
    return plain


def _digest(descriptor: int, length: int) -> str:
    return hashlib.sha256(os.pread(descriptor, length, 0)).hexdigest()


def _file_continues(path: Path, position: Position) -> bool:
    with contextlib.suppress(OSError, EOFError, lzma.LZMAError):
        opener = _OPENERS.get(path.suffix)
        if opener is None:
            with path.open("rb") as file:
                return continues(file.fileno(), position)
        with opener(path) as packed:
            head = packed.read(position.head_length)
        return position.offset > 0 and hashlib.sha256(head).hexdigest() == position.head_digest
    return False


def _rotated(path: Path) -> list[Path]:
    """The log's older files that we can read, newest first."""
    found: list[tuple[int, Path]] = []
    with contextlib.suppress(OSError):
        for sibling in path.parent.iterdir():
            if sibling.name.startswith((f"{path.name}.", f"{path.name}-")):
                with contextlib.suppress(OSError):
                    found.append((sibling.stat().st_mtime_ns, sibling))
    return [sibling for _, sibling in sorted(found, reverse=True)]
