"""Whose clocks a TZID means. Pure.

Nothing of the file is computed with: a VTIMEZONE is compared with the zones that are known, so a
wrong or hostile one changes no instant, here or in the next file that is read.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from datetime import datetime
from functools import lru_cache
from zoneinfo import ZoneInfo, available_timezones

from icalendar import Component
from icalendar.timezone.windows_to_olson import WINDOWS_TO_OLSON

from alertmanager.rosters.ical.errors import LeaveRefused
from alertmanager.rosters.ical.sieve import Block, Property
from alertmanager.rosters.ical.zones import timezone_of

_Observance = tuple[str, str, frozenset[str]]
_WHOLE_HOURS = re.compile(r"([+-])(\d\d)00")


class ZoneNames:
    """The TZIDs of one file. `zone`: the site's, tried first for a zone that has no known name."""

    def __init__(
        self, blocks: Sequence[Block], zone: ZoneInfo, start: datetime, end: datetime
    ) -> None:
        self._blocks = {
            named.value: block for block in blocks if (named := block.get("TZID")) is not None
        }
        self._zone = zone
        self._span = (start, end)
        self._known: dict[str, str | None] = {}

    def key(self, asked: Property) -> str | None:
        """The IANA name of the zone of a property; None: it names none.

        Raise LeaveRefused for a zone that nobody knows.
        """
        named = asked.parameters.get("TZID")
        if not named:
            return None
        if named not in self._known:
            self._known[named] = _iana(named) or self._by_behaviour(named)
        key = self._known[named]
        if key is None:
            raise LeaveRefused(
                f"fuseau horaire « {named[:60]} » inconnu",
                f"un nom de la base IANA, ex. {self._zone.key}",
                asked.line,
            )
        return key

    def _by_behaviour(self, named: str) -> str | None:
        """The zone that does what the file says of it: the site's, or one that never moves."""
        block = self._blocks.get(named)
        told = {_observance(part) for part in block.parts} if block is not None else set()
        if not told or any("" in {low, high} for low, high, _ in told):
            return None
        own = timezone_of(self._zone, *self._span)
        if told == {_of_component(part) for part in own.subcomponents}:
            return self._zone.key
        offsets = {offset for low, high, _ in told for offset in (low, high)}
        hours = _WHOLE_HOURS.fullmatch(offsets.pop()) if len(offsets) == 1 else None
        if hours is None:
            return None
        # POSIX counts hours west of Greenwich, and these names follow it.
        sign = "-" if hours[1] == "+" else "+"
        key = f"Etc/GMT{sign}{int(hours[2])}" if int(hours[2]) else "UTC"
        return key if key in _available() else None


@lru_cache(maxsize=1)
def _available() -> frozenset[str]:
    return frozenset(available_timezones())


def _iana(named: str) -> str | None:
    """By its own name, a Windows one, or the end of a vendor's (``/mozilla.org/Europe/Paris``)."""
    plain = named.strip("/")
    parts = plain.split("/")[-6:]  # no zone has more than three
    candidates = [plain, WINDOWS_TO_OLSON.get(plain, "")]
    if named.startswith("/"):
        candidates += ["/".join(parts[place:]) for place in range(len(parts))]
    return next((name for name in candidates if name in _available()), None)


def _observance(block: Block) -> _Observance:
    values = {one.name: one.value for one in block.properties}
    return (
        values.get("TZOFFSETFROM", ""),
        values.get("TZOFFSETTO", ""),
        _rule(values.get("RRULE", "")),
    )


def _of_component(part: Component) -> _Observance:
    low, high, rule = (
        _text(part[key].to_ical()) if key in part else ""
        for key in ("TZOFFSETFROM", "TZOFFSETTO", "RRULE")
    )
    return low, high, _rule(rule)


def _text(written: bytes | str) -> str:
    return written if isinstance(written, str) else written.decode()


def _rule(text: str) -> frozenset[str]:
    """The parts that say when in the year."""
    return frozenset(
        part for part in text.upper().split(";") if part.startswith(("BYMONTH=", "BYDAY="))
    )
