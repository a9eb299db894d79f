"""Every event of a series of log files, oldest file first."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import UTC, datetime, timedelta, tzinfo
from pathlib import Path

from exporters.mailqueue.log.events import MailEvent, Unparsed
from exporters.mailqueue.log.exim import EximLog, is_exim
from exporters.mailqueue.log.packed import open_plain
from exporters.mailqueue.log.postfix import mail_events
from exporters.mailqueue.log.stamp import StampReader

_BLOCK = 1 << 20
_HALF_YEAR = timedelta(days=182)


def events_of(
    logs: Sequence[Path], zone: tzinfo, year: int | None
) -> Iterator[MailEvent | Unparsed]:
    """The events of all `logs`, and the lines that should be one and are not. Raise OSError.

    Without `year`, stamps that have none are put before the present time. With it, the first
    is in that year and a log may run into the next one. They are read as Exim's when one of
    them begins as Exim's do, else as Postfix's.
    """
    starts = [(_first(log, zone, year), index) for index, log in enumerate(logs)]
    stamps = _stamps(zone, year)
    exim = any(is_exim(next(_blocks(log), b""), _stamps(zone, year)) for log in logs)
    parse = EximLog().events if exim else mail_events
    for _, index in sorted(starts):
        for block in _blocks(logs[index]):
            yield from parse(block, stamps)


def _stamps(zone: tzinfo, year: int | None) -> StampReader:
    if year is None:
        return StampReader(lambda: datetime.now(UTC), zone)

    def latest() -> datetime:
        if reader.last is None:
            # The reader allows a day more: 31 December is in it, 1 January is not.
            return datetime(year, 12, 30, 23, 59, 59, tzinfo=zone).astimezone(UTC)
        return datetime.fromtimestamp(reader.last, UTC) + _HALF_YEAR

    reader = StampReader(latest, zone)
    return reader


def _first(log: Path, zone: tzinfo, year: int | None) -> int:
    stamps = _stamps(zone, year)
    with open_plain(log) as file:
        file.seek(0)  # an archive was unpacked, to its end
        for line in file.read(_BLOCK).splitlines():
            time = stamps.read(line)
            if time is not None:
                return time
    return 0


def _blocks(log: Path) -> Iterator[bytes]:
    """Whole lines, a mebibyte or so at a time."""
    rest = b""
    with open_plain(log) as file:
        file.seek(0)  # an archive was unpacked, to its end
        while block := file.read(_BLOCK):
            whole, newline, rest = (rest + block).rpartition(b"\n")
            if newline:
                yield whole + newline
    if rest:
        yield rest + b"\n"
