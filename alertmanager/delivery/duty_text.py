"""What people read of their own duty: reminders, changes, the take-over. French, GSM 7-bit.

One SMS where it fits, never more than two; the names of rosters and people are only ever values.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from zoneinfo import ZoneInfo

from alertmanager.delivery.gsm7 import PART_SEPTETS, cut, segments, transliterate
from alertmanager.delivery.sms_text import Subject

_DAYS = ("lun", "mar", "mer", "jeu", "ven", "sam", "dim")
_NAME = 40
"""Septets of a name."""
_LONGEST = 1000
_SHOWN = 2
"""Turns gained, and turns lost, that a notice names at most; the others are counted."""


@dataclass(frozen=True)
class Piece:
    """A piece of duty: the roster's name, from when until when."""

    roster: str
    start: datetime
    end: datetime


@dataclass(frozen=True)
class Situation:
    """What whoever takes the duty over finds.

    `silences`: when those that are about to end do so; None: Alertmanager could not be asked.
    """

    incidents: Sequence[Subject] = ()
    silences: Sequence[datetime] | None = ()


def day_clock(instant: datetime, now: datetime, zone: ZoneInfo) -> str:
    """The day of the week, the date, the time of day; the year when it is not this one."""
    local = instant.astimezone(zone)
    year = "" if local.year == now.astimezone(zone).year else f"{local:/%y}"
    return f"{_DAYS[local.weekday()]} {local:%d/%m}{year} {local:%H:%M}"


def reminder_text(
    roster: str, start: datetime, end: datetime | None, now: datetime, zone: ZoneInfo
) -> str:
    """Your duty begins then."""
    until = f", jusqu'au {day_clock(end, now, zone)}" if end is not None else ""
    begins = day_clock(start, now, zone)
    return _fitted(f"VIGIE : votre astreinte commence {begins}{until} ({_name(roster)}).")


def change_text(
    gained: Sequence[Piece], lost: Sequence[Piece], now: datetime, zone: ZoneInfo
) -> str:
    """What you have to do since, and what no more; fewer are named where there is no room."""
    for most in range(_SHOWN, 0, -1):
        said = ["VIGIE : planning d'astreinte modifié."]
        for word, found in (("En plus", gained), ("En moins", lost)):
            if found:
                shown = " ; ".join(_piece(piece, now, zone) for piece in found[:most])
                left = len(found) - most
                more = f" (+{left} autre{'s' if left > 1 else ''})" if left > 0 else ""
                said.append(f"{word} : {shown}{more}.")
        text = transliterate(" ".join(said))
        if segments(text) <= 2:
            break
    return _fitted(text)


def takeover_text(
    code: str,
    roster: str,
    until: datetime | None,
    found: Situation,
    *,
    now: datetime,
    zone: ZoneInfo,
) -> str:
    """The duty is yours: what is open, which silences end soon, how to answer.

    Incidents are named while the text is one SMS, else counted.
    """
    end = f", jusqu'au {day_clock(until, now, zone)}" if until is not None else ""
    head = f"VIGIE {code} PRISE D'ASTREINTE {_name(roster)}{end}."
    tail = f"Répondez OK {code}"
    silences = _silences(found.silences, now, zone)
    for named in (found.incidents[:3], found.incidents[:1], ()):
        text = _fitted(" ".join([head, _incidents(found.incidents, named), *silences, tail]))
        if segments(text) == 1:
            break
    return text


def takeover_answered_text(code: str, until: datetime, now: datetime, zone: ZoneInfo) -> str:
    """For whoever answered the test."""
    end = day_clock(until, now, zone)
    return _fitted(f"VIGIE {code} : bien noté, vous avez l'astreinte jusqu'au {end}. Merci.")


def takeover_unanswered_text(name: str, roster: str, at: str) -> str:
    """For the person of the next step: whoever is on duty may not be within reach."""
    return _fitted(
        f"VIGIE : pas de réponse de {_name(name)} à l'essai de prise d'astreinte de {at}"
        f" ({_name(roster)}). Vous venez ensuite : joignez cette personne."
    )


def takeover_answered_late_text(name: str, at: str) -> str:
    """For those who were told that there was no answer: there is one."""
    return _fitted(f"VIGIE : {_name(name)} a répondu à {at} à l'essai de prise d'astreinte. Merci.")


def _incidents(found: Sequence[Subject], named: Sequence[Subject]) -> str:
    if not found:
        return "Aucun incident en cours."
    plural = "s" if len(found) > 1 else ""
    listed = ", ".join(f"{one.code} {one.named}" for one in named)
    dots = ", ..." if named and len(found) > len(named) else ""
    return f"{len(found)} incident{plural} en cours{f' : {listed}{dots}' if listed else ''}."


def _silences(ends: Sequence[datetime] | None, now: datetime, zone: ZoneInfo) -> list[str]:
    if ends is None:
        return ["Silences inconnus (Alertmanager muet)."]
    if not ends:
        return []
    first = day_clock(min(ends), now, zone)
    if len(ends) == 1:
        return [f"1 silence finit {first}."]
    return [f"{len(ends)} silences finissent, dès {first}."]


def _piece(piece: Piece, now: datetime, zone: ZoneInfo) -> str:
    start, end = day_clock(piece.start, now, zone), day_clock(piece.end, now, zone)
    return f"{_name(piece.roster)} du {start} au {end}"


def _name(name: str) -> str:
    return cut(transliterate(name[:_LONGEST]), _NAME) or "?"


def _fitted(text: str) -> str:
    text = transliterate(text)
    return text if segments(text) <= 2 else cut(text, 2 * PART_SEPTETS - 1)
