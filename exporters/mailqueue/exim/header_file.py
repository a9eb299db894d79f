"""The envelope at the head of an Exim ``-H`` file. Pure.

Source: Exim's specification, "Format of the -H file". Text that a client chose stands in it too
(HELO, ACL variables of several lines): what it looks like must not count.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass

_ACL = frozenset((b"acl", b"aclc", b"aclm"))
_ADDRESS = re.compile(rb"\[([0-9a-fA-F.:]+)\](?::\d+)?|([0-9a-fA-F.:]+?)(?:\.\d+)?")
_FRACTION = re.compile(rb"\.\d{1,6}")
_IPV4_PARTS = 4
_LONGEST_NUMBER = 12


class NotASpoolFile(ValueError):
    """The bytes are not the head of a ``-H`` file."""


class CutShort(Exception):
    """The envelope goes on beyond these bytes."""


@dataclass(frozen=True, slots=True)
class Header:
    """What the head says. Times in Unix seconds; empty bytes where it says nothing.

    `waits_first`: no attempt to deliver it has ended. `frozen_at`: None when it is not frozen.
    """

    received: float
    account: bytes = b""
    client_address: bytes = b""
    waits_first: bool = False
    frozen_at: float | None = None
    recipients: int = 0
    """As submitted, those that have it already among them."""


def parse_header(head: bytes, name: str) -> Header:
    """The envelope of the file `name`. Raise NotASpoolFile, or CutShort if `head` is."""
    lines = iter(head.split(b"\n")[:-1])
    try:
        return _header(lines, name)
    except StopIteration:
        raise CutShort from None


def _header(lines: Iterator[bytes], name: str) -> Header:
    if next(lines) != name.encode():
        raise NotASpoolFile("the first line is not the name of the file")
    next(lines)  # who called Exim
    if not next(lines).startswith(b"<"):
        raise NotASpoolFile("no sender")
    received = _number(next(lines).partition(b" ")[0])
    values, line = _variables(lines)
    recipients = _recipients(lines, line)
    fraction = values.get(b"received_time_usec", b"")
    if _FRACTION.fullmatch(fraction):
        received += float(fraction)
    frozen = values.get(b"frozen")
    return Header(
        received=received,
        account=values.get(b"auth_id", b""),
        client_address=_address(values.get(b"host_address", b"")),
        waits_first=b"deliver_firsttime" in values,
        frozen_at=None if frozen is None else _number(frozen),
        recipients=recipients,
    )


def _variables(lines: Iterator[bytes]) -> tuple[dict[bytes, bytes], bytes]:
    """The lines that begin with a hyphen, and the first line after them."""
    values: dict[bytes, bytes] = {}
    while (line := next(lines)).startswith(b"-"):
        # Tainted values are marked: ``--name`` since 4.94, ``--(look-up)name`` since 4.96.
        word, _, value = line.partition(b" ")
        name = word.lstrip(b"-").rpartition(b")")[2]
        if name in _ACL:
            _skip(lines, int(_number(value.rpartition(b" ")[2])))
        else:
            values[name] = value
    return values, line


def _skip(lines: Iterator[bytes], length: int) -> None:
    """Leave a value of so many bytes behind; it may have line breaks of its own."""
    left = length - len(next(lines))
    while left > 0:
        left -= 1 + len(next(lines))
    if left:
        raise NotASpoolFile("a value is longer than it says")


def _recipients(lines: Iterator[bytes], line: bytes) -> int:
    """The count of recipients behind the tree of those that have the message already."""
    nodes = 0 if line == b"XX" else 1
    while nodes:
        branches = line[:2]
        if len(branches) != 2 or branches.strip(b"YN") or line[2:3] != b" ":
            raise NotASpoolFile("no tree of recipients")
        nodes += branches.count(b"Y") - 1
        if nodes:
            line = next(lines)
    return int(_number(next(lines)))


def _number(text: bytes) -> float:
    if not text.isdigit() or len(text) > _LONGEST_NUMBER:
        raise NotASpoolFile("not a number")
    return float(text)


def _address(text: bytes) -> bytes:
    """The address of ``[192.0.2.1]:25`` or, in older files, ``192.0.2.1.25``."""
    found = _ADDRESS.fullmatch(text)
    if found is None:
        return b""
    if found[1] is not None:
        return found[1]
    if b":" not in text and text.count(b".") < _IPV4_PARTS:
        return text  # an IPv4 address without a port
    return found[2]
