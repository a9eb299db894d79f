"""What must be remembered of a message to read Exim's later lines about it. Pure.

Exim logs a recipient at every attempt and, unless told to (``received_recipients``), not when it
takes the message; it does not say whether a notice to the sender is about a failure or a delay.
"""

from __future__ import annotations

MOST_MESSAGES = 200_000
MOST_ADDRESSES = 200_000


class Remembered:
    """One message in the queue. `counts`: its recipients are not known but from its deliveries."""

    __slots__ = ("counts", "expired", "failed", "seen")

    def __init__(self, *, counts: bool) -> None:
        self.counts = counts
        self.seen: set[int] = set()
        self.failed = self.expired = False


class Memory:
    """Messages that came and did not go, the oldest forgotten beyond the limits.

    It is not saved: a message taken before a restart is no longer known after it.
    """

    def __init__(self, messages: int = MOST_MESSAGES, addresses: int = MOST_ADDRESSES) -> None:
        self._most_messages, self._most_addresses = messages, addresses
        self._messages: dict[bytes, Remembered] = {}
        self._addresses = 0

    def begin(self, queue_id: bytes, *, counts: bool) -> None:
        """A message was taken."""
        self.end(queue_id)
        self._messages[queue_id] = Remembered(counts=counts)
        if len(self._messages) > self._most_messages:
            self.end(next(iter(self._messages)))

    def end(self, queue_id: bytes) -> None:
        """A message left the queue."""
        message = self._messages.pop(queue_id, None)
        if message is not None:
            self._addresses -= len(message.seen)

    def get(self, queue_id: bytes) -> Remembered | None:
        """The message, if it was seen to arrive."""
        return self._messages.get(queue_id)

    def see(self, queue_id: bytes, recipient: bytes) -> bool:
        """Whether this is the first line about this recipient of a message seen to arrive."""
        message = self._messages.get(queue_id)
        key = hash(recipient)
        if message is None or key in message.seen:
            return False
        message.seen.add(key)
        self._addresses += 1
        while self._addresses > self._most_addresses:
            self.end(next(iter(self._messages)))
        return True
