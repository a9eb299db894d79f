"""The events of a mail log in which Postfix and Dovecot write. Pure.

Any ``syslog_name`` is understood (``postfix/submission/smtpd``, ``postfix-mx/smtps/smtpd``),
and each daemon's lines are read by a function of their own. A client can put text of his
choice into a log: a line counts only with the form its daemon gives it, at the place where
that daemon puts it.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator

from exporters.mailqueue.log import delivery, dovecot, smtpd
from exporters.mailqueue.log.events import MailEvent, Unparsed
from exporters.mailqueue.log.known import Known
from exporters.mailqueue.log.stamp import StampReader

# Time, the first words after the head (a queue id, mostly), all others, the daemon or process
# the head names, the whole line.
_Reader = Callable[[int, bytes, bytes, bytes, bytes], MailEvent | Unparsed | None]

_POSTFIX: dict[bytes, _Reader] = {
    b"smtpd": smtpd.server,
    b"postscreen": smtpd.rejection,
    b"cleanup": smtpd.cleanup,
    b"qmgr": delivery.queue_manager,
    b"bounce": delivery.notice,
    **dict.fromkeys(delivery.AGENTS, delivery.delivery_agent),
}
# Host, name and process as syslog writes them. Dovecot's own file has its process alone.
_POSTFIX_HEAD = re.compile(rb"[\w.:@/-]+ (?:[\w.-]+/)+(\w+)\[(\d+)\]")
_DOVECOT_HEAD = re.compile(rb"[\w.:@/-]+ dovecot(?:\[\d+\])?")


def mail_events(block: bytes, stamps: StampReader) -> Iterator[MailEvent | Unparsed]:
    """What the whole lines of `block` say; a line that says nothing to us gives nothing."""
    read = stamps.read
    reader_of = _heads.__getitem__
    for line in lines_in(block):
        time = read(line)
        if time is None:
            yield Unparsed(line)
            continue
        parts = line[stamps.end :].split(b": ", 2)
        if len(parts) < 3:
            continue  # a client came or left
        head, name, words = parts
        reader, subject = reader_of(head)
        if reader is not None:
            event = reader(time, name, words, subject, line)
            if event is not None:
                yield event


def lines_in(block: bytes) -> list[bytes]:
    """The lines of a block that ends with one, with either line break."""
    if b"\r" in block:
        block = block.replace(b"\r\n", b"\n")
    lines = block.split(b"\n")
    if not lines[-1]:
        lines.pop()
    return lines


def _read_head(head: bytes) -> tuple[_Reader | None, bytes]:
    found = _POSTFIX_HEAD.fullmatch(head)
    if found:
        daemon, process = found.groups()
        return _POSTFIX.get(daemon), daemon if daemon in delivery.AGENTS else process
    if head in dovecot.SERVICES:
        return dovecot.own_file, head
    return (dovecot.syslog if _DOVECOT_HEAD.fullmatch(head) else None), b""


_heads = Known(_read_head)
