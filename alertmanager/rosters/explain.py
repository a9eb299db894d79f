"""Why that person: one French sentence for an SMS, a journal or a duty statement."""

from __future__ import annotations

from datetime import date, datetime, timedelta
from zoneinfo import ZoneInfo

from alertmanager.rosters.calendar import Calendar
from alertmanager.rosters.changes import Change
from alertmanager.rosters.duty import Person
from alertmanager.rosters.layers import Answer, Layer
from alertmanager.rosters.walltime import Interval

_DAYS = ("lundi", "mardi", "mercredi", "jeudi", "vendredi", "samedi", "dimanche")
MONTHS = (
    "janvier",
    "février",
    "mars",
    "avril",
    "mai",
    "juin",
    "juillet",
    "août",
    "septembre",
    "octobre",
    "novembre",
    "décembre",
)

_WEEK = timedelta(days=7)
_CLOCK_CHANGE = timedelta(hours=1)


def french_day(day: date, year: bool = False) -> str:
    """``vendredi 1er mai``, with the year when asked."""
    number = "1er" if day.day == 1 else str(day.day)
    text = f"{_DAYS[day.weekday()]} {number} {MONTHS[day.month - 1]}"
    return f"{text} {day.year}" if year else text


def french_instant(instant: datetime, zone: ZoneInfo, year: bool = False) -> str:
    """``vendredi 1er mai à 19 h 00``, by the clocks of `zone`."""
    local = instant.astimezone(zone)
    return f"{french_day(local.date(), year)} à {local.hour} h {local.minute:02d}"


def french_people(people: tuple[Person, ...]) -> str:
    """``Nadia Benali``, or ``Nadia Benali et Luc Marchand``."""
    names = [person.name for person in people]
    return " et ".join(filter(None, [", ".join(names[:-1]), names[-1]])) if names else "personne"


def week_of(turn: Interval, zone: ZoneInfo) -> int | None:
    """The ISO week that holds the middle, hence most, of a turn: people name the turn by it.

    None if the turn does not last a week.
    """
    if turn.starts is None or turn.ends is None:
        return None
    length = turn.ends - turn.starts
    if abs(length - _WEEK) > _CLOCK_CHANGE:
        return None
    middle = turn.starts + length / 2
    return middle.astimezone(zone).isocalendar().week


def day_kind(instant: datetime, calendar: Calendar) -> str:
    """``vendredi 1er mai 2026, jour férié (Fête du Travail) : hors heures ouvrées``."""
    day = calendar.local_date(instant)
    name = calendar.holiday(day)
    feast = f", jour férié ({name})" if name else ""
    hours = "heures ouvrées" if calendar.at(instant)[0] else "hors heures ouvrées"
    return f"{french_day(day, year=True)}{feast} : {hours}"


def change(made: Change, people: tuple[Person, ...], instead_of: Person | None) -> str:
    """``échange (Luc Marchand au lieu de Nadia Benali : rendez-vous)``."""
    kind = {"swap": "échange", "temporary": "planning temporaire"}.get(made.kind, "remplacement")
    instead = f" au lieu de {instead_of.name}" if instead_of is not None else ""
    reason = f" : {made.reason}" if made.reason else ""
    return f"{kind} ({french_people(people)}{instead}{reason})"


def who(layer: Layer, answer: Answer, zone: ZoneInfo) -> str:
    """The layer, and whose turn it is until when."""
    people = french_people(answer.people)
    if answer.shadow:
        people += f", en doublure : {french_people(answer.shadow)}"
    if answer.turn is None:
        return f"{layer.name} ({people})"
    week = week_of(answer.turn, zone)
    until = (
        f" jusqu'au {french_instant(answer.turn.ends, zone)}"
        if answer.turn.ends is not None
        else ""
    )
    named = f"{layer.name} de la semaine {week}" if week is not None else layer.name
    return f"{named} (tour de {people}{until})"
