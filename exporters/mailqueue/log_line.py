"""The three kinds of Postfix log lines that say who submits how much. Pure.

Any ``syslog_name`` is understood (``postfix/submission/smtpd``, ``postfix-mx/smtps/smtpd``).
A sender can put text of his choice into other parts of the log, so a line counts only
if it has the whole form that Postfix gives it, at the place where Postfix puts it.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import NamedTuple

from exporters.mailqueue.log_stamp import StampReader

# smtpd: one line a message that an authenticated client began to submit.
_CLIENT = re.compile(
    rb"client=[^\[\], ]*\[([^\]]*)\](?::\d+)?, sasl_method=[^,]*, sasl_username=(.+?)"
    rb"(?:, (?:sasl_sender|orig_queue_id|orig_client)=.*)?"
)
# qmgr: a message enters the active queue, for the first time or again.
_ACTIVE = re.compile(rb"from=<.*>, size=\d+, nrcpt=(\d{1,9}) \(queue active\)")
_REFUSED = re.compile(rb"[^\[\], ]*\[[^\]]*\](?::\d+)?: SASL \S+ authentication failed:?.*")


class Submitted(NamedTuple):
    """A message taken from an authenticated account. `time` in Unix seconds."""

    time: int
    queue_id: bytes
    account: bytes
    client: bytes


class Activated(NamedTuple):
    """A message of so many recipients entered the active queue; again at each retry."""

    time: int
    queue_id: bytes
    recipients: int


class Refused(NamedTuple):
    """A client gave a wrong password, or tried to guess one."""

    time: int


class Unparsed(NamedTuple):
    """A line without a stamp, or that should be one of the above and has another form."""

    line: bytes


Event = Submitted | Activated | Refused | Unparsed


def events(block: bytes, stamps: StampReader) -> Iterator[Event]:
    """What the whole lines of `block` say; most say nothing to us."""
    read = stamps.read
    if b"\r\n" in block:
        block = block.replace(b"\r\n", b"\n")
    for line in block.removesuffix(b"\n").split(b"\n"):
        time = read(line)
        if time is None:
            yield Unparsed(line)
        elif b", nrcpt=" in line or b"sasl_username=" in line or b"SASL " in line:
            event = _event(time, line)
            if event is not None:
                yield event


def _event(time: int, line: bytes) -> Event | None:
    head, mark, rest = line.partition(b"]: ")
    if not mark:
        return None
    daemon = head.rpartition(b"/")[2].partition(b"[")[0]
    name, _, detail = rest.partition(b": ")
    if daemon == b"qmgr" and b", nrcpt=" in detail:
        found = _ACTIVE.fullmatch(detail)
        return Activated(time, name, int(found[1])) if found else Unparsed(line)
    if daemon == b"smtpd":
        if detail.startswith(b"client=") and b", sasl_username=" in detail:
            found = _CLIENT.fullmatch(detail)
            return Submitted(time, name, found[2], found[1]) if found else Unparsed(line)
        if name == b"warning" and _REFUSED.fullmatch(detail):
            return Refused(time)
    return None
