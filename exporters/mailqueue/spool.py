"""Postfix's queue directory, read with as little disk access as possible.

The names of all files at each scan; one ``stat`` for each new message; one open
for each new message with a short id. Permissions are never changed.
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from exporters.mailqueue.queue_file import HEAD_BYTES, NotAQueueFile, parse_head
from exporters.mailqueue.queue_id import arrival_of_long_id, is_long, is_queue_id
from exporters.toolkit.collector import CollectorError, Deadline
from inventory.config import reason

QUEUES = ("incoming", "active", "deferred", "hold", "corrupt", "maildrop")
# hash_queue_depth is 1 by default; Postfix allows 31 and nobody needs more than 2.
_DEEPEST = 31
_CHECK_EVERY = 500


@dataclass(frozen=True, slots=True)
class QueueState:
    """One queue at one instant; `oldest` is the Unix time of the first arrival, None if empty."""

    messages: int
    bytes: int
    oldest: float | None


@dataclass(frozen=True, slots=True)
class _Message:
    bytes: int
    arrival: float


def queue_files(folder: Path, depth: int = 0) -> Iterator[tuple[str, str]]:
    """(queue id, path) of the messages under `folder`, hashed sub-folders included.

    A sub-folder that vanishes meanwhile is empty. Raise OSError when `folder` itself
    or one of them cannot be read.
    """
    try:
        entries = os.scandir(folder)
    except FileNotFoundError:
        if depth == 0:
            raise
        return
    with entries:
        for entry in entries:
            name = entry.name
            if len(name) == 1 and depth < _DEEPEST and entry.is_dir(follow_symlinks=False):
                yield from queue_files(Path(entry.path), depth + 1)
            elif is_queue_id(name):
                yield name, entry.path


class Spool:
    """Scans a queue directory; remembers what cannot change about each message."""

    def __init__(self, directory: Path) -> None:
        self.directory = directory
        self._known: dict[str, _Message] = {}

    def scan(self, deadline: Deadline) -> dict[str, QueueState]:
        """The state of every queue. Raise CollectorError; the next scan goes on from there."""
        seen: dict[str, _Message] = {}
        states: dict[str, QueueState] = {}
        for queue in QUEUES:
            try:
                states[queue] = self._queue(queue, seen, deadline)
            except OSError as error:
                raise CollectorError(
                    f"file {self.directory / queue} illisible : {reason(error)} ;"
                    " attendu : le droit de lecture"
                    " (CAP_DAC_READ_SEARCH ou l'utilisateur postfix)"
                ) from None
        self._known = seen
        return states

    def _queue(self, queue: str, seen: dict[str, _Message], deadline: Deadline) -> QueueState:
        count = total = 0
        oldest: float | None = None
        for name, path in queue_files(self.directory / queue):
            if name in seen:
                continue  # it moved on during this scan: counted once
            count += 1
            message = self._known.get(name)
            if message is None:
                if count % _CHECK_EVERY == 0 and deadline.remaining() == 0:
                    raise CollectorError(
                        "première lecture de la file plus longue que le délai du relevé ;"
                        " elle continue au relevé suivant"
                    )
                try:
                    message, lasting = _look(name, path)
                except FileNotFoundError:
                    count -= 1  # it left the queue, or moved to another one
                    continue
                if lasting:
                    self._known[name] = message
            if name in self._known:
                seen[name] = message
            total += message.bytes
            oldest = message.arrival if oldest is None else min(oldest, message.arrival)
        return QueueState(count, total, oldest)


def _look(name: str, path: str) -> tuple[_Message, bool]:
    """The message in this file, and whether that will stay true. Raise OSError."""
    status = os.stat(path)  # noqa: PTH116 - os.scandir gave text; a Path for each costs more
    # Postfix sets the execute bit when the file is complete (MAIL_QUEUE_STAT_READY).
    complete = bool(status.st_mode & 0o100)
    if is_long(name):
        return _Message(status.st_size, arrival_of_long_id(name)), complete
    try:
        with open(path, "rb") as file:  # noqa: PTH123 - as above
            arrival = parse_head(file.read(HEAD_BYTES)).arrival
    except NotAQueueFile:
        # Still being written, or corrupt: the file's own time is the best there is.
        return _Message(status.st_size, status.st_mtime), False
    return _Message(status.st_size, arrival), complete
