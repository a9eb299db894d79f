"""One event of a calendar, with the library that knows the notation. Pure."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from typing import Any

import recurring_ical_events
from icalendar import Calendar, Event

from alertmanager.rosters.ical.errors import LeaveRefused
from alertmanager.rosters.ical.sieve import Block, Property
from alertmanager.rosters.ical.zone_names import ZoneNames
from alertmanager.rosters.spans import Span

_A_DAY = timedelta(days=1)
_REPEATS = ("RRULE", "RDATE", "EXDATE")
_TIMES = ("DTSTART", "DTEND", "RECURRENCE-ID", "RDATE", "EXDATE")
_NOT_COMPUTED = (
    ValueError,
    TypeError,
    LookupError,
    AttributeError,
    ArithmeticError,
    AssertionError,
)
"""What the library raises for dates that do not go together."""


@dataclass(frozen=True)
class Written:
    """An event as it is written: `starts` and `ends` are both dates or both times.

    `ends` is worked out if the file leaves it to DURATION, or out.
    """

    block: Block
    event: Event
    starts: date
    ends: date

    @property
    def sequence(self) -> int:
        """The version of the event; the highest is in force."""
        return int(self.event.get("SEQUENCE", 0))

    @property
    def cancelled(self) -> bool:
        """Whether it does not take place."""
        return str(self.event.get("STATUS", "")).upper() == "CANCELLED"

    @property
    def exception(self) -> bool:
        """Whether it stands for one occurrence (or all from one on) of another."""
        return "RECURRENCE-ID" in self.event

    @property
    def repeats(self) -> bool:
        """Whether it is, or belongs to, several."""
        return self.exception or any(name in self.event for name in _REPEATS)


def read_event(block: Block, zones: ZoneNames) -> Written:
    """The event of `block`. Raise LeaveRefused if its times cannot be read."""
    alone = block.get("RECURRENCE-ID") is not None
    lines = [
        _line(one, zones)
        for one in block.properties
        # One occurrence does not repeat, though some calendars copy the rule to it.
        if not (alone and one.name in _REPEATS)
    ]
    try:
        event = Event.from_ical("\r\n".join(["BEGIN:VEVENT", *lines, "END:VEVENT", ""]))
    except ValueError as error:
        raise _unreadable(block) from error
    if not isinstance(event, Event) or event.errors:
        raise _unreadable(block, ", ".join(sorted({name for name, _ in event.errors if name})))
    return Written(block, event, *_bounds(block, event))


def occurrences(written: Sequence[Written], window: Span) -> list[Written]:
    """What the rules, dates and exceptions of one UID come to in the window."""
    calendar = Calendar()
    for one in written:
        calendar.add_component(one.event)
    block = written[0].block
    try:
        # Two days more on either side: the library compares whole days by other clocks.
        found = recurring_ical_events.of(calendar).between(
            window[0] - 2 * _A_DAY, window[1] + 2 * _A_DAY
        )
    except _NOT_COMPUTED as error:
        raise _unreadable(block, "dates qui ne vont pas ensemble") from error
    return [Written(block, one, *_bounds(block, one)) for one in found if isinstance(one, Event)]


def _line(one: Property, zones: ZoneNames) -> str:
    if one.name not in _TIMES:
        return f"{one.name}:{one.value}"
    kept = {key: one.parameters[key] for key in ("VALUE", "RANGE") if key in one.parameters}
    key = zones.key(one)
    # A day has no zone, and what ends with Z has its own; some calendars name one all the same.
    if key is not None and "T" in one.value and not one.value.endswith("Z"):
        kept["TZID"] = key
    parameters = "".join(f";{key}={text}" for key, text in kept.items())
    return f"{one.name}{parameters}:{one.value}"


def _bounds(block: Block, event: Event) -> tuple[date, date]:
    """DTSTART and the end as they are written, DURATION and what is left out computed."""
    starts, ends, lasts = (_value(event, name) for name in ("DTSTART", "DTEND", "DURATION"))
    if not isinstance(starts, date):
        raise _unreadable(block, "DTSTART")
    whole_days = not isinstance(starts, datetime)
    if ends is not None and not isinstance(ends, date):
        raise _unreadable(block, "DTEND")
    if ends is not None and isinstance(ends, datetime) == whole_days:
        raise LeaveRefused(
            "un évènement mêle une date et une heure", "deux dates, ou deux heures", block.line
        )
    if ends is None and lasts is not None:
        if (
            not isinstance(lasts, timedelta)
            or lasts < timedelta()
            or (whole_days and lasts % _A_DAY)
        ):
            raise _unreadable(block, "DURATION")
        ends = _later(starts, lasts)
    if ends is None or (whole_days and ends == starts):
        # RFC 5545, 3.6.1; and calendars that count the last day in write one day so.
        ends = _later(starts, _A_DAY) if whole_days else starts
    return starts, ends


def _value(event: Event, name: str) -> Any:
    """The Python value of a property; None without it."""
    return getattr(event.get(name), "dt", None)


def _later(starts: date, lasts: timedelta) -> date:
    """Days by the calendar, hours by the watch."""
    try:
        later = starts + timedelta(days=lasts.days)
        if not isinstance(later, datetime):
            return later
        hours = lasts - timedelta(days=lasts.days)
        if later.tzinfo is None or not hours:
            return later + hours
        return (later.astimezone(UTC) + hours).astimezone(later.tzinfo)
    except OverflowError:
        return starts.replace(year=date.max.year, month=1, day=1)


def _unreadable(block: Block, what: str = "") -> LeaveRefused:
    return LeaveRefused(
        f"évènement illisible{f' : {what}' if what else ''}",
        "DTSTART et DTEND comme 20260501, 20260501T080000 ou 20260501T060000Z",
        block.line,
    )
