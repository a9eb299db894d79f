"""The duty of a roster, or of a person, as an iCalendar feed. Pure.

A feed leaves the house: no telephone number, no address, no reason of a swap.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from uuid import UUID, uuid5
from zoneinfo import ZoneInfo

from icalendar import Calendar, Event

from alertmanager.rosters.book import RosterBook
from alertmanager.rosters.duty import Person, Shift
from alertmanager.rosters.explain import french_people
from alertmanager.rosters.ical.whole import SequenceOf, whole_shifts
from alertmanager.rosters.ical.zones import timezone_of
from alertmanager.rosters.spans import Span
from alertmanager.rosters.walltime import as_utc

_PRODUCT = "-//Vigie//Astreintes//FR"
_SHIFTS = UUID("5a8c8d1e-0a43-5c43-9e0c-6f0b5a3f6f1b")
"""Namespace of the UIDs; another one would double every event on every telephone."""
_REFRESH = timedelta(hours=1)


@dataclass(frozen=True)
class _Entry:
    """A shift to be told. `uid` as of `shift_uid`; `summary` is what a telephone shows."""

    shift: Shift
    uid: str
    sequence: int
    summary: str
    description: str


def roster_feed(
    book: RosterBook,
    roster: str,
    start: datetime,
    end: datetime,
    sequence_of: SequenceOf,
    *,
    stamp: datetime | None = None,
) -> bytes:
    """Every shift of `roster` that touches ``start <= t < end``, whole.

    `stamp`: the DTSTAMP of the events, `start` by default: the same feed is the same bytes.
    Raise UnknownName for an unknown roster.
    """
    name = book.roster_name(roster)
    entries = [
        _entry(roster, name, shift, begun, f"{name} : {french_people(shift.people)}", sequence_of)
        for shift, begun in _shifts(book, roster, (start, end))
    ]
    return _feed(name, entries, book.zone, (start, end), stamp or start)


def person_feed(
    book: RosterBook,
    person: str,
    start: datetime,
    end: datetime,
    sequence_of: SequenceOf,
    *,
    stamp: datetime | None = None,
) -> bytes:
    """Every shift in which `person` is on duty, or shadows, whatever the roster; as above.

    Raise UnknownName for an unknown person.
    """
    who = book.person(person)
    entries = []
    for roster in book.roster_ids:
        name = book.roster_name(roster)
        for shift, begun in _shifts(book, roster, (start, end)):
            summary = _own_summary(name, shift, who)
            if summary is not None:
                entries.append(_entry(roster, name, shift, begun, summary, sequence_of))
    entries.sort(key=lambda entry: (entry.shift.start, entry.uid))
    return _feed(f"Astreintes de {who.name}", entries, book.zone, (start, end), stamp or start)


def shift_uid(roster: str, begun: datetime | None) -> str:
    """The UID of the shift of `roster` that begins then; None: it has no beginning.

    A roster never begins two shifts at once, so neither the layer nor the people are in it: who
    takes a whole shift over has the same event as who gave it.
    """
    when = as_utc(begun).isoformat() if begun is not None else "permanent"
    return str(uuid5(_SHIFTS, f"{roster}\n{when}"))


def _shifts(book: RosterBook, roster: str, window: Span) -> Iterator[tuple[Shift, datetime | None]]:
    for shift, known in whole_shifts(book, roster, *window):
        yield shift, shift.start if known else None


def _own_summary(name: str, shift: Shift, who: Person) -> str | None:
    if who in shift.people:
        others = tuple(other for other in shift.people if other != who)
        return f"{name} (avec {french_people(others)})" if others else name
    if who in shift.shadow:
        return f"{name} : en doublure de {french_people(shift.people)}"
    return None


def _entry(  # noqa: PLR0917  (private, each of another type)
    roster: str,
    name: str,
    shift: Shift,
    begun: datetime | None,
    summary: str,
    sequence_of: SequenceOf,
) -> _Entry:
    lines = [name, f"D'astreinte : {french_people(shift.people)}"]
    if shift.shadow:
        lines.append(f"En doublure : {french_people(shift.shadow)}")
    # The reason of a change may be a private one, or hold anything.
    changed = shift.layer.startswith("change:")
    lines.append("Changement du planning (échange ou remplacement)" if changed else shift.why)
    uid = shift_uid(roster, begun)
    return _Entry(shift, uid, sequence_of(roster, shift), summary, "\n".join(lines))


def _moments(shift: Shift, zone: ZoneInfo) -> tuple[datetime, datetime]:
    """Both bounds by the clocks of `zone`; in UTC if those clocks show either time twice."""
    starts, ends = shift.start.astimezone(zone), shift.end.astimezone(zone)
    if _shown_twice(starts) or _shown_twice(ends):
        return shift.start.astimezone(UTC), shift.end.astimezone(UTC)
    return starts, ends


def _shown_twice(local: datetime) -> bool:
    return local.replace(fold=0).utcoffset() != local.replace(fold=1).utcoffset()


def _feed(
    name: str, entries: Iterable[_Entry], zone: ZoneInfo, window: Span, stamp: datetime
) -> bytes:
    calendar = Calendar()
    calendar.add("PRODID", _PRODUCT)
    calendar.add("VERSION", "2.0")
    calendar.add("METHOD", "PUBLISH")
    # The first of each pair is of RFC 7986, the second what telephones knew before it.
    calendar.add("NAME", name)
    calendar.add("X-WR-CALNAME", name)
    calendar.add("X-WR-TIMEZONE", zone.key)
    calendar.add("REFRESH-INTERVAL", _REFRESH, parameters={"VALUE": "DURATION"})
    calendar.add("X-PUBLISHED-TTL", "PT1H")
    listed = list(entries)
    if zone.key != "UTC":
        bounds = [*window, *(at for one in listed for at in (one.shift.start, one.shift.end))]
        calendar.add_component(timezone_of(zone, min(bounds), max(bounds)))
    for entry in listed:
        starts, ends = _moments(entry.shift, zone)
        event = Event()
        event.add("UID", entry.uid)
        event.add("DTSTAMP", as_utc(stamp))
        event.add("DTSTART", starts)
        event.add("DTEND", ends)
        event.add("SEQUENCE", entry.sequence)
        event.add("SUMMARY", entry.summary)
        event.add("DESCRIPTION", entry.description)
        # Who is on duty may be asked to a meeting all the same.
        event.add("TRANSP", "TRANSPARENT")
        calendar.add_component(event)
    written: bytes = calendar.to_ical()
    return written
