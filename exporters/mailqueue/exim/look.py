"""One look at one message of an Exim spool: its ``-H`` file is read, its ``-D`` file measured."""

from __future__ import annotations

import os
from contextlib import suppress
from dataclasses import dataclass

from exporters.mailqueue.accounts import INVALID, account_label, client_place
from exporters.mailqueue.exim.header_file import CutShort, Header, NotASpoolFile, parse_header
from exporters.mailqueue.exim.message_id import arrival_of
from exporters.mailqueue.queue.look import OPENED, Look
from exporters.mailqueue.queue.snapshot import OTHER, UNAUTHENTICATED

_HEAD_BYTES = 4096
# The recipients of the largest messages Exim takes (50,000) and those who have it, twice over.
_MOST_BYTES = 8 << 20


@dataclass(frozen=True, slots=True)
class Seen:
    """What the files of a message say. `queue`: where it is while nobody delivers it.

    `inode` and `data`: of its header and of its data file.
    """

    queue: str
    inode: int
    data: int
    look: Look


def look(folder: str, name: str) -> Seen:
    """Look at the header file `name`. Raise OSError."""
    path = f"{folder}/{name}"
    file = os.open(path, OPENED)
    try:
        status = os.fstat(file)
        header = _header(file, name)
    finally:
        os.close(file)
    size, data = status.st_size, 0
    with suppress(FileNotFoundError):  # when the message leaves the queue its data goes first
        body = os.lstat(f"{path[:-1]}D")
        size, data = size + body.st_size, body.st_ino
    if header is None:
        unread = Look(arrival_of(name), size, status.st_mtime, UNAUTHENTICATED, "", 0, lasting=True)
        return Seen("corrupt", status.st_ino, data, unread)
    account, client = UNAUTHENTICATED, ""
    if header.account:
        account = account_label(header.account)
        if account in (OTHER, UNAUTHENTICATED):
            account = INVALID
        client = client_place(header.client_address)
    since = header.received if header.frozen_at is None else header.frozen_at
    return Seen(
        _queue_of(header),
        status.st_ino,
        data,
        Look(header.received, size, since, account, client, header.recipients, lasting=True),
    )


def _queue_of(header: Header) -> str:
    if header.frozen_at is not None:
        return "hold"
    return "incoming" if header.waits_first else "deferred"


def _header(file: int, name: str) -> Header | None:
    """None when it is no header file. Exim renames whole files into place: none is half written."""
    head = os.read(file, _HEAD_BYTES)
    try:
        return parse_header(head, name)
    except CutShort:
        pass
    except NotASpoolFile:
        return None
    while len(head) < _MOST_BYTES and (more := os.read(file, 1 << 20)):
        head += more
    try:
        return parse_header(head, name)
    except (CutShort, NotASpoolFile):
        return None
