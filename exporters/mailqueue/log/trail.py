"""Which files beside a log continue it: rotation by rename, by copy and truncation, by date."""

from __future__ import annotations

import contextlib
import hashlib
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Annotated, Any

from pydantic import BeforeValidator, NonNegativeInt

from exporters.mailqueue.log.packed import first_bytes, is_packed, open_ordinary

HEAD = 1024
"""First bytes that tell one log file from another."""
Listing = list[tuple[str, int]]
"""Name and inode of a log and of its older files."""


def _flat(before: Any) -> Any:
    """The positions before one, oldest first; also as they were saved once: one in the other."""
    links: list[Mapping[str, Any]] = []
    if before is not None and not isinstance(before, Mapping):
        return before
    while isinstance(before, Mapping):
        links.insert(0, {name: value for name, value in before.items() if name != "before"})
        before = before.get("before")
    return links


@dataclass(frozen=True)
class Position:
    """The next byte to read of one file, and the first bytes that tell it from others.

    An inode alone does not: it is used again, and a truncated file keeps it. It only
    counts while the file is empty (0: no file). `past`: lines before this byte were there
    before the very first start. `before`: the positions in the files before it, oldest first:
    not read yet, or their writer may not have noticed the rotation yet.
    """

    offset: NonNegativeInt
    inode: NonNegativeInt = 0
    head_length: NonNegativeInt = 0
    head_digest: str = hashlib.sha256().hexdigest()
    past: NonNegativeInt = 0
    before: Annotated[tuple[Position, ...], BeforeValidator(_flat)] = ()

    def chain(self) -> list[Position]:
        """It and those before it, oldest first."""
        return [*self.before, self]


def trail(path: Path, position: Position) -> list[tuple[Path, Position | None]]:
    """Files to read, oldest first, and what is known of each; the last one is always `path`.

    Those of the position's chain that are still there, and all that are newer. Where
    nothing is known of a file it is read whole; so is `path` when no other is found.
    """
    files = [*_rotated(path), path]
    beginning = cache(_beginning)  # of many archives for many positions: once is dear enough
    known: dict[Path, Position] = {}
    newest = -1
    for link in position.chain():
        matching = (f for f in reversed(files) if _continues(f, link, beginning, f is path))
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


def _beginning(path: Path, length: int) -> str:
    """The digest of the first bytes of a log file, packed or not; of none if it cannot be read."""
    first = b""
    with contextlib.suppress(OSError), open_ordinary(path) as file:
        first = first_bytes(file, path, length)
    return hashlib.sha256(first).hexdigest()


def _continues(
    path: Path, position: Position, beginning: Callable[[Path, int], str], live: bool
) -> bool:
    """Whether it holds what was read up to `position`.

    The live log does not if it is shorter. An older file may be: a copy taken just before
    the truncation lacks what we read of the original in between.
    """
    if position.head_length and beginning(path, position.head_length) != position.head_digest:
        return False
    try:
        status = path.stat()
    except OSError:
        return False
    if not position.head_length:
        return status.st_ino == position.inode
    return not live or status.st_size >= position.offset


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
    plain = [file for file in found if not is_packed(file) or file.with_suffix("") not in found]
    return sorted(plain, key=lambda file: (found[file], file))
