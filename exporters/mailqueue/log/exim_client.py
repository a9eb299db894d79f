"""Exim's lines about clients that are refused: log-ins and recipients. Pure."""

from __future__ import annotations

import re

from exporters.mailqueue.log.events import LoggedIn, RecipientRejected
from exporters.mailqueue.log.exim_arrival import HOST, QUOTED, account_of
from exporters.mailqueue.log.reasons import reason_of

REFUSED = b" authenticator failed for "
REJECTED = b"rejected RCPT "
_PATH = rb"<(?:" + QUOTED + rb'|[^<>" ])*>'
_REFUSED = re.compile(
    rb"\w+ authenticator failed for (?:H=)?" + HOST + rb"(?: I=\S+)?(?: U=\S+)?"
    rb": 5\d\d [^(]*(?:\(.*?\) ?)?"
)
_NAME = re.compile(rb"\(set_id=(.*)\)")
_REJECTED = re.compile(
    rb"H=" + HOST + rb"(?: [A-EG-Z][\w*]*(?:=(?:" + QUOTED + rb'|[^ "]*))?)*'
    rb"(?: F=" + _PATH + rb")?(?: A=([^ ]+))?"
    rb" (?:temporarily )?rejected RCPT (" + _PATH + rb"|[^ ]*?)(?:: (.*))?"
)
_CODE = re.compile(rb"(?:\A|: |\n)(?:[45]\d\d[ -])?([45]\.\d{1,3}\.\d{1,3})(?= |\Z)")


def refused_log_in(time: int, line: bytes, at: int) -> LoggedIn | None:
    """What ``... authenticator failed for ...`` says; None if it has not Exim's form."""
    found = _REFUSED.match(line, at)
    if found is None:
        return None
    # The name is the client's words, up to the end of the line.
    name = _NAME.search(line, line.find(b": 5", found.start()))
    account = name[1] if name and line.endswith(b")") else b""
    return LoggedIn(time, account, found[1], success=False)


def rejected_recipient(time: int, line: bytes, at: int, process: bytes) -> RecipientRejected | None:
    """What ``... rejected RCPT ...`` says; None if it has not Exim's form."""
    found = _REJECTED.fullmatch(line, at)
    if found is None:
        return None
    client, proof, recipient, text = found.groups(b"")
    code = _CODE.search(text)
    enhanced = code[1] if code else b""
    return RecipientRejected(
        time,
        b"",
        reason_of(enhanced, text),
        enhanced,
        recipient.strip(b"<>"),
        client,
        process,
        account_of(proof),
    )
