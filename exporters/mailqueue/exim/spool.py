"""Follows the spool of an Exim: changed folders are listed, new and changed files opened once.

Exim has one folder for all messages. ``active`` is mail that a process is delivering now,
``incoming`` mail that waits for its first attempt since less than a minute, ``deferred`` mail
that waits for a queue run, ``hold`` frozen mail, ``corrupt`` a header file that Exim cannot
read. It has no ``maildrop``: that is not in the snapshot.
"""

from __future__ import annotations

from collections import Counter, deque
from collections.abc import Callable, Iterator
from dataclasses import replace
from itertools import islice
from pathlib import Path

from exporters.mailqueue.exim.listing import Folder, list_folder
from exporters.mailqueue.exim.locks import locked_files
from exporters.mailqueue.exim.look import Seen, look
from exporters.mailqueue.exim.message_id import arrival_of
from exporters.mailqueue.queue.arrivals import Arrivals
from exporters.mailqueue.queue.ledger import Ledger
from exporters.mailqueue.queue.snapshot import NotPermitted, QueueState, ReadFailed, Snapshot
from exporters.mailqueue.queue.walk import BATCH, MANY
from inventory.config import reason

QUEUES = ("incoming", "active", "deferred", "hold", "corrupt")
_PASSING = ("incoming", "active")
AGAIN = 200
"""Files looked at again in one round, all in turn: an inode may be given out a second time."""
FIRST_ATTEMPT_SECONDS = 60.0
"""A message that nobody delivers after this time waits for a queue run, tried or not."""
_SHOWN_NAME = 40


class _Message:
    """What is known of one message: its files, row and queue; `looked`: the header was read.

    `idle`: its queue while nobody delivers it, ``incoming`` as long as it was not tried.
    """

    __slots__ = ("bytes", "data", "folder", "idle", "inode", "looked", "name", "queue", "row")

    def __init__(self, folder: str, name: str, inode: int, row: int, queue: str) -> None:
        self.folder, self.name, self.inode, self.data = folder, name, inode, 0
        self.row, self.queue, self.idle = row, queue, "incoming"
        self.bytes, self.looked = 0, False


class Spool:
    """Reads the messages of a spool. `most_looks`: how many files one round may open.

    `pace(count)` is called after each `count` of looks and may sleep; false ends the round.
    """

    method = "walk"

    def __init__(
        self,
        directory: Path,
        wall_clock: Callable[[], float],
        most_looks: int,
        pace: Callable[[int], bool] = lambda _: True,
        locked: Callable[[], frozenset[int] | None] = locked_files,
    ) -> None:
        self._top = f"{directory}/input"
        self._now, self._most_looks, self._pace = wall_clock, most_looks, pace
        self._locked: Callable[[], frozenset[int] | None] = locked
        self._ledger = Ledger()
        self._folders: dict[str, Folder] = {}
        self._messages: dict[str, dict[str, _Message]] = {}
        # Never looked at or changed since, in order of arrival; and those to be seen again.
        self._pending: dict[_Message, None] = {}
        self._again: deque[_Message] = deque()
        self._unlooked = 0
        self._counts: Counter[str] = Counter()
        self._bytes: Counter[str] = Counter()
        self._held: set[int] = set()
        # Those whose queue changes though no file does: young ones, and those being delivered.
        self._moving: dict[_Message, None] = {}
        self._active = True
        self._arrivals = {queue: Arrivals() for queue in QUEUES}
        self._last: Snapshot | None = None

    def read(self) -> Iterator[Snapshot]:
        """One round: a snapshot by names when many files are new, and one when it is over.

        Raise NotPermitted or ReadFailed; what is known already stays known.
        """
        for folder in self._list():
            self._compare(folder)
        if len(self._pending) > MANY:
            yield self._snapshot()
        self._look()
        self._move()
        yield self._snapshot()

    def _list(self) -> list[Folder]:
        """The folders that are not what they were; none of them is taken in yet."""
        now = self._now()
        top = self._listed(self._top, now, top=True)
        paths = [f"{self._top}/{name}" for name in top.split]
        listed = [top]
        for path in paths:
            try:
                listed.append(self._listed(path, now, top=False))
            except FileNotFoundError:
                continue  # Exim removes no sub-folder, an administrator may
        vanished = self._folders.keys() - {folder.path for folder in listed}
        self._check(listed)
        changed = [folder for folder in listed if self._folders.get(folder.path) is not folder]
        return [*changed, *(Folder(path, 0, settled=False) for path in vanished)]

    def _listed(self, path: str, now: float, *, top: bool) -> Folder:
        try:
            return list_folder(path, self._folders.get(path), now, top=top)
        except OSError as error:
            if isinstance(error, FileNotFoundError) and not top:
                raise
            raise _refusal(path, error) from None

    def _check(self, listed: list[Folder]) -> None:
        """A stray file is counted; when most are, the ids have a form we do not know: an error."""
        strangers = [f"{folder.path}/{name}" for folder in listed for name in folder.strangers]
        if len(strangers) > sum(map(self._size, listed)):
            raise ReadFailed(
                f"{strangers[0][: len(self._top) + _SHOWN_NAME]!r} n'est pas un fichier de message"
                f" connu (fichiers ainsi nommés : {len(strangers)}) ;"
                " attendu : les identifiants d'Exim 4, suivis de -H, -D ou -J"
            )

    def _size(self, folder: Folder) -> int:
        known = self._folders.get(folder.path) is folder
        return len(self._messages[folder.path] if known else folder.headers)

    def _compare(self, folder: Folder) -> None:
        """Take in a folder: messages that came, that left, whose header was written anew."""
        path = folder.path
        self._last = None
        known = self._messages.setdefault(path, {})
        for message in [known[name] for name in known if name not in folder.headers]:
            self._forget(message)
        for name, inode in folder.headers.items():
            message = known.get(name) or self._add(path, name, inode)
            if not message.looked or message.inode != inode:
                self._pending[message] = None
        if folder.changed:
            self._folders[path] = replace(folder, headers={})  # they are in the messages
        else:
            del self._folders[path]

    def _add(self, path: str, name: str, inode: int) -> _Message:
        arrival = arrival_of(name)
        queue = "deferred" if self._now() - arrival > FIRST_ATTEMPT_SECONDS else "incoming"
        row = self._ledger.add(arrival, 0.0)
        message = self._messages[path][name] = _Message(path, name, inode, row, queue)
        self._unlooked += 1
        self._count(message, 1)
        return message

    def _forget(self, message: _Message) -> None:
        del self._messages[message.folder][message.name]
        self._pending.pop(message, None)
        self._unlooked -= not message.looked
        self._count(message, -1)
        self._ledger.free(message.row)

    def _count(self, message: _Message, sign: int) -> None:
        """Add a message to what its queue has, or take it off."""
        queue = message.queue
        self._counts[queue] += sign
        self._bytes[queue] += sign * message.bytes
        arrival = self._ledger.arrival(message.row)
        if sign > 0:
            self._arrivals[queue].add(arrival)
        else:
            self._arrivals[queue].remove(arrival)
        if queue == "hold":
            (self._held.add if sign > 0 else self._held.discard)(message.row)
        elif queue in _PASSING:
            if sign > 0:
                self._moving[message] = None
            else:
                self._moving.pop(message, None)

    def _look(self) -> None:
        """Open the files never looked at or written anew, then a few others again, in turn."""
        chosen = list(islice(self._pending, self._most_looks))
        chosen += self._turn(min(AGAIN, self._most_looks - len(chosen)))
        for start in range(0, len(chosen), BATCH):
            batch = chosen[start : start + BATCH]
            for message in batch:
                self._look_at(message)
            if not self._pace(len(batch)):
                return

    def _turn(self, count: int) -> list[_Message]:
        """The next messages to be looked at once more."""
        if not self._again:
            for messages in self._messages.values():
                self._again.extend(message for message in messages.values() if message.looked)
        return [self._again.popleft() for _ in range(min(count, len(self._again)))]

    def _look_at(self, message: _Message) -> None:
        if self._messages[message.folder].get(message.name) is not message:
            return  # it left since its turn was noted
        self._pending.pop(message, None)
        try:
            seen = look(message.folder, message.name)
        except FileNotFoundError:
            self._last = None
            self._forget(message)
            return
        except OSError as error:
            self._pending[message] = None
            raise _refusal(f"{message.folder}/{message.name}", error) from None
        if message.looked and message.inode == seen.inode and message.idle == seen.queue:
            return
        self._last = None
        self._fill(message, seen)

    def _fill(self, message: _Message, seen: Seen) -> None:
        self._count(message, -1)
        self._ledger.fill(message.row, seen.look)
        self._ledger.hold(message.row, seen.look.changed)
        self._unlooked -= not message.looked
        message.looked, message.inode, message.data = True, seen.inode, seen.data
        message.idle, message.bytes = seen.queue, seen.look.bytes
        message.queue = self._resting(message)
        self._count(message, 1)

    def _resting(self, message: _Message) -> str:
        """The queue of a message that nobody delivers."""
        age = self._now() - self._ledger.arrival(message.row)
        untried = message.idle == "incoming"
        return "deferred" if untried and age > FIRST_ATTEMPT_SECONDS else message.idle

    def _move(self) -> None:
        """Put each message where it is now: in a delivery, or waiting for its first or another."""
        locked = self._locked()
        self._active = locked is not None
        concerned = list(self._moving)
        if locked:
            for messages in self._messages.values():
                concerned += [one for one in messages.values() if one.data in locked]
        for message in concerned:
            queue = "active" if locked and message.data in locked else self._resting(message)
            if queue != message.queue:
                self._last = None
                self._count(message, -1)
                message.queue = queue
                self._count(message, 1)

    def _snapshot(self) -> Snapshot:
        if self._last is None:
            total = self._counts.total()
            strangers = sum(len(folder.strangers) for folder in self._folders.values())
            self._last = Snapshot(
                method=self.method,
                queues={
                    queue: QueueState(
                        messages=self._counts[queue],
                        bytes=None if self._unlooked else self._bytes[queue],
                        arrivals=self._arrivals[queue].in_order(),
                        # One folder holds all: where a stray file belongs nobody knows.
                        unknown=strangers if queue == "incoming" else 0,
                    )
                    for queue in QUEUES
                    if queue != "active" or self._active
                },
                attributed=total - self._unlooked,
                shares=self._ledger.shares(),
                held=self._ledger.held(self._held),
            )
        return self._last


def _refusal(path: str, error: OSError) -> ReadFailed:
    what = f"{path} illisible : {reason(error)} ; attendu : "
    if isinstance(error, PermissionError):
        right = "le droit de lecture (le groupe Debian-exim ou CAP_DAC_READ_SEARCH)"
        return NotPermitted(what + right)
    return ReadFailed(f"{what}le dossier des messages d'Exim (queue_directory, sans /input)")
