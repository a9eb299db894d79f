"""Postfix's lines about a client: messages taken, recipients refused, wrong passwords. Pure.

Nearly all of them is the client's own words: sender, recipient, HELO name, mechanism, user
name. What counts stands before those words, or where no words of his can follow.
"""

from __future__ import annotations

import re

from exporters.mailqueue.log.events import (
    Accepted,
    LoggedIn,
    MailEvent,
    RecipientRejected,
    Submitted,
    Unparsed,
)
from exporters.mailqueue.log.reasons import reason_of

# What `_taken` leaves: a port, a sender's login, a message that came back from a filter.
_CLIENT_FORM = re.compile(
    rb"client=[^\[\], ]*\[([^\]]*)\](?::\d+)?"
    rb"(?:, sasl_method=[^,]*, sasl_username="
    rb"((?!\Z)[^,]*(?:,(?! (?:sasl_sender|orig_queue_id|orig_client)=)[^,]*)*)"
    rb"(?:, sasl_sender=.*?)?)?"
    rb"(, orig_(?:queue_id|client)=.*)?"
)
_REJECT_FORM = re.compile(
    rb"(?:milter-)?reject: (?:RCPT|DATA|END-OF-MESSAGE) from [^\[\], ]*\[([^\]]*)\](?::\d+)?: "
    rb"(?:[45]\d\d (?:([45]\.\d{1,3}\.\d{1,3}) )?|([45]\.\d{1,3}\.\d{1,3}) )"
)
_FAILED_FORM = re.compile(
    rb"[^\[\], ]*\[([^\]]*)\](?::\d+)?: SASL \S+ authentication failed(?=[:,]|\Z)"
)
_REPEATED_FORM = re.compile(rb"message repeated (\d{1,6}) times")
_UNAVAILABLE = b"(unavailable)"
# Postfix cuts its lines at 980 bytes for syslog: an end near there may be anybody's.
_WHOLE = 900


def server(
    time: int, name: bytes, words: bytes, process: bytes, line: bytes
) -> MailEvent | Unparsed | None:
    """What smtpd says; nothing of connections."""
    if not name.isalnum():
        return _repeated(time, name, words) if name[:8] == b"message " else None
    if words[:7] == b"client=":
        return _taken(time, name, words, process, line)
    if words[:8] == b"reject: " or words[:8] == b"milter-r":
        return rejection(time, name, words, process, line)
    return _wrong_password(time, words) if name == b"warning" else None


def rejection(
    time: int, name: bytes, words: bytes, process: bytes, _: bytes
) -> RecipientRejected | None:
    """A recipient or a message refused, as smtpd, postscreen and cleanup log it."""
    found = _REJECT_FORM.match(words)
    if found is None or not name.isalnum():
        return None
    client, code, bare = found.groups(b"")
    said, _, envelope = words[found.end() :].partition(b"; from=<")
    code = code or bare
    queue_id = b"" if name == b"NOQUEUE" else name
    account = _account(words) if words[-1:] != b">" else b""
    return RecipientRejected(
        time, queue_id, reason_of(code, said), code, _recipient(envelope), client, process, account
    )


def cleanup(
    time: int, name: bytes, words: bytes, process: bytes, line: bytes
) -> RecipientRejected | None:
    """What cleanup says: only a milter's refusal counts."""
    if words[:15] == b"milter-reject: ":
        return rejection(time, name, words, process, line)
    return None


def _taken(
    time: int, name: bytes, words: bytes, process: bytes, line: bytes
) -> Submitted | Accepted | Unparsed | None:
    host, _, rest = words.partition(b"[")
    client, closed, login = rest.partition(b"]")
    if closed and b" " not in host and b"," not in host:
        if not login:
            return Accepted(time, name, client)
        method, _, account = login.partition(b", sasl_username=")
        if method[:14] == b", sasl_method=" and account and b"," not in account:
            return Submitted(time, name, account, client, process)
    found = _CLIENT_FORM.fullmatch(words)
    if found is None:
        return Unparsed(line)
    client, account, forwarded = found.groups()
    if account is not None:
        return Submitted(time, name, account, client, process)
    return None if forwarded else Accepted(time, name, client)


def _wrong_password(time: int, words: bytes) -> LoggedIn | None:
    found = _FAILED_FORM.match(words)
    if found is None:
        return None
    account = words[found.end() :].partition(b", sasl_username=")[2]
    return LoggedIn(time, b"" if account == _UNAVAILABLE else account, found[1], success=False)


def _repeated(time: int, name: bytes, words: bytes) -> LoggedIn | None:
    """The same wrong password so many times more, as rsyslog sums them up where it is told to."""
    found = _REPEATED_FORM.fullmatch(name)
    if found is None or words[:11] != b"[ warning: " or words[-1:] != b"]":
        return None
    event = _wrong_password(time, words[11:-1])
    return event._replace(attempts=int(found[1])) if event else None


def _recipient(envelope: bytes) -> bytes:
    """The recipient after a sender (smtpd), or after a sender and a comma (postscreen)."""
    before, _, after = envelope.partition(b" to=<")
    if before.removesuffix(b",")[-1:] != b">":
        return b""
    recipient = after.partition(b">")[0]
    return b"" if b'"' in recipient or b" " in recipient else recipient


def _account(words: bytes) -> bytes:
    """Who was logged in, if the line ends with it (Postfix 3.10).

    Sender, recipient and HELO name stand in angle brackets: after them no words of theirs.
    """
    account = words.rpartition(b" sasl_username=")[2]
    known = len(account) < len(words) < _WHOLE and b">" not in account
    return account if known else b""
