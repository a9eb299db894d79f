"""Which messages of the queue an account submitted: by what Postfix wrote into their files."""

from __future__ import annotations

import os
from collections.abc import Iterator
from dataclasses import dataclass

from deploy.containment.errors import ContainmentError
from exporters.mailqueue.queue.look import OPENED
from exporters.mailqueue.queue.names import listed
from exporters.mailqueue.queue_file import HEAD_BYTES, NotAQueueFile, parse_head
from exporters.mailqueue.queue_id import is_long, is_queue_id
from inventory.config import reason

QUEUES = ("incoming", "active", "deferred", "hold")


@dataclass(frozen=True, slots=True)
class Queued:
    """One message. `complete`: it is no longer being written."""

    queue: str
    complete: bool


class Spool:
    """Looks at each file once where its name tells it from every other: with long queue ids."""

    def __init__(self, directory: str, account: str) -> None:
        self._directory, self._account = directory, account
        self._mine: dict[str, bool] = {}
        """Long queue id of a complete message, and whether it is the account's."""

    def messages(self) -> dict[str, Queued]:
        """Every message of the account by queue id. Raise ContainmentError."""
        found: dict[str, Queued] = {}
        for queue in QUEUES:
            for folder, name in self._names(queue):
                mine = self._mine.get(name)
                complete: bool | None = True if mine else None
                if mine is None:
                    complete = self._look(folder, name)
                if complete is not None:
                    # Seen twice: it moved meanwhile, to the queue listed later.
                    found[name] = Queued(queue, complete)
        return found

    def _names(self, queue: str) -> Iterator[tuple[str, str]]:
        top = f"{self._directory}/{queue}"
        try:
            for folder, names in listed(top):
                yield from ((folder, name) for name in names if is_queue_id(name))
        except OSError as error:
            raise _refusal(top, error) from None

    def _look(self, folder: str, name: str) -> bool | None:
        """Whether the account's message is complete; None when it is not the account's."""
        path = f"{folder}/{name}"
        try:
            file = os.open(path, OPENED)
        except FileNotFoundError:
            return None
        except OSError as error:
            raise _refusal(path, error) from None
        try:
            complete = bool(os.fstat(file).st_mode & 0o100)  # MAIL_QUEUE_STAT_READY
            head = os.read(file, HEAD_BYTES)
        finally:
            os.close(file)
        try:
            mine = parse_head(head).account.lower() == self._account
        except NotAQueueFile:
            return None
        if complete and is_long(name):
            self._mine[name] = mine
        return complete if mine else None


def _refusal(path: str, error: OSError) -> ContainmentError:
    return ContainmentError(
        f"{path} illisible : {reason(error)} ; attendu : root, ou l'utilisateur postfix"
    )
