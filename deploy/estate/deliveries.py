"""When each message was delivered to all its recipients, read from Postfix's log."""

from __future__ import annotations

import re
import time
from collections.abc import Iterable
from dataclasses import dataclass, field

_LINE = re.compile(
    r"(?P<stamp>\w{3} [ \d]\d \d\d:\d\d:\d\d) \S+ \S+?/(?P<daemon>[a-z]+)\[\d+\]: "
    r"(?P<id>[0-9A-Za-z]+): (?P<rest>.*)"
)
_MESSAGE_ID = re.compile(r"message-id=<(?P<name>[^>]*)>")
_STATUS = re.compile(r"to=<(?P<to>[^>]*)>.* status=(?P<status>\w+)")


@dataclass
class _Message:
    name: str = ""
    sent_at: float | None = None
    failed: set[str] = field(default_factory=set)


def _instant(stamp: str, year: int) -> float:
    # The stamp is local time, to the second, without a year.
    return time.mktime(time.strptime(f"{year} {stamp}", "%Y %b %d %H:%M:%S"))


def delivered(lines: Iterable[str], year: int) -> dict[str, float]:
    """Message-ID (without brackets) to the Unix time (1 s precision) its last recipient got it.

    A message is in it once Postfix removed it from the queue and no recipient
    of it bounced or still waits; one deleted by hand never is.
    """
    messages: dict[str, _Message] = {}
    result: dict[str, float] = {}
    for line in lines:
        found = _LINE.match(line)
        if not found:
            continue
        queue_id, rest = found["id"], found["rest"]
        if found["daemon"] == "cleanup" and (name := _MESSAGE_ID.match(rest)):
            messages[queue_id] = _Message(name["name"])
        elif queue_id not in messages:
            continue
        elif status := _STATUS.match(rest):
            message = messages[queue_id]
            if status["status"] == "sent":
                message.sent_at = _instant(found["stamp"], year)
                message.failed.discard(status["to"])
            else:
                message.failed.add(status["to"])
        elif found["daemon"] == "qmgr" and rest == "removed":
            message = messages.pop(queue_id)
            if message.sent_at is not None and not message.failed:
                result[message.name] = message.sent_at
    return result
