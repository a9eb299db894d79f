"""What of a calendar says when somebody is away; all else is passed over unread. Pure.

A calendar of leave holds people's lives: titles, notes, guests, attachments. None of it is kept,
and none of it reaches a parser that somebody could trouble with it.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field

from icalendar.parser import Contentline

from alertmanager.rosters.ical.errors import LeaveRefused

MAX_BYTES = 1024 * 1024
"""A year of somebody's leave is some kilobytes."""
MAX_EVENTS = 2000
MAX_DATES = 2000
"""Of all RDATE and EXDATE together."""
MAX_LINE = 32 * 1024
"""Of a property that is read."""
MAX_DEPTH = 10

_NAME = re.compile(rb"([A-Za-z][A-Za-z0-9-]*)[;:]")
_ONCE = {"UID", "SEQUENCE", "STATUS", "DTSTART", "DTEND", "DURATION", "RRULE", "RECURRENCE-ID"}
_KEPT = {
    "VEVENT": _ONCE | {"RDATE", "EXDATE", "EXRULE"},
    "VTIMEZONE": {"TZID"},
    "STANDARD": {"TZOFFSETFROM", "TZOFFSETTO", "RRULE"},
    "DAYLIGHT": {"TZOFFSETFROM", "TZOFFSETTO", "RRULE"},
    "VCALENDAR": {"METHOD", "CALSCALE"},
}
_PATHS = {
    ("VCALENDAR",),
    ("VCALENDAR", "VEVENT"),
    ("VCALENDAR", "VTIMEZONE"),
    ("VCALENDAR", "VTIMEZONE", "STANDARD"),
    ("VCALENDAR", "VTIMEZONE", "DAYLIGHT"),
}
_ANSWERS = {"CANCEL", "REPLY", "REFRESH", "COUNTER", "DECLINECOUNTER"}


@dataclass(frozen=True)
class Property:
    """A content line, unfolded; `line` is where it begins in the file."""

    line: int
    name: str
    parameters: Mapping[str, str]
    value: str


@dataclass
class Block:
    """A component that begins at `line`, with the properties that matter."""

    line: int
    properties: list[Property] = field(default_factory=list)
    parts: list[Block] = field(default_factory=list)

    def get(self, name: str) -> Property | None:
        """The first property of that name."""
        return next((one for one in self.properties if one.name == name), None)

    def all(self, *names: str) -> list[Property]:
        """Every property of these names, in order."""
        return [one for one in self.properties if one.name in names]


@dataclass(frozen=True)
class Sieved:
    """The events and the time zones of a calendar."""

    events: tuple[Block, ...]
    zones: tuple[Block, ...]


def sieve(data: bytes) -> Sieved:
    """The events and zones of `data`. Raise LeaveRefused if it is no whole calendar."""
    if len(data) > MAX_BYTES:
        raise LeaveRefused(
            f"fichier de {len(data) // 1024} Kio",
            f"au plus {MAX_BYTES // 1024} Kio ; exporter le seul calendrier des congés",
        )
    work = _Sieve()
    for number, line in _content_lines(data.removeprefix(b"\xef\xbb\xbf")):
        match = _NAME.match(line)
        # What exporters forget to fold belongs to a text, and texts are not read.
        if match is not None:
            work.take(number, match[1].decode().upper(), line)
    return work.done()


class _Sieve:
    """The components that are open, and what was found in those before."""

    def __init__(self) -> None:
        self._open: list[tuple[str, Block]] = []
        self._found: dict[str, list[Block]] = {"VCALENDAR": [], "VEVENT": [], "VTIMEZONE": []}
        self._dates = 0

    def take(self, number: int, name: str, line: bytes) -> None:
        """The next content line."""
        if name == "BEGIN":
            self._begin(number, _component(line))
        elif name == "END":
            self._end(number, _component(line))
        elif self._path in _PATHS and name in _KEPT[self._path[-1]]:
            read = _property(number, name, line)
            self._count_dates(read)
            _admit(read, self._open[-1])

    def done(self) -> Sieved:
        """What was found, once all lines were taken."""
        if self._open:
            component, block = self._open[-1]
            raise LeaveRefused(
                f"fichier coupé : {component[:40]}, ouvert ligne {block.line}, n'est pas fermé",
                "le fichier entier, jusqu'à END:VCALENDAR",
            )
        if not self._found["VCALENDAR"]:
            raise LeaveRefused(
                "ce n'est pas un calendrier (est-ce une page de connexion ?)",
                "un fichier iCalendar (.ics), en UTF-8, qui commence par BEGIN:VCALENDAR",
            )
        return Sieved(tuple(self._found["VEVENT"]), tuple(self._found["VTIMEZONE"]))

    @property
    def _path(self) -> tuple[str, ...]:
        return tuple(component for component, _ in self._open)

    def _begin(self, number: int, component: str) -> None:
        if not self._open and component != "VCALENDAR":
            raise LeaveRefused(f"BEGIN:{component[:40]}", "BEGIN:VCALENDAR", number)
        if len(self._open) >= MAX_DEPTH:
            raise LeaveRefused(
                f"BEGIN dans {MAX_DEPTH} autres", "des évènements dans un calendrier", number
            )
        block = Block(number)
        if (*self._path, component) in _PATHS:
            self._found.get(component, self._open[-1][1].parts if self._open else []).append(block)
        self._open.append((component, block))
        if len(self._found["VEVENT"]) > MAX_EVENTS:
            raise LeaveRefused(
                f"plus de {MAX_EVENTS} évènements",
                "le seul calendrier des congés, exporté sur une ou deux années",
            )

    def _end(self, number: int, component: str) -> None:
        if not self._open or self._open[-1][0] != component:
            raise LeaveRefused(
                f"END:{component[:40]} ne ferme rien d'ouvert",
                f"END:{self._open[-1][0][:40]}" if self._open else "BEGIN:VCALENDAR",
                number,
            )
        self._open.pop()

    def _count_dates(self, read: Property) -> None:
        if read.name in {"RDATE", "EXDATE"}:
            self._dates += read.value.count(",") + 1
        if self._dates > MAX_DATES:
            raise LeaveRefused(f"plus de {MAX_DATES} dates", "moins d'exceptions", read.line)


def _content_lines(data: bytes) -> Iterator[tuple[int, bytes]]:
    """(line number, content line), unfolded before it is decoded: a fold may cut a letter."""
    pieces: list[bytes] = []
    begun = 1
    for number, physical in enumerate(data.split(b"\n"), 1):
        line = physical.rstrip(b"\r")
        if pieces and line[:1] in {b" ", b"\t"}:
            pieces.append(line[1:])
            continue
        if pieces:
            yield begun, b"".join(pieces)
        pieces, begun = [line], number
    yield begun, b"".join(pieces)


def _component(line: bytes) -> str:
    return line.partition(b":")[2].strip().decode("ascii", "replace").upper()


def _property(number: int, name: str, line: bytes) -> Property:
    if len(line) > MAX_LINE:
        what = f"{name} de {len(line) // 1024} Kio"
        raise LeaveRefused(what, f"au plus {MAX_LINE // 1024} Kio", number)
    try:
        content = Contentline(line.decode("utf-8"))  # type: ignore[no-untyped-call]
        _, parameters, value = content.parts()
    except ValueError:  # UnicodeDecodeError is one
        raise LeaveRefused(
            f"{name} illisible", "une ligne iCalendar (RFC 5545), en UTF-8", number
        ) from None
    single = {
        key.upper(): text if isinstance(text, str) else ",".join(text)
        for key, text in parameters.items()
    }
    return Property(number, name, single, value.strip())


def _admit(read: Property, to: tuple[str, Block]) -> None:
    """Add the property to its component, unless it makes what follows mean another thing."""
    component, block = to
    if component == "VEVENT" and read.name in _ONCE and block.get(read.name) is not None:
        raise LeaveRefused(f"{read.name} en double dans un évènement", "un seul", read.line)
    if read.name == "EXRULE":
        raise LeaveRefused("EXRULE n'est plus de la norme", "EXDATE, date par date", read.line)
    if read.name == "METHOD" and read.value.upper() in _ANSWERS:
        raise LeaveRefused(
            f"METHOD:{read.value.upper()} : c'est une annulation ou une réponse à une invitation",
            "le calendrier exporté, pas un message",
            read.line,
        )
    if read.name == "CALSCALE" and read.value.upper() != "GREGORIAN":
        raise LeaveRefused(f"calendrier {read.value[:40]}", "un calendrier grégorien", read.line)
    block.properties.append(read)
