"""What ``journalctl -o export`` prints, as lines of syslog. Pure.

The format (systemd: Journal Export Format): fields ``NAME=value``, one a line; a value that is
no plain text as ``NAME``, its length in eight bytes, and its bytes; an empty line ends an entry.
"""

from __future__ import annotations

import re
from datetime import UTC, datetime
from typing import NamedTuple

FIELDS = ("MESSAGE", "SYSLOG_IDENTIFIER", "SYSLOG_PID", "_COMM", "_HOSTNAME")
"""What a line is made of, beside the cursor and the time that are always there."""
_CURSOR, _TIME = b"__CURSOR", b"__REALTIME_TIMESTAMP"
_BINARY = re.compile(rb"^[A-Z_]+$", re.MULTILINE)
_SIZE_BYTES = 8
Fields = dict[bytes, bytes]


class Entry(NamedTuple):
    """One entry: its cursor, and its line with a newline at the end (empty: nothing was said)."""

    cursor: str
    line: bytes


class ExportReader:
    """Turns the output into entries, in pieces of any size. Raise ValueError if it is not that."""

    def __init__(self) -> None:
        self._rest = b""
        self._second = -1
        self._stamp = b""

    def read(self, data: bytes) -> list[Entry]:
        """The entries that are whole now; the rest waits for more."""
        data = self._rest + data
        end = data.rfind(b"\n\n") + 2
        if end < 2:
            self._rest = data
            return []
        if _BINARY.search(data):
            found, end = _any_fields(data)
        else:
            found = [
                dict(line.split(b"=", 1) for line in entry.split(b"\n"))
                for entry in data[: end - 2].split(b"\n\n")
            ]
        self._rest = data[end:]
        return [self._entry(fields) for fields in found if fields]

    def _entry(self, fields: Fields) -> Entry:
        try:
            cursor, time = fields[_CURSOR].decode(), int(fields[_TIME])
        except KeyError as error:
            raise ValueError(f"entrée sans {error.args[0].decode()}") from None
        if b"MESSAGE" not in fields:
            return Entry(cursor, b"")
        second, fraction = divmod(time, 1_000_000)
        if second != self._second:
            self._second = second
            self._stamp = f"{datetime.fromtimestamp(second, UTC):%Y-%m-%dT%H:%M:%S}".encode()
        program = fields.get(b"SYSLOG_IDENTIFIER") or fields.get(b"_COMM") or b"-"
        process = fields.get(b"SYSLOG_PID")
        line = b"%b.%06d+00:00 %b %b%b: %b" % (
            self._stamp,
            fraction,
            fields.get(b"_HOSTNAME") or b"-",
            program,
            b"[%b]" % process if process else b"",
            fields[b"MESSAGE"],
        )
        # As rsyslog does: what somebody sent as one line stays one.
        return Entry(cursor, line.replace(b"\n", b"#012") + b"\n")


def _any_fields(data: bytes) -> tuple[list[Fields], int]:
    """The whole entries in `data`, binary fields among them, and where they end."""
    found: list[Fields] = []
    fields: Fields = {}
    at = end = 0
    while (stop := data.find(b"\n", at)) >= 0:
        name, text, value = data[at:stop].partition(b"=")
        at = stop + 1
        if not name and not text:
            found.append(fields)
            fields = {}
            end = at
            continue
        if not text:
            size = int.from_bytes(data[at : at + _SIZE_BYTES], "little")
            at += _SIZE_BYTES
            value = data[at : at + size]
            at += size + 1
            if at > len(data):
                break
        fields[name] = value
    return found, end
