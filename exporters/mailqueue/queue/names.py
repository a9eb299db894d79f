"""The names of the files of one queue, by listing its folders and nothing else."""

from __future__ import annotations

import os
from collections.abc import Iterator

# hash_queue_depth is 1 by default; Postfix allows 31 and nobody needs more than 2.
_DEEPEST = 31


def listed(folder: str, depth: int = 0) -> Iterator[tuple[str, list[str]]]:
    """(folder, names in it) for `folder` and its hashed sub-folders, which have one letter.

    A sub-folder that vanishes meanwhile is empty; one that is a file is a name like others.
    Raise OSError when `folder` itself, or a sub-folder that is there, cannot be listed.
    """
    try:
        names = os.listdir(folder)  # noqa: PTH208 - a Path for each of 100,000 names costs seconds
    except FileNotFoundError:
        if depth == 0:
            raise
        return
    except NotADirectoryError:
        if depth == 0:
            raise
        parent, _, name = folder.rpartition("/")
        yield parent, [name]
        return
    if min(map(len, names), default=2) > 1 or depth == _DEEPEST:
        yield folder, names
        return
    hashed = [name for name in names if len(name) == 1]
    yield folder, [name for name in names if len(name) > 1]
    for letter in hashed:
        yield from listed(f"{folder}/{letter}", depth + 1)
