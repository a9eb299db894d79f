"""Which files beside a log continue it: rotation by rename, by copy and truncation, by date."""

from __future__ import annotations

import bz2
import contextlib
import errno
import gzip
import hashlib
import lzma
import shutil
import stat
import tempfile
import zlib
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import IO

from pydantic import NonNegativeInt

HEAD = 1024
"""First bytes that tell one log file from another."""
_Packed = gzip.GzipFile | bz2.BZ2File | lzma.LZMAFile
_OPENERS: Mapping[str, Callable[[Path], _Packed]] = {
    ".gz": gzip.GzipFile,
    ".bz2": bz2.BZ2File,
    ".xz": lzma.LZMAFile,
}
Listing = list[tuple[str, int]]
"""Name and inode of a log and of its older files."""


@dataclass(frozen=True)
class Position:
    """The next byte to read of one file, and the first bytes that tell it from others.

    An inode alone does not: it is used again, and a truncated file keeps it. It only
    counts while the file is empty (0: no file). `past`: lines before this byte were there
    before the very first start. `before`: the position in the file before it, whose writer
    may not have noticed the rotation yet.
    """

    offset: NonNegativeInt
    inode: NonNegativeInt = 0
    head_length: NonNegativeInt = 0
    head_digest: str = hashlib.sha256().hexdigest()
    past: NonNegativeInt = 0
    before: Position | None = None

    def chain(self) -> list[Position]:
        """It and those before it, oldest first."""
        return [*(self.before.chain() if self.before else ()), self]


def trail(path: Path, position: Position) -> list[tuple[Path, Position | None]]:
    """Files to read, oldest first, and what is known of each; the last one is always `path`.

    Those of the position's chain that are still there, and all that are newer. Where
    nothing is known of a file it is read whole; so is `path` when no other is found.
    """
    files = [*_rotated(path), path]
    known: dict[Path, Position] = {}
    newest = -1
    for link in position.chain():
        matching = (file for file in reversed(files) if _continues(file, link, live=file == path))
        found = next(matching, None)
        if found is None:
            continue
        if found not in known or known[found].offset < link.offset:
            known[found] = link  # a copy of what was read in the original
        if link.offset or newest < 0:
            newest = files.index(found)
    ordered = [file for file in files if file in known or files.index(file) >= newest >= 0]
    return [(file, known.get(file)) for file in ordered or [path]]


def listing(path: Path) -> Listing:
    """What is there of this log now: another answer later says that it was rotated meanwhile."""
    found = []
    for file in (path, *_siblings(path)):
        with contextlib.suppress(OSError):
            found.append((file.name, file.stat().st_ino))
    return sorted(found)


def open_plain(path: Path) -> IO[bytes]:
    """A log file open for reading, unpacked into an unnamed temporary file if need be.

    Raise OSError (an archive cut short or spoilt, and what is no ordinary file, included).
    """
    mode = path.stat().st_mode
    if stat.S_ISDIR(mode):
        raise IsADirectoryError(errno.EISDIR, "")
    if not stat.S_ISREG(mode):  # opening a pipe would wait for somebody who writes to it
        raise OSError(errno.ESPIPE, "c'est un tube ou un périphérique")
    opener = _OPENERS.get(path.suffix)
    if opener is None:
        return path.open("rb", buffering=0)
    with contextlib.ExitStack() as stack:
        plain = stack.enter_context(tempfile.TemporaryFile(buffering=0))
        packed = stack.enter_context(opener(path))
        try:
            shutil.copyfileobj(packed, plain)
        except (EOFError, lzma.LZMAError, zlib.error, OSError) as error:
            if isinstance(error, OSError) and error.errno is not None:
                raise  # the disk, not what is in the file
            raise OSError(errno.EBADMSG, f"archive abîmée : {path}") from error
        packed.close()
        stack.pop_all()  # open from here on: the caller closes it
    return plain


def _head(path: Path, length: int = HEAD) -> bytes:
    """The first bytes of a log file, packed or not; none if it cannot be read."""
    with contextlib.suppress(OSError, EOFError, lzma.LZMAError, zlib.error):
        opener = _OPENERS.get(path.suffix)
        with opener(path) if opener else path.open("rb") as file:
            return file.read(length)
    return b""


def _continues(path: Path, position: Position, *, live: bool) -> bool:
    """Whether it holds what was read up to `position`.

    The live log does not if it is shorter. An older file may be: a copy taken just before
    the truncation lacks what we read of the original in between.
    """
    try:
        status = path.stat()
    except OSError:
        return False
    if not position.head_length:
        return status.st_ino == position.inode
    if live and status.st_size < position.offset:
        return False
    head = _head(path, position.head_length)
    return hashlib.sha256(head).hexdigest() == position.head_digest


def _siblings(path: Path) -> Iterator[Path]:
    """The ordinary files beside it that may be older ones."""
    with contextlib.suppress(OSError):
        for sibling in path.parent.iterdir():
            if sibling.name.startswith((f"{path.name}.", f"{path.name}-")):
                with contextlib.suppress(OSError):
                    if sibling.is_file():
                        yield sibling


def _rotated(path: Path) -> list[Path]:
    """The log's older files, oldest first; of a file and its archive being made, the file."""
    found: dict[Path, int] = {}
    for sibling in _siblings(path):
        with contextlib.suppress(OSError):
            status = sibling.stat()
            # The time of its last line (archives keep it); an empty one was just renamed.
            found[sibling] = status.st_mtime_ns if status.st_size else status.st_ctime_ns
    plain = [
        file for file in found if file.suffix not in _OPENERS or file.with_suffix("") not in found
    ]
    return sorted(plain, key=lambda file: (found[file], file))
