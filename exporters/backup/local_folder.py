"""The folder of a repository on this machine: what can be told of it without its tool."""

from __future__ import annotations

import hashlib
import os
from collections.abc import Hashable, Iterator
from datetime import UTC, datetime
from pathlib import Path

from exporters.backup.contents import Glance, Lock
from exporters.backup.errors import Unreadable
from inventory.config import reason


def no_repository(repository: Path) -> Unreadable:
    """There is a place, and no repository in it."""
    return Unreadable("missing", f"aucun dépôt dans {repository}")


def names_in(folder: Path, repository: Path) -> frozenset[str]:
    """The names in a `folder` of the `repository`. Raise Unreadable."""
    try:
        with os.scandir(folder) as entries:
            return frozenset(entry.name for entry in entries)
    except (FileNotFoundError, NotADirectoryError):
        raise no_repository(repository) from None
    except OSError as error:
        raise Unreadable("unreachable", f"{repository} : {reason(error)}") from None


def written(path: Path) -> datetime | None:
    """When a file or folder was last written; None: it is not there any more."""
    try:
        return datetime.fromtimestamp(path.stat().st_mtime, UTC)
    except FileNotFoundError:
        return None


def dated(folder: Path, repository: Path) -> Iterator[tuple[str, datetime]]:
    """(name, when it was last written) of what is in a `folder`. Raise Unreadable."""
    for name in names_in(folder, repository):
        instant = written(folder / name)
        if instant is not None:
            yield name, instant


def glance_of(repository: Path, mark: Hashable, locks: tuple[Lock, ...]) -> Glance:
    """The mark and the locks, and how much room there is where the repository is."""
    try:
        room = os.statvfs(repository)
    except OSError as error:
        raise Unreadable("unreachable", f"{repository} : {reason(error)}") from None
    return Glance(mark, locks, room.f_bavail * room.f_frsize, room.f_blocks * room.f_frsize)


def identity_of(path: Path) -> str:
    """A short digest of a file that is the repository's own for life; empty: it cannot be read."""
    try:
        return hashlib.sha256(path.read_bytes()).hexdigest()[:16]
    except OSError:
        return ""
