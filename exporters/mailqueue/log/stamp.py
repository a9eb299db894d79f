"""The time at the head of a log line: ISO 8601 (rsyslog today, Exim, Dovecot) or BSD (RFC 3164)."""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import UTC, datetime, timedelta, tzinfo

_BSD = re.compile(rb"([A-Z][a-z]{2}) ([ \d]\d) (\d\d):(\d\d):(\d\d) ")
# The offset may be missing, or stand apart (Exim's log_timezone).
_ISO = re.compile(
    rb"(\d{4}-\d\d-\d\d)[T ](\d\d:\d\d:\d\d)(?:[.,]\d{1,9})?((?:Z| ?[+-]\d\d:?\d\d)(?= ))? "
)
_MONTHS = {
    name: number
    for number, name in enumerate(b"Jan Feb Mar Apr May Jun Jul Aug Sep Oct Nov Dec".split(), 1)
}
_SECONDS = {b"%02d" % second: second for second in range(60)}


class StampReader:
    """Whole seconds since the epoch of each line; one that repeats the last stamp is not parsed.

    `last` is the time of the last stamp read, None before the first; `end` is where the line
    of that stamp goes on after it.

    A stamp without a zone is taken in `zone` (None: the machine's). A BSD stamp has no year
    either: it is in the year that puts it closest before `now` (a day of slack for clocks ahead).
    """

    def __init__(self, now: Callable[[], datetime], zone: tzinfo | None = None) -> None:
        self._now = now
        self._zone = zone
        self._length = 1  # of what a line has in common with the last stamp, to the second
        self._prefix = b""
        self._minute = 0
        self._tail_at = slice(0, 0)  # where the last stamp had its offset and its space
        self._tail = b"\0"  # none yet
        self.last: int | None = None
        self.end = 0

    def read(self, line: bytes) -> int | None:
        """Unix time of the line in seconds, or None when it does not start with a stamp."""
        if line[self._tail_at] == self._tail:
            if line[: self._length] == self._prefix:
                return self.last
            if line[: self._length - 2] == self._prefix[:-2]:
                second = _SECONDS.get(line[self._length - 2 : self._length])
                if second is not None:
                    self.last = self._minute + second
                    self._prefix = line[: self._length]
                    return self.last
        return self._read_whole(line)

    def _read_whole(self, line: bytes) -> int | None:
        found = _ISO.match(line) or _BSD.match(line)
        if not found:
            return None
        iso, end = found.re is _ISO, found.end()
        value = self._iso(found) if iso else self._bsd(found)
        if value is None:
            return None
        self.last, self.end = value, end
        self._length = length = found.end(2 if iso else 5)
        self._prefix = line[:length]
        self._minute = value - int(line[length - 2 : length])
        self._tail_at = slice(found.start(3) if iso and found[3] else end - 1, end)
        if iso and not found[3]:
            # The next line may have an offset all the same: it would show after the space.
            self._tail_at = slice(end - 1, end + 1)
        self._tail = line[self._tail_at]
        if self._tail in (b" +", b" -"):
            self._tail = b"\0"
        return value

    def _iso(self, found: re.Match[bytes]) -> int | None:
        day, time, offset = (part.decode() if part else "" for part in found.groups())
        try:
            when = datetime.fromisoformat(f"{day}T{time}{offset.lstrip()}")
            # A naive datetime is local time to Python, as the stamp is to its writer.
            return int((when if offset else when.replace(tzinfo=self._zone)).timestamp())
        except (ValueError, OverflowError):
            return None

    def _bsd(self, found: re.Match[bytes]) -> int | None:
        month = _MONTHS.get(found[1])
        if month is None:
            return None
        now = self._now()
        day, hour, minute, second = (int(found[i]) for i in (2, 3, 4, 5))
        for year in (now.year + 1, now.year, now.year - 1):
            try:
                local = datetime(year, month, day, hour, minute, second, tzinfo=self._zone)
            except ValueError:
                continue  # 29 February, or not a time at all
            when = local.astimezone(UTC)
            if when <= now + timedelta(days=1):
                return int(when.timestamp())
        return None
