"""Postfix queue ids, and the arrival time that the long ones carry.

Source: Postfix ``src/global/mail_queue.h`` and ``enable_long_queue_ids`` in postconf(5).
"""

from __future__ import annotations

import re

# Digits and consonants: no vowel, so that an id is never a word.
ALPHABET = "0123456789BCDFGHJKLMNPQRSTVWXYZbcdfghjklmnpqrstvwxyz"
_VALUE = {letter: value for value, letter in enumerate(ALPHABET)}
# Long: seconds (6 letters or more), microseconds (4), "z", inode in the first 51 letters.
# Short: 5 hexadecimal digits of microseconds, then the inode; no seconds.
_QUEUE_ID = re.compile(rf"[{ALPHABET}]{{10,13}}z[{ALPHABET[:-1]}]{{1,12}}|[0-9A-F]{{6,21}}")


def is_queue_id(name: str) -> bool:
    """Whether a file name can be a message of the queue."""
    return _QUEUE_ID.fullmatch(name) is not None


def is_long(queue_id: str) -> bool:
    """Whether a valid queue id is a long one, which carries its arrival time."""
    return "z" in queue_id


def arrival_of_long_id(queue_id: str) -> float:
    """Unix time at which a valid long id was given out, in seconds to the microsecond.

    Raise ValueError when it is not a long id.
    """
    when, mark, _ = queue_id.rpartition("z")
    if not mark or len(when) < 10:
        raise ValueError(f"not a long queue id: {queue_id!r}")
    try:
        seconds = micro = 0
        for letter in when[:-4]:
            seconds = seconds * 52 + _VALUE[letter]
        for letter in when[-4:]:
            micro = micro * 52 + _VALUE[letter]
    except KeyError:
        raise ValueError(f"not a long queue id: {queue_id!r}") from None
    return seconds + micro / 1_000_000
