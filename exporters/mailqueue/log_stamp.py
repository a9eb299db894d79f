"""The time at the head of a syslog line: RFC 3339 (rsyslog today) or BSD (RFC 3164)."""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import UTC, datetime, timedelta, tzinfo

_BSD = re.compile(rb"([A-Z][a-z]{2}) ([ \d]\d) (\d\d):(\d\d):(\d\d) ")
_RFC3339 = re.compile(rb"(\d{4}-\d\d-\d\d)[T ](\d\d:\d\d:\d\d)(?:[.,]\d{1,9})?(Z|[+-]\d\d:?\d\d) ")
_MONTHS = {
    name: number
    for number, name in enumerate(b"Jan Feb Mar Apr May Jun Jul Aug Sep Oct Nov Dec".split(), 1)
}
_BSD_LENGTH = len("Nov 24 13:51:29 ")
_SECOND_LENGTH = len("2026-11-24T13:51:29")


class StampReader:
    """Whole seconds since the epoch of each line; one that repeats the last stamp is not parsed.

    `last` is the time of the last stamp read, None before the first.

    A BSD stamp has no year and no zone: it is taken in `zone` (None: the machine's),
    in the year that puts it closest before `now` (a day of slack for clocks ahead).
    """

    def __init__(self, now: Callable[[], datetime], zone: tzinfo | None = None) -> None:
        self._now = now
        self._zone = zone
        self._prefix = b"\0"
        self._zone_at = slice(0, 0)  # where in a line the last stamp had its offset, and which
        self._offset = b""
        self.last: int | None = None

    def read(self, line: bytes) -> int | None:
        """Unix time of the line in seconds, or None when it does not start with a stamp."""
        if line.startswith(self._prefix) and line[self._zone_at] == self._offset:
            return self.last
        found = _RFC3339.match(line)
        if found:
            value = self._rfc3339(found)
            length, zone_at, offset = _SECOND_LENGTH, slice(*found.span(3)), found[3]
        else:
            found = _BSD.match(line)
            if not found:
                return None
            value = self._bsd(found)
            length, zone_at, offset = _BSD_LENGTH, slice(0, 0), b""
        if value is not None:
            self._prefix, self.last = line[:length], value
            self._zone_at, self._offset = zone_at, offset
        return value

    def _rfc3339(self, found: re.Match[bytes]) -> int | None:
        day, time, offset = (part.decode() for part in found.groups())
        try:
            return int(datetime.fromisoformat(f"{day}T{time}{offset}").timestamp())
        except ValueError:
            return None

    def _bsd(self, found: re.Match[bytes]) -> int | None:
        month = _MONTHS.get(found[1])
        if month is None:
            return None
        now = self._now()
        day, hour, minute, second = (int(found[i]) for i in (2, 3, 4, 5))
        for year in (now.year + 1, now.year, now.year - 1):
            try:
                # A naive datetime is local time to Python, as the stamp is to syslog.
                local = datetime(year, month, day, hour, minute, second, tzinfo=self._zone)
            except ValueError:
                continue  # 29 February, or not a time at all
            when = local.astimezone(UTC)
            if when <= now + timedelta(days=1):
                return int(when.timestamp())
        return None
