"""Exim's lines about deliveries: ``=>``, ``->``, ``**``, ``==``. Pure."""

from __future__ import annotations

import re
from typing import NamedTuple

from exporters.mailqueue.log.reasons import reason_of

SENT = frozenset((b"=>", b"->", b">>"))
_ENDS = re.compile(rb"(?<!:blackhole)(?: [A-Z]+=|: )| (?:\w+ )?defer \(|$")
_ENHANCED = re.compile(rb"(?:\A|[ \"])(?:[245]\d\d[ -])?([245]\.\d{1,3}\.\d{1,3})(?= |\"|\Z)")
# A host or an address whose time has not come: nothing was tried.
_NOT_YET = re.compile(rb" defer \(-5[1-4]\)")
_TOO_LONG = re.compile(rb"retry timeout exceeded|.*(?:long failure period|failing for a long time)")
_SPAN = re.compile(rb"(?:(\d+)w)?(?:(\d+)d)?(?:(\d+)h)?(?:(\d+)m)?(?:(\d+(?:\.\d+)?)s)?")
_UNITS = (604_800, 86_400, 3_600, 60, 1)


class Outcome(NamedTuple):
    """What such a line says of one recipient. `original`: the address it was submitted for.

    `waited`: seconds in the queue before this delivery began, and `took`: seconds of the delivery;
    None where the line does not tell. `tried`: false for one that was only put off again.
    """

    recipient: bytes
    original: bytes
    status: bytes
    code: bytes
    reason: str
    agent: bytes
    waited: float | None
    took: float | None
    tried: bool = True


def outcome(flag: bytes, line: bytes, at: int) -> Outcome | None:
    """What stands behind the flag; None if it has not the form Exim gives it."""
    end = _ENDS.search(line, at)
    if end is None or end.start() == at:
        return None
    recipient, original = _addresses(line[at : end.start()])
    colon = line.find(b": ", at)
    text = line[colon + 2 :] if colon >= 0 else b""
    agent = _field(line, b" T=", end.start(), colon if colon >= 0 else len(line))
    took = _seconds(_last(line, b" DT=", end.start()))
    if flag in SENT:
        queued = _seconds(_last(line, b" QT=", end.start()))
        waited = None if queued is None else max(0.0, queued - (took or 0.0))
        reply = line.find(b' C="', end.start())
        found = _ENHANCED.search(line, reply + 3) if reply >= 0 else None
        code = found[1] if found else b""
        return Outcome(recipient, original, b"sent", code, "", agent, waited, took)
    if flag == b"==":
        if colon < 0 and b" defer (" not in line[at:]:
            return None
        status, tried = b"deferred", not _NOT_YET.search(line, end.start())
    else:
        status, tried = (b"expired" if _TOO_LONG.match(text) else b"bounced"), True
    found = _ENHANCED.search(text)
    code = found[1] if found else b""
    reason = reason_of(code, text)
    return Outcome(recipient, original, status, code, reason, agent, None, took, tried)


def _addresses(head: bytes) -> tuple[bytes, bytes]:
    """The address a delivery is for, and the one it was submitted for: ``final <original>``.

    A file or a command is no address: then the original stands for it.
    """
    shown, opened, original = head.rpartition(b" <")
    if not opened or not original.endswith(b">"):
        shown, original = head, b""
    shown = shown.partition(b" (")[0]  # the addresses between (all_parents)
    original = original.removesuffix(b">") or shown
    is_address = b"@" in shown and shown[:1] not in (b"/", b"|", b":", b">", b"<")
    return (shown if is_address else original), original


def _field(line: bytes, name: bytes, start: int, end: int) -> bytes:
    at = line.find(name, start, end)
    return line[at + len(name) : end].partition(b" ")[0] if at >= 0 else b""


def _last(line: bytes, name: bytes, start: int) -> bytes:
    """The last such field: before it stand the words of the other side."""
    at = line.rfind(name, start)
    return line[at + len(name) :].partition(b" ")[0].partition(b":")[0] if at >= 0 else b""


def _seconds(text: bytes) -> float | None:
    """``1h2m3.5s`` in seconds."""
    found = _SPAN.fullmatch(text)
    if not text or found is None:
        return None
    return sum(
        float(part) * unit for part, unit in zip(found.groups(), _UNITS, strict=True) if part
    )
