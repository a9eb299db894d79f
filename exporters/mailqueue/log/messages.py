"""Whose message a queue id is: the join that attributes every later line. Pure."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator

from exporters.mailqueue.accounts import account_label
from exporters.mailqueue.log.events import (
    Activated,
    Delivered,
    MailEvent,
    RecipientRejected,
    Removed,
    Submitted,
)

LIMIT = 200_000
"""Messages kept; beyond it the oldest is forgotten."""


class Message:
    """One message of an authenticated account that is in the queue."""

    __slots__ = ("account", "active", "fresh")

    def __init__(self, account: str, *, fresh: bool = False, active: bool = False) -> None:
        self.account = account
        """Safe as a label; ``invalid`` when its name is not address-like."""
        self.active = active
        """Its recipients were counted: the queue manager logs them again at each retry."""
        self.fresh = fresh
        """It came from a network that is not the account's own (the detector's finding)."""

    def row(self) -> tuple[str, bool, bool]:
        """As it is saved."""
        return self.account, self.fresh, self.active


class Messages:
    """Joins lines by queue id. Remembers what changed, so that only that is saved."""

    def __init__(self, limit: int = LIMIT) -> None:
        self._limit = limit
        self._messages: dict[bytes, Message] = {}
        self._queued: Counter[str] = Counter()
        self._changed: dict[bytes, None] = {}  # in order: the oldest is saved first

    def __len__(self) -> int:
        return len(self._messages)

    def take(self, event: MailEvent) -> Message | None:
        """The message of an authenticated account this event is about, else None.

        None too for a message that enters the active queue again: a retry.
        """
        kind = type(event)
        if kind is Submitted:
            return self._begin(event)  # type: ignore[arg-type]
        if kind is Delivered or kind is RecipientRejected:
            return self._messages.get(event.queue_id)  # type: ignore[union-attr]
        if kind is Activated:
            message = self._messages.get(event.queue_id)  # type: ignore[union-attr]
            if message is None or (message.active and not event.more):  # type: ignore[union-attr]
                return None
            message.active = True
            self._changed[event.queue_id] = None  # type: ignore[union-attr]
            return message
        if kind is Removed:
            return self._forget(event.queue_id)  # type: ignore[union-attr]
        return None

    def share(self, account: str) -> tuple[float, int]:
        """What part (0..1) of all authenticated messages in the queue an account has; how many."""
        total = len(self._messages)
        return (self._queued[account] / total if total else 0.0), total

    def _begin(self, event: Submitted) -> Message:
        message = Message(account_label(event.account))
        queue_id = event.queue_id
        self._forget(queue_id)  # a short queue id is used again
        self._messages[queue_id] = message
        self._queued[message.account] += 1
        self._changed.pop(queue_id, None)
        self._changed[queue_id] = None
        if len(self._messages) > self._limit:
            self._forget(next(iter(self._messages)))
        return message

    def _forget(self, queue_id: bytes) -> Message | None:
        message = self._messages.pop(queue_id, None)
        if message is not None:
            self._changed[queue_id] = None
            self._queued[message.account] -= 1
            if not self._queued[message.account]:
                del self._queued[message.account]
        return message

    def changes(self) -> Iterator[tuple[bytes, Message | None]]:
        """Each message that is new, other or gone (None) since the last call."""
        changed, self._changed = self._changed, {}
        for queue_id in changed:
            yield queue_id, self._messages.get(queue_id)

    def change_all(self) -> None:
        """Every message counts as changed: what was saved is lost."""
        self._changed = dict.fromkeys(self._messages)

    def restore(self, saved: Iterable[tuple[bytes, Message]]) -> None:
        """Take up what an earlier process saved, oldest first."""
        self._messages.update(saved)
        self._queued = Counter(message.account for message in self._messages.values())
