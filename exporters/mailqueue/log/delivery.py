"""Postfix's lines about a message in the queue: queue manager, delivery agents, notices. Pure.

Addresses in them are the words of clients, replies those of other servers: what counts is
found from the side on which Postfix's own words stand.
"""

from __future__ import annotations

import re

from exporters.mailqueue.log.events import (
    Activated,
    Delivered,
    Expired,
    MailEvent,
    Notified,
    Removed,
    Unparsed,
)
from exporters.mailqueue.log.known import Known
from exporters.mailqueue.log.reasons import reason_of

AGENTS = (b"smtp", b"lmtp", b"local", b"virtual", b"pipe", b"error", b"retry", b"discard")

# The end of a line with so many recipients, but for large numbers.
_ACTIVE = {b"%d (queue active)" % count: count for count in range(1, 1001)}
_EXPIRED = (
    b">, status=expired, returned to sender",
    b">, status=force-expired, returned to sender",
)
# With attributes this program does not know (Postfix 3.11 and later).
_ACTIVE_FORM = re.compile(
    rb"from=<.*>, size=\d+, nrcpt=(\d{1,9})(?:, \w+=[^,<>\"() ]*)* \(queue active\)"
)
# An address as Postfix prints it: quoted local parts may hold anything, others no `<>" `.
_ADDRESS = rb'(?:[^<>" @]*@|"(?:[^"\\]|\\.)*"@)?[^<>" @]*'
_OTHER_ATTRIBUTES = rb"(?:, \w+=[^,<>\"() ]*)*"
_DELIVERY_FORM = re.compile(
    rb"to=<(" + _ADDRESS + rb")>(?:, orig_to=<" + _ADDRESS + rb">)?, relay=[^, ]*"
    + _OTHER_ATTRIBUTES
    + rb", (delays=[^,<>\"() ]*)"
    + _OTHER_ATTRIBUTES
    + rb", (dsn=[\d.]+), (status=.*)"
)  # fmt: skip
_SECONDS = re.compile(rb"\d+(?:\.\d+)?(?:e\+\d\d)?")
_CODE = re.compile(rb"dsn=([245]\.\d{1,3}\.\d{1,3})")
_STATUSES = {
    b"status=sent": b"sent",
    b"status=deferred": b"deferred",
    b"status=SOFTBOUNCE": b"deferred",  # soft_bounce = yes
    b"status=bounced": b"bounced",
    b"status=expired": b"expired",
}
_PROBES = (b"status=deliverable", b"status=undeliverable")
_KINDS = {
    b"sender non-delivery notification": b"non-delivery",
    b"sender delay notification": b"delay",
    b"sender delivery status notification": b"delivery status",
}


def queue_manager(
    time: int, name: bytes, words: bytes, _: bytes, line: bytes
) -> MailEvent | Unparsed | None:
    """A message became active, left, or expired."""
    if words == b"removed":
        return Removed(time, name) if name.isalnum() else None
    if words[:6] != b"from=<" or not name.isalnum():
        return None
    # The sender's address may hold the same words, but not after Postfix's own.
    count = _ACTIVE.get(words.rpartition(b", nrcpt=")[2])
    if count is not None:
        return Activated(time, name, count)
    if words.endswith(_EXPIRED):
        return Expired(time, name)
    found = _ACTIVE_FORM.fullmatch(words)
    if found:
        return Activated(time, name, int(found[1]))
    return Unparsed(line) if b", nrcpt=" in words else None


def delivery_agent(
    time: int, name: bytes, words: bytes, agent: bytes, line: bytes
) -> Delivered | Unparsed | None:
    """The outcome for one recipient."""
    if words[:4] != b"to=<" or not name.isalnum():
        return None
    # Up to `status=` all is Postfix's own but the addresses; after it the other server speaks.
    fields = words.split(b", ", 5)
    delays, dsn, end = fields[3:] if len(fields) == 6 else (b"", b"", b"")
    recipient = fields[0][4:-1]
    if dsn[:4] != b"dsn=" or delays[:7] != b"delays=" or b'"' in recipient:
        # A quoted address, the original one too, or more attributes.
        found = _DELIVERY_FORM.fullmatch(words)
        if found is None:
            return Unparsed(line)
        recipient, delays, dsn, end = found.groups()
    status, _, reply = end.partition(b" (")
    known, code = _STATUSES.get(status), _code(dsn)
    if known is None or not code:
        return None if status.startswith(_PROBES) else Unparsed(line)
    try:
        before, manager, connection, transmission = map(_seconds, delays[7:].split(b"/"))
    except ValueError:
        return Unparsed(line)
    reason = "" if known == b"sent" else reason_of(code, reply)
    stages = (before, manager, connection, transmission)
    return Delivered(time, name, recipient, known, code, reason, stages, agent)


def notice(time: int, name: bytes, words: bytes, _: bytes, __: bytes) -> Notified | None:
    """The sender of a message was told of its fate."""
    kind = _KINDS.get(words.partition(b": ")[0])
    return Notified(time, name, kind) if kind and name.isalnum() else None


def _number_of_seconds(words: bytes) -> float:
    if _SECONDS.fullmatch(words) is None:
        raise ValueError(words)
    return float(words)


def _enhanced_code(attribute: bytes) -> bytes:
    """The code of a ``dsn=`` attribute; empty if it is none."""
    found = _CODE.fullmatch(attribute)
    return found[1] if found else b""


_seconds = Known(_number_of_seconds).__getitem__
_code = Known(_enhanced_code).__getitem__
