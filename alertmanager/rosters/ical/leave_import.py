"""Leave read from somebody's calendar. Pure, and bounded: whatever the file holds.

Every event that is not cancelled is leave, "free" or not: calendars mark whole days so unasked.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from datetime import UTC, date, datetime, time
from uuid import UUID, uuid5
from zoneinfo import ZoneInfo

from alertmanager.rosters.changes import Leave
from alertmanager.rosters.ical.errors import LeaveRefused
from alertmanager.rosters.ical.events import Written, occurrences, read_event
from alertmanager.rosters.ical.recurrence import check_rule
from alertmanager.rosters.ical.sieve import Block, sieve
from alertmanager.rosters.ical.zone_names import ZoneNames
from alertmanager.rosters.spans import Span
from alertmanager.rosters.walltime import as_utc, instant_of

MAX_SERIES = 30
"""Events that repeat."""
MAX_LEAVES = 2000
"""In the span asked for, even at the same time: more is a calendar of work, not of leave."""

_LEAVES = UUID("0b1b8d39-6d0e-5b51-8a39-3d9f0f2f2a77")
_EARLIEST, _LATEST = 1900, 2200


def read_leave(
    data: bytes, person: str, zone: ZoneInfo, start: datetime, end: datetime
) -> list[Leave]:
    """The leave that touches ``start <= t < end``, whole, in order; each span once.

    Whole days, and times without a zone, are by the clocks of `zone`. An `id` is the same
    whenever the same calendar is read. No title is kept: why somebody is away is theirs.
    Raise LeaveRefused if any of it cannot be read.
    """
    window = as_utc(start), as_utc(end)
    sieved = sieve(data)
    zones = ZoneNames(sieved.zones, zone, *window)
    spans: dict[Span, str] = {}
    number = 0
    for uid, blocks in _by_uid(sieved.events).items():
        for span in _spans(blocks, zones, zone, window):
            if span[0] < window[1] and window[0] < span[1]:
                spans.setdefault(span, uid)
                number += 1
        if number > MAX_LEAVES:
            raise LeaveRefused(
                f"plus de {MAX_LEAVES} absences sur la période",
                "un calendrier qui ne contient que des congés",
            )
    return [
        Leave(_identifier(person, uid, span), person, *span, source="ical")
        for span, uid in sorted(spans.items())
    ]


def _identifier(person: str, uid: str, span: Span) -> str:
    return uuid5(_LEAVES, "\n".join((person, uid, *(at.isoformat() for at in span)))).hex


def _by_uid(events: Iterable[Block]) -> dict[str, list[Block]]:
    """What belongs together: an event and the exceptions to it. Without a UID, each is alone."""
    groups: dict[str, list[Block]] = {}
    series = 0
    for block in events:
        named = block.get("UID")
        key = named.value if named is not None and named.value else f"line {block.line}"
        groups.setdefault(key, []).append(block)
        series += block.get("RRULE") is not None
    if series > MAX_SERIES:
        raise LeaveRefused(
            f"{series} évènements qui se répètent", f"au plus {MAX_SERIES} dans un calendrier"
        )
    return groups


def _spans(
    blocks: Sequence[Block], zones: ZoneNames, zone: ZoneInfo, window: Span
) -> Iterator[Span]:
    """The instants that the events of one UID take."""
    written = _in_force([read_event(block, zones) for block in blocks])
    if any(one.repeats for one in written):
        for one in written:
            rule = one.block.get("RRULE")
            if rule is not None and not one.exception:
                check_rule(rule, _day(one.starts), window[1])
        written = occurrences(written, window)
    for one in written:
        if one.cancelled:
            continue
        low, high = _instant(one.starts, zone), _instant(one.ends, zone)
        if high < low:
            raise LeaveRefused(
                "un évènement finit avant de commencer", "DTEND après DTSTART", one.block.line
            )
        if low < high:  # what lasts no time is a reminder
            yield low, high


def _in_force(written: Sequence[Written]) -> list[Written]:
    """Without the versions of an event that a later one, in the same file, replaces."""
    last = max((one.sequence for one in written if not one.exception), default=0)
    return [one for one in written if one.exception or one.sequence == last]


def _day(value: date) -> date:
    return value.date() if isinstance(value, datetime) else value


def _instant(value: date, zone: ZoneInfo) -> datetime:
    """In UTC; what is centuries away, as some write "for ever", is brought nearer."""
    if value.year <= _EARLIEST or value.year >= _LATEST:
        year = _EARLIEST if value.year <= _EARLIEST else _LATEST
        return datetime(year, 1, 1, tzinfo=UTC)
    if not isinstance(value, datetime):
        return instant_of(value, time(), zone)
    return (value if value.tzinfo is not None else value.replace(tzinfo=zone)).astimezone(UTC)
