"""The events of Exim's main log, as its own file has it or syslog, Dovecot's log-ins among them.

Pure. As with Postfix a line counts only with the form Exim gives it, at the place where Exim
puts it: what clients and other servers say stands behind.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from math import nan

from exporters.mailqueue.exim.message_id import MESSAGE_ID, arrival_of
from exporters.mailqueue.log.events import (
    Accepted,
    Activated,
    Delivered,
    Expired,
    MailEvent,
    Notified,
    Removed,
    Submitted,
    Unparsed,
)
from exporters.mailqueue.log.exim_arrival import arrival
from exporters.mailqueue.log.exim_client import (
    REFUSED,
    REJECTED,
    refused_log_in,
    rejected_recipient,
)
from exporters.mailqueue.log.exim_delivery import Outcome, outcome
from exporters.mailqueue.log.exim_memory import Memory
from exporters.mailqueue.log.postfix import lines_in, mail_events
from exporters.mailqueue.log.stamp import StampReader

# Of syslog: host, program, then perhaps Exim's own stamp; a long line comes in parts, ``[1\3]``.
_START = (
    rb"(?:[\w.:@/-]+ [\w.-]*exim[\w.-]*(?:\[(?P<process>\d+)\])?: "
    rb"(?:\d{4}-\d\d-\d\d \d\d:\d\d:\d\d\S* (?:[+-]\d{4} )?)?)?"
    rb"(?:\[(?P<own>\d+)\] )?(?P<part>\[1[\\/]\d{1,3}\] )?"
)
_HEAD = re.compile(_START)
_ABOUT = re.compile(
    _START + rb"(?P<id>" + MESSAGE_ID.encode() + rb") "
    rb"(?P<flag><=|=>|->|>>|\*\*|==|Completed\b|cancelled by timeout)"
)
_DOVECOT = re.compile(rb"[\w.:@/-]+ dovecot(?:\[\d+\])?|[\w-]+-login")


_Event = MailEvent | Unparsed


class EximLog:
    """Reads the lines of one Exim. `memory` is of messages, from one block to the next."""

    def __init__(self, memory: Memory | None = None) -> None:
        self._memory = Memory() if memory is None else memory

    def events(self, block: bytes, stamps: StampReader) -> Iterator[_Event]:
        """What the whole lines of `block` say; a line that says nothing to us gives nothing."""
        read = stamps.read
        for line in lines_in(block):
            time = read(line)
            if time is not None:
                yield from self._line(time, line, stamps)
            elif not line.startswith(b" "):  # else the second line of a warning
                yield Unparsed(line)

    def _line(self, time: int, line: bytes, stamps: StampReader) -> Iterable[_Event]:
        start = stamps.end
        about = _ABOUT.match(line, start)
        if about is None:
            return self._other(time, line, start, stamps)
        flag = about["flag"]
        if flag == b"<=":
            return self._arrived(time, line, about)
        if flag == b"Completed":
            self._memory.end(about["id"])
            return (Removed(time, about["id"]),)
        if flag.startswith(b"cancelled"):
            return (Expired(time, about["id"]),)
        return self._delivered(time, line, about)

    def _other(self, time: int, line: bytes, start: int, stamps: StampReader) -> Iterable[_Event]:
        """What a line says that is about no message."""
        if REFUSED in line or REJECTED in line:
            head = _HEAD.match(line, start)
            at = head.end() if head else start
            if line.startswith(b"H=", at):
                if REJECTED in line:
                    process = _process(head) if head else b""
                    return (rejected_recipient(time, line, at, process) or Unparsed(line),)
            elif line.startswith(REFUSED, line.find(b" ", at)):
                return (refused_log_in(time, line, at) or Unparsed(line),)
            return ()
        end = line.find(b": ", start)
        return mail_events(line, stamps) if _DOVECOT.fullmatch(line, start, max(start, end)) else ()

    def _arrived(self, time: int, line: bytes, about: re.Match[bytes]) -> Iterable[_Event]:
        queue_id = about["id"]
        found = arrival(line, about.end() + 1)
        if found is None:
            return (Unparsed(line),)
        recipients = None if about["part"] else found.recipients
        self._memory.begin(queue_id, counts=found.account is not None and recipients is None)
        if found.about:
            return (Notified(time, found.about, found.notice or self._notice(found.about)),)
        if found.account is None:
            return (Accepted(time, queue_id, found.client),) if found.client else ()
        submitted = Submitted(time, queue_id, found.account, found.client, _process(about))
        if recipients is None:
            return (submitted,)
        return submitted, Activated(time, queue_id, recipients)

    def _notice(self, about: bytes) -> bytes:
        """A notice about a message none of whose recipients failed is about a delay."""
        message = self._memory.get(about)
        return b"non-delivery" if message is None or message.failed else b"delay"

    def _delivered(self, time: int, line: bytes, about: re.Match[bytes]) -> Iterator[_Event]:
        queue_id, flag = about["id"], about["flag"]
        found = outcome(flag, line, about.end() + 1)
        if found is None:
            yield Unparsed(line)
            return
        message = self._memory.get(queue_id)
        first = self._memory.see(queue_id, found.original)
        if first and message is not None and message.counts:
            yield Activated(time, queue_id, 1, more=True)
        if not found.tried and not first:
            return  # its time has not come, and that was said before
        yield Delivered(
            time,
            queue_id,
            found.recipient,
            found.status,
            found.code,
            found.reason,
            _delays(time, queue_id, found, first=first),
            found.agent,
        )
        if found.status == b"expired" and not (message is not None and message.expired):
            yield Expired(time, queue_id)
        if flag == b"**":
            self._memory.fail(queue_id, expired=found.status == b"expired")


def is_exim(block: bytes, stamps: StampReader) -> bool:
    """Whether one of these whole lines is Exim's, about a message."""
    return any(
        stamps.read(line) is not None and _ABOUT.match(line, stamps.end) for line in lines_in(block)
    )


def _process(head: re.Match[bytes]) -> bytes:
    return head["own"] or head["process"] or b""


def _delays(
    time: int, queue_id: bytes, found: Outcome, *, first: bool
) -> tuple[float, float, float, float]:
    """The four stages as far as Exim tells them; NaN for what it does not.

    Before a first attempt a message waits for a delivery process, before later ones for its time.
    """
    waited = found.waited
    if waited is None:  # the id holds when it came, to the second
        waited = max(0.0, time - arrival_of(queue_id.decode()) - (found.took or 0.0))
    took = nan if found.took is None else found.took
    return (0.0, waited, nan, took) if first else (waited, 0.0, nan, took)
