"""The header files of an Exim spool with their inodes, by listing its folders and nothing else."""

from __future__ import annotations

import os
from dataclasses import dataclass, field

from exporters.mailqueue.exim.message_id import is_companion, is_header

SETTLED_SECONDS = 2.0
"""A folder's time tells of every change that comes so long after it, whatever the clock's steps."""


@dataclass(frozen=True, slots=True)
class Folder:
    """One folder as it was. `headers`: name to inode of each header file.

    A changed header is a new file with the old name, thus another inode: no ``stat`` is needed.
    `settled`: while its time stays what it was, nothing in it has changed.
    """

    path: str
    changed: int
    settled: bool
    headers: dict[str, int] = field(default_factory=dict)
    strangers: tuple[str, ...] = ()
    """Names that neither are a message nor belong to one."""
    split: tuple[str, ...] = ()
    """Its sub-folders (``split_spool_directory``): one letter or digit each."""


def list_folder(path: str, before: Folder | None, now: float, *, top: bool) -> Folder:
    """The folder as it is at Unix time `now`; the very same object when nothing changed in it.

    Only the `top` folder has sub-folders. Raise OSError.
    """
    changed = os.stat(path).st_mtime_ns  # noqa: PTH116 - for each of 62 folders, every few seconds
    if before is not None and before.settled and before.changed == changed:
        return before
    headers: dict[str, int] = {}
    strangers: list[str] = []
    split: list[str] = []
    with os.scandir(path) as entries:
        for entry in entries:
            name = entry.name
            if name.endswith("-H") and is_header(name):
                headers[name] = entry.inode()
            elif is_companion(name) or name.startswith("."):
                continue  # hidden names (``.nfs...``) are not Exim's
            elif top and len(name) == 1 and name.isascii() and name.isalnum():
                split.append(name)
            else:
                strangers.append(name)
    settled = now - changed / 1e9 >= SETTLED_SECONDS
    return Folder(path, changed, settled, headers, tuple(strangers), tuple(sorted(split)))
