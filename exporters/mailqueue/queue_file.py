"""The envelope records at the head of a Postfix queue file.

A record is a type byte, a length in base 128 (low bits first, high bit = more),
and the data. Source: Postfix ``src/global/rec_type.h``, ``src/global/record.c``.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

HEAD_BYTES = 4096
"""Enough to hold everything before the recipients, whatever the message."""

_TIME, _SENDER, _ATTRIBUTE, _MESSAGE = b"T"[0], b"S"[0], b"A"[0], b"M"[0]
# Content size, its offset, number of recipients; written last, into room kept for it.
_SIZE = b"C"[0]
_LENGTH_BYTES = 5


class NotAQueueFile(ValueError):
    """The bytes are not the head of a queue file."""


@dataclass(frozen=True)
class Envelope:
    """What the head says. Empty text where a record is absent (local mail has no account).

    `recipients` is 0 while the file is being written.
    """

    arrival: float
    sender: str = ""
    account: str = ""
    client_address: str = ""
    recipients: int = 0


def _records(head: bytes) -> Iterator[tuple[int, bytes]]:
    """Records that lie wholly in `head`, up to the start of the message."""
    position = 0
    while position < len(head):
        kind = head[position]
        position += 1
        length = shift = 0
        for _ in range(_LENGTH_BYTES):
            if position >= len(head):
                return
            byte = head[position]
            position += 1
            length |= (byte & 0x7F) << shift
            if not byte & 0x80:
                break
            shift += 7
        else:
            raise NotAQueueFile("record length out of range")
        if kind == _MESSAGE or position + length > len(head):
            return
        yield kind, head[position : position + length]
        position += length


def parse_head(head: bytes) -> Envelope:
    """The envelope in the first bytes of a queue file. Raise NotAQueueFile without a time."""
    arrival: float | None = None
    sender = account = client = ""
    recipients = 0
    for kind, data in _records(head):
        if kind == _TIME and arrival is None:
            arrival = _time(data)
        elif kind == _SENDER:
            sender = data.decode("utf-8", "replace")
        elif kind == _SIZE:
            recipients = _recipients(data)
        elif kind == _ATTRIBUTE:
            name, _, value = data.partition(b"=")
            if name == b"sasl_username":
                account = value.decode("utf-8", "replace")
            elif name == b"log_client_address":
                client = value.decode("utf-8", "replace")
    if arrival is None:
        raise NotAQueueFile("no arrival time record")
    return Envelope(arrival, sender, account, client, recipients)


def _recipients(data: bytes) -> int:
    """The third number of a size record; 0 where there is none yet."""
    fields = data.split()
    return int(fields[2]) if len(fields) > 2 and fields[2].isdigit() else 0


def _time(data: bytes) -> float:
    """``seconds`` or ``seconds microseconds``, padded with spaces."""
    fields = data.split()
    try:
        seconds = int(fields[0])
        micro = int(fields[1]) if len(fields) > 1 else 0
    except (IndexError, ValueError):
        raise NotAQueueFile("arrival time is not a number") from None
    return seconds + micro / 1_000_000
