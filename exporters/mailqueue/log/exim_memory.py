"""What must be remembered of a message to read Exim's later lines about it. Pure.

Exim logs a recipient at every attempt and, unless told to (``received_recipients``), not when it
takes the message; it does not say whether a notice to the sender is about a failure or a delay.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from hashlib import blake2b

MOST_MESSAGES = 200_000
MOST_ADDRESSES = 200_000


MemoryRow = tuple[bool, bool, bool, list[int]]
"""`counts`, `failed`, `expired`, and the digests of the recipients seen."""


class Remembered:
    """One message in the queue. `counts`: its recipients are not known but from its deliveries."""

    __slots__ = ("counts", "expired", "failed", "seen")

    def __init__(self, *, counts: bool) -> None:
        self.counts = counts
        self.seen: set[int] = set()
        self.failed = self.expired = False

    def row(self) -> MemoryRow:
        """As it is saved."""
        return self.counts, self.failed, self.expired, sorted(self.seen)


class Memory:
    """Messages that came and did not go, the oldest forgotten beyond the limits.

    Remembers what changed, so that only that is saved.
    """

    def __init__(self, messages: int = MOST_MESSAGES, addresses: int = MOST_ADDRESSES) -> None:
        self._most_messages, self._most_addresses = messages, addresses
        self._messages: dict[bytes, Remembered] = {}
        self._addresses = 0
        self._changed: dict[bytes, None] = {}  # in order: the oldest is saved first

    def begin(self, queue_id: bytes, *, counts: bool) -> None:
        """A message was taken."""
        self.end(queue_id)
        self._messages[queue_id] = Remembered(counts=counts)
        self._changed.pop(queue_id, None)
        self._changed[queue_id] = None
        if len(self._messages) > self._most_messages:
            self.end(next(iter(self._messages)))

    def end(self, queue_id: bytes) -> None:
        """A message left the queue."""
        message = self._messages.pop(queue_id, None)
        if message is not None:
            self._addresses -= len(message.seen)
            self._changed[queue_id] = None

    def get(self, queue_id: bytes) -> Remembered | None:
        """The message, if it was seen to arrive."""
        return self._messages.get(queue_id)

    def see(self, queue_id: bytes, recipient: bytes) -> bool:
        """Whether this is the first line about this recipient of a message seen to arrive."""
        message = self._messages.get(queue_id)
        if message is None:
            return False
        key = digest(recipient)
        if key in message.seen:
            return False
        message.seen.add(key)
        self._changed[queue_id] = None
        self._addresses += 1
        while self._addresses > self._most_addresses:
            self.end(next(iter(self._messages)))
        return True

    def fail(self, queue_id: bytes, *, expired: bool) -> None:
        """A recipient of the message failed for good; `expired`: for its time was up."""
        message = self._messages.get(queue_id)
        if message is not None:
            message.failed = True
            message.expired |= expired
            self._changed[queue_id] = None

    def changes(self) -> Iterator[tuple[bytes, MemoryRow | None]]:
        """Each message that is new, other or gone (None) since the last call."""
        changed, self._changed = self._changed, {}
        for queue_id in changed:
            message = self._messages.get(queue_id)
            yield queue_id, None if message is None else message.row()

    def change_all(self) -> None:
        """Every message counts as changed: what was saved is lost."""
        self._changed = dict.fromkeys(self._messages)

    def restore(self, saved: Iterable[tuple[bytes, MemoryRow]]) -> None:
        """Take up what an earlier process saved, oldest first."""
        for queue_id, (counts, failed, expired, seen) in saved:
            message = self._messages[queue_id] = Remembered(counts=bool(counts))
            message.failed, message.expired = bool(failed), bool(expired)
            message.seen.update(map(int, seen))
            self._addresses += len(message.seen)


def digest(recipient: bytes) -> int:
    """Eight bytes that are a recipient's in every process, and that no sender finds twice."""
    return int.from_bytes(blake2b(recipient, digest_size=8).digest())
