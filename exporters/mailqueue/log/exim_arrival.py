"""Exim's ``<=`` line: a message was taken, from whom and for how many. Pure.

Host name, sender, subject and message id are the client's words. What counts stands before
``S=``, where Exim lets none of them hold a space (``helo_accept_junk_hosts`` must stay unset);
a quoted local part is read as one.
"""

from __future__ import annotations

import re
from typing import NamedTuple

from exporters.mailqueue.exim.message_id import MESSAGE_ID

QUOTED = rb'"(?:[^"\\]|\\.)*"'
ADDRESS = rb"(?:" + QUOTED + rb'|[^" ])+'
HOST = rb"(?:[^ (\[][^ ]* )?(?:\([^()]*\) )?\[([0-9a-fA-F.:]+)\](?::\d+)?"
_FIELD = rb" ([A-Z][\w*]*)(?:=(" + QUOTED + rb'|[^ "]*))?[-.*]?'
_BARE_FIELD = rb" [A-Z][\w*]*(?:=(?:" + QUOTED + rb'|[^ "]*))?[-.*]?'
_ARRIVED = re.compile(
    rb"(?:<>|" + ADDRESS + rb")"
    rb"(?: R=(" + MESSAGE_ID.encode() + rb"))?"
    rb"(?: H=" + HOST + rb")?"
    rb"((?:" + _BARE_FIELD + rb")*) S=\d+(?= |\Z)"
)
_FIELDS = re.compile(_FIELD)
_REST = re.compile(
    # Atomic: whatever a subject holds, it is gone through once.
    rb"(?> (?:T=" + QUOTED + rb"|[\w.*-]+(?:=[^ ]*)?))*?"
    rb"(?: from <(?:" + QUOTED + rb'|[^<>"])*>)?'
    rb"(?: for (" + ADDRESS + rb"(?: " + ADDRESS + rb")*))?"
)
_HOST_AGAIN = re.compile(rb"\](?::\d+)? [A-Z]+=")
_ADDRESS = re.compile(ADDRESS)
_DELAY = b' T="Warning: message '
_FAILURE = b' T="Mail delivery failed'


class Arrival(NamedTuple):
    """What the line says. `account` is None without authentication, empty if it has no name.

    `about`: the id of the message this is a notice about, and `notice` its kind as far as the
    subject tells. `recipients` is None where the line does not list them.
    """

    about: bytes
    notice: bytes
    client: bytes
    account: bytes | None
    recipients: int | None


def arrival(line: bytes, at: int) -> Arrival | None:
    """What stands behind ``<= ``; None if it has not the form Exim gives it."""
    found = _ARRIVED.match(line, at)
    if found is None:
        return None
    about, client, fields = found.groups()
    rest = _REST.fullmatch(line, found.end())
    if rest is None and _HOST_AGAIN.search(line, found.end()):
        return None  # a host name of the client's that holds what looks like all the rest
    notice = b""
    if about:
        notice = b"delay" if _DELAY in line else b"non-delivery" if _FAILURE in line else b""
    return Arrival(
        about or b"",
        notice,
        client or b"",
        _account(fields),
        len(_ADDRESS.findall(rest[1])) if rest is not None and rest[1] else None,
    )


def account_of(proof: bytes) -> bytes:
    """The account of ``A=authenticator:account:sender``; empty where it is not logged."""
    return proof.partition(b":")[2].partition(b":")[0]


def _account(fields: bytes) -> bytes | None:
    """The account in the fields after the protocol: before it stands what a client may say."""
    account = None
    for name, value in _FIELDS.findall(fields):
        if name == b"P":
            account = None
        elif name == b"A":
            account = account_of(value)
    return account
