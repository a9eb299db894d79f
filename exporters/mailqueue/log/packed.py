"""Log files as they lie on the disk, plain or packed (gzip, bzip2, xz)."""

from __future__ import annotations

import bz2
import contextlib
import errno
import gzip
import lzma
import os
import shutil
import stat
import tempfile
import zlib
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import IO

_Packed = gzip.GzipFile | bz2.BZ2File | lzma.LZMAFile
_OPENERS: Mapping[str, Callable[[IO[bytes]], _Packed]] = {
    ".gz": lambda file: gzip.GzipFile(fileobj=file),
    ".bz2": bz2.BZ2File,
    ".xz": lzma.LZMAFile,
}
_SPOILT = (EOFError, lzma.LZMAError, zlib.error, OSError)


def is_packed(path: Path) -> bool:
    """Whether it is a packed file, by its name."""
    return path.suffix in _OPENERS


def open_ordinary(path: Path) -> IO[bytes]:
    """The file as it is, open for reading. Raise OSError, also for what is no ordinary file."""
    mode = path.stat().st_mode
    if stat.S_ISDIR(mode):
        raise IsADirectoryError(errno.EISDIR, "")
    if not stat.S_ISREG(mode):  # opening a pipe would wait for somebody who writes to it
        raise OSError(errno.ESPIPE, "c'est un tube ou un périphérique")
    return path.open("rb", buffering=0)


def open_plain(path: Path) -> IO[bytes]:
    """A log file open for reading, unpacked into an unnamed temporary file if need be.

    Raise OSError (an archive cut short or spoilt, and what is no ordinary file, included).
    """
    file = open_ordinary(path)
    if not is_packed(path):
        return file
    with file:
        return unpack(file, path)


def unpack(file: IO[bytes], path: Path) -> IO[bytes]:
    """What is in an open packed file that had this name, in an unnamed temporary file.

    Raise OSError; EBADMSG when it is cut short or spoilt.
    """
    with contextlib.ExitStack() as stack:
        plain = stack.enter_context(tempfile.TemporaryFile(buffering=0))
        with _unpacking(file, path) as packed:
            shutil.copyfileobj(packed, plain)
        stack.pop_all()  # open from here on: the caller closes it
    return plain


def first_bytes(file: IO[bytes], path: Path, length: int) -> bytes:
    """The first bytes of the log in an open file that had this name, unpacked.

    Raise OSError as `unpack` does.
    """
    if not is_packed(path):
        return os.pread(file.fileno(), length, 0)
    with _unpacking(file, path) as packed:
        return packed.read(length)


@contextlib.contextmanager
def _unpacking(file: IO[bytes], path: Path) -> Iterator[_Packed]:
    try:
        file.seek(0)
        with _OPENERS[path.suffix](file) as packed:
            yield packed
    except _SPOILT as error:
        if isinstance(error, OSError) and error.errno is not None:
            raise  # the disk, not what is in the file
        raise OSError(errno.EBADMSG, f"archive abîmée : {path}") from error
