"""Exim's message ids, which carry the arrival time, and the names of its spool files. Pure.

Source: Exim's specification, "Message identification" and "Format of spool files".
"""

from __future__ import annotations

import re

ALPHABET = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"
_VALUE = {letter: value for value, letter in enumerate(ALPHABET)}
# Seconds, process id, fraction: 6-6-2 up to Exim 4.96, 6-11-4 since 4.97, which reads both.
MESSAGE_ID = "[0-9A-Za-z]{6}-(?:[0-9A-Za-z]{6}-[0-9A-Za-z]{2}|[0-9A-Za-z]{11}-[0-9A-Za-z]{4})"
_HEADER = re.compile(f"{MESSAGE_ID}-H")
# Data, journal of a delivery under way, DKIM copy; the temporary file of a header being rewritten
# (named by the process id in old versions).
_COMPANION = re.compile(rf"{MESSAGE_ID}-[DJK]|hdr\.(?:{MESSAGE_ID}|\d+)")


def is_header(name: str) -> bool:
    """Whether a file name is that of a message's header file, which makes it a message."""
    return _HEADER.fullmatch(name) is not None


def is_companion(name: str) -> bool:
    """Whether a file belongs to a message, or to one that is being written."""
    return _COMPANION.fullmatch(name) is not None


def arrival_of(name: str) -> float:
    """Unix time (whole seconds) at which a valid message id was given out; a suffix is allowed."""
    seconds = 0
    for letter in name[:6]:
        seconds = seconds * 62 + _VALUE[letter]
    return float(seconds)
