"""The emergency spool: bodies on disk, in order, while the store cannot be written.

One file a body, 0600: a line of JSON that describes it, then the body. It is complete or
absent, for it gets its name only once it is on disk.

SpoolError          cannot be used; the message (French) says why
├── SpoolFull       no room is left within its limit
└── SpoolDamaged    a file that is not what was written
"""

from __future__ import annotations

import fcntl
import hashlib
import json
import os
import time
from collections.abc import Iterable, Sequence
from contextlib import suppress
from datetime import datetime
from pathlib import Path

from alertmanager.webhook.posts import Post, read_post

_SUFFIX, _PART, _ASIDE = ".body", ".part", ".damaged"


class SpoolError(Exception):
    """The spool cannot do what was asked."""


class SpoolFull(SpoolError):
    """Its limit is reached."""


class SpoolDamaged(SpoolError):
    """A file that cannot be read back."""


class Spool:
    """The files of one folder, which no other process may use. `limit` in bytes.

    Raise SpoolError if the folder cannot be used.
    """

    def __init__(self, directory: Path, limit: int) -> None:
        self.directory, self._limit = directory, limit
        try:
            directory.mkdir(mode=0o700, parents=True, exist_ok=True)
            self._folder = os.open(directory, os.O_RDONLY | os.O_DIRECTORY)
            fcntl.flock(self._folder, fcntl.LOCK_EX | fcntl.LOCK_NB)
            for part in directory.glob(f"*{_PART}"):
                part.unlink()  # nobody was told that it was kept
            self._sizes = {path: path.stat().st_size for path in self._files(_SUFFIX)}
            self._aside = sum(path.stat().st_size for path in self._files(_ASIDE))
        except BlockingIOError:
            raise SpoolError(f"un autre processus se sert de {directory}") from None
        except OSError as error:
            raise SpoolError(f"{directory} : {error.strerror}") from None
        self._last = 0

    def __len__(self) -> int:
        return len(self._sizes)

    @property
    def bytes(self) -> int:
        """What the waiting bodies take on disk."""
        return sum(self._sizes.values())

    @property
    def waiting(self) -> Sequence[Path]:
        """The files, oldest first."""
        return sorted(self._sizes)

    def add(self, post: Post) -> None:
        """Have it on disk, but for its name: `sync` comes after. Raise SpoolFull, SpoolError."""
        content = _head(post) + post.body
        if self.bytes + self._aside + len(content) > self._limit:
            raise SpoolFull(f"la réserve {self.directory} est pleine ({self._limit} octets)")
        self._last = max(self._last + 1, time.time_ns(), self._newest() + 1)
        path = self.directory / f"{self._last:020}{_SUFFIX}"
        part = path.with_suffix(_PART)
        try:
            descriptor = os.open(part, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
            with os.fdopen(descriptor, "wb") as file:
                file.write(content)
                file.flush()
                os.fsync(file.fileno())
            part.rename(path)
        except OSError as error:
            with suppress(OSError):
                part.unlink()
            raise SpoolError(f"{self.directory} : {error.strerror}") from None
        self._sizes[path] = len(content)

    def sync(self) -> None:
        """Have the names on disk too. Raise SpoolError."""
        try:
            os.fsync(self._folder)
        except OSError as error:
            raise SpoolError(f"{self.directory} : {error.strerror}") from None

    def read(self, path: Path) -> Post:
        """The body of a waiting file. Raise SpoolDamaged, SpoolError."""
        try:
            head, _, body = path.read_bytes().partition(b"\n")
        except OSError as error:
            raise SpoolError(f"{path} : {error.strerror}") from None
        try:
            data = json.loads(head)
            if hashlib.sha256(body).hexdigest() != data["sha256"]:
                raise SpoolDamaged(f"{path} : le corps n'est pas celui qui fut écrit")
            return read_post(
                str(data["integration"]),
                str(data["source"]),
                body,
                datetime.fromisoformat(data["received_at"]),
                too_large=bool(data["too_large"]),
                spooled=True,
            )
        except (ValueError, KeyError, TypeError):
            raise SpoolDamaged(f"{path} : l'en-tête n'est pas lisible") from None

    def remove(self, paths: Iterable[Path]) -> None:
        """They are in the store. Raise SpoolError."""
        for path in paths:
            try:
                path.unlink(missing_ok=True)
            except OSError as error:
                raise SpoolError(f"{path} : {error.strerror}") from None
            self._sizes.pop(path, None)
        self.sync()

    def set_aside(self, path: Path) -> Path:
        """Keep a file that cannot be taken for somebody to see; its new name. Raise SpoolError."""
        aside = path.with_suffix(_ASIDE)
        try:
            path.rename(aside)
        except OSError as error:
            raise SpoolError(f"{path} : {error.strerror}") from None
        self._aside += self._sizes.pop(path, 0)
        self.sync()
        return aside

    def close(self) -> None:
        """Let another process use the folder."""
        os.close(self._folder)

    def _files(self, suffix: str) -> list[Path]:
        return sorted(self.directory.glob(f"*{suffix}"))

    def _newest(self) -> int:
        """Number of the newest file: a clock that was set back must not reorder them."""
        newest = max(self._sizes, default=None)
        return int(newest.stem) if newest is not None and newest.stem.isdigit() else 0


def _head(post: Post) -> bytes:
    data = {
        "integration": post.integration,
        "source": post.source,
        "received_at": post.received_at.isoformat(),
        "too_large": post.too_large,
        "sha256": post.sha256,
    }
    return json.dumps(data).encode() + b"\n"
