"""One look at one queue file: one ``stat``, one read of its head."""

from __future__ import annotations

import os
from dataclasses import dataclass

from exporters.mailqueue.accounts import INVALID, account_label, client_place
from exporters.mailqueue.queue.snapshot import OTHER, UNAUTHENTICATED
from exporters.mailqueue.queue_file import HEAD_BYTES, Envelope, NotAQueueFile, parse_head
from exporters.mailqueue.queue_id import arrival_of_long_id, is_long

OPENED = os.O_RDONLY | os.O_CLOEXEC | os.O_NOFOLLOW | os.O_NONBLOCK
"""How a file of a spool is opened: never through a link, and no pipe makes us wait."""


@dataclass(frozen=True, slots=True)
class Look:
    """What a queue file says. `changed`: its inode's time, which a rename into ``hold`` sets.

    `lasting`: whether all this will stay true; a file still being written is looked at again.
    """

    arrival: float
    bytes: int
    changed: float
    account: str
    client: str
    recipients: int
    lasting: bool


def look(folder: str, name: str) -> Look:
    """Look at the file of a valid queue id. Raise OSError."""
    path = f"{folder}/{name}"
    file = os.open(path, OPENED)
    try:
        status = os.fstat(file)
        head = os.read(file, HEAD_BYTES)
    finally:
        os.close(file)
    # Postfix sets the execute bit when the file is complete (MAIL_QUEUE_STAT_READY).
    complete = bool(status.st_mode & 0o100)
    try:
        envelope = parse_head(head)
    except NotAQueueFile:
        # Still being written, or corrupt: the file's own time is the best there is.
        envelope = Envelope(status.st_mtime)
    account = UNAUTHENTICATED
    client = ""
    if envelope.account:
        account = account_label(envelope.account.encode())
        if account in (OTHER, UNAUTHENTICATED):
            account = INVALID
        client = client_place(envelope.client_address.encode())
    return Look(
        arrival=arrival_of_long_id(name) if is_long(name) else envelope.arrival,
        bytes=status.st_size,
        changed=status.st_ctime,
        account=account,
        client=client,
        recipients=envelope.recipients,
        lasting=complete,
    )
