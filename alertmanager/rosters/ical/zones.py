"""VTIMEZONE: what the clocks of a zone do around a span, in the words of RFC 5545, 3.6.5. Pure.

The library's own generator dates the spring change by the clock after it (03:00 in Paris), where
the RFC wants the one before (02:00): readers that trust VTIMEZONE are an hour wrong that night.
"""

from __future__ import annotations

from calendar import monthrange
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

from icalendar import Timezone, TimezoneDaylight, TimezoneStandard, vRecur

_MARGIN = timedelta(days=800)
"""Around the span: enough to see in which weeks of the year a zone changes its clocks."""
_YEAR = timedelta(days=370)
_STEP = timedelta(hours=12)
_WEEKDAYS = ("MO", "TU", "WE", "TH", "FR", "SA", "SU")
_EPOCH = datetime(1970, 1, 1)  # noqa: DTZ001  (RFC 5545: onsets are local times)


@dataclass(frozen=True)
class _Clock:
    """What clocks show: the offset, its name, and whether it is summer time."""

    offset: timedelta
    name: str
    summer: bool


@dataclass(frozen=True)
class _Kind:
    """A change of clocks, whenever it happens."""

    before: timedelta
    after: _Clock


def timezone_of(zone: ZoneInfo, start: datetime, end: datetime) -> Timezone:
    """The VTIMEZONE of `zone`, right for every instant of ``start <= t < end``."""
    component = Timezone()
    component.add("TZID", zone.key)
    low, high = start.astimezone(UTC) - _MARGIN, end.astimezone(UTC) + _MARGIN
    kinds: dict[_Kind, list[datetime]] = {}
    for instant, before, after in _changes(zone, low, high):
        onset = (instant + before.offset).replace(tzinfo=None)
        kinds.setdefault(_Kind(before.offset, after), []).append(onset)
    if not kinds:
        clock = _clock(zone, low)
        component.add_component(_observance(_Kind(clock.offset, clock), [_EPOCH], None))
    for kind, onsets in kinds.items():
        goes_on = onsets[-1] + _YEAR > high.replace(tzinfo=None)
        component.add_component(_observance(kind, onsets, _yearly(onsets) if goes_on else None))
    return component


def _observance(
    kind: _Kind, onsets: Sequence[datetime], rule: vRecur | None
) -> TimezoneStandard | TimezoneDaylight:
    observance = TimezoneDaylight() if kind.after.summer else TimezoneStandard()
    observance.add("DTSTART", onsets[0])
    observance.add("TZOFFSETFROM", kind.before)
    observance.add("TZOFFSETTO", kind.after.offset)
    observance.add("TZNAME", kind.after.name)
    if rule is not None:
        observance.add("RRULE", rule)
    elif len(onsets) > 1:
        observance.add("RDATE", list(onsets[1:]))
    return observance


def _yearly(onsets: Sequence[datetime]) -> vRecur | None:
    """The rule that these onsets follow, once a year without a miss; None: they follow none."""
    first = onsets[0]
    years = range(first.year, first.year + len(onsets))
    if len(onsets) < 2 or [onset.year for onset in onsets] != list(years):
        return None
    if len({(onset.month, onset.weekday(), onset.time()) for onset in onsets}) > 1:
        return None
    last = all(onset.day + 7 > monthrange(onset.year, onset.month)[1] for onset in onsets)
    places = {-1} if last else {(onset.day - 1) // 7 + 1 for onset in onsets}
    if len(places) > 1:
        return None
    day = f"{places.pop()}{_WEEKDAYS[first.weekday()]}"
    return vRecur({"FREQ": "YEARLY", "BYMONTH": first.month, "BYDAY": day})


def _clock(zone: ZoneInfo, instant: datetime) -> _Clock:
    local = instant.astimezone(zone)
    return _Clock(local.utcoffset() or timedelta(), local.tzname() or zone.key, bool(local.dst()))


def _changes(
    zone: ZoneInfo, low: datetime, high: datetime
) -> Iterator[tuple[datetime, _Clock, _Clock]]:
    """(instant, clocks before, clocks from then on) of every change, in order."""
    instant, clock = low, _clock(zone, low)
    while instant < high:
        later = instant + _STEP
        following = _clock(zone, later)
        if following != clock:
            before, after = instant, later
            while after - before > timedelta(seconds=1):
                middle = before + (after - before) / 2
                if _clock(zone, middle) == clock:
                    before = middle
                else:
                    after = middle
            yield after.replace(microsecond=0), clock, following
        instant, clock = later, following
