"""One layer of the rosters file as data: its people, in turn or not, and when they answer."""

from __future__ import annotations

from typing import Annotated, Any, Literal

from pydantic import AfterValidator, Discriminator, Field, Tag

from alertmanager.rosters.settings import Day, Entry, Text, Turns, WallTime, Weekday
from inventory.config import Identifier

# Weekday and two more, in one list: a wrong word is one fault.
DayWord = Literal[
    "monday",
    "tuesday",
    "wednesday",
    "thursday",
    "friday",
    "saturday",
    "sunday",
    "holiday",
    "eve",
]
Office = Literal["always", "support_hours", "outside_support_hours"]
Unit = Literal["hours", "days", "weeks", "months"]
UNITS: dict[str, Unit] = {"hour": "hours", "day": "days", "week": "weeks", "month": "months"}


def _word_or_block(value: Any) -> str:
    """Which of the forms a value is written in: pydantic then tells the faults of that one."""
    return "word" if isinstance(value, str) or value is None else "block"


def _word_list_or_block(value: Any) -> str:
    return "list" if isinstance(value, list | tuple) else _word_or_block(value)


class DateRange(Entry):
    """Calendar dates, both included."""

    first: Day = Field(alias="from")
    last: Day = Field(alias="to")


class CalendarSettings(Entry):
    """Named dates: school holidays, days on which the company is closed."""

    id: Identifier
    name: Text
    ranges: tuple[DateRange, ...] = Field(min_length=1)


class WhenSettings(Entry):
    """A restriction. Every key that is given must hold."""

    days: tuple[DayWord, ...] | None = Field(None, min_length=1)
    not_days: tuple[DayWord, ...] = ()
    opens: WallTime | None = Field(None, alias="from")
    closes: WallTime | None = Field(None, alias="to")
    calendar: Identifier | None = None
    not_calendar: Identifier | None = None


class Period(Entry):
    """Every so many of one unit."""

    hours: int | None = Field(None, ge=1, le=24 * 366)
    days: int | None = Field(None, ge=1, le=366)
    weeks: int | None = Field(None, ge=1, le=53)
    months: int | None = Field(None, ge=1, le=12)

    @property
    def unit(self) -> Unit:
        """The unit it is said in."""
        return next(unit for unit in UNITS.values() if getattr(self, unit) is not None)

    @property
    def count(self) -> int:
        """How many of them."""
        return int(getattr(self, self.unit))


class Handover(Entry):
    """When one turn ends and the next starts, by the wall clock. `day`: of turns of weeks only."""

    day: Weekday | None = None
    at: WallTime


class CrewSettings(Entry):
    """Those of one turn: `people` answer together, `shadow` only watch."""

    people: Turns = Field(examples=["people: [malik.haddad, luc.marchand]"])
    shadow: tuple[Identifier, ...] = ()


def _one_unit(value: str | Period) -> str | Period:
    if isinstance(value, Period) and len(value.model_fields_set) != 1:
        raise ValueError(
            "la durée d'un tour se dit en une unité ; attendu : une clé parmi hours, days, weeks,"
            " months, ex. {weeks: 2}"
        )
    return value


Every = Annotated[
    Annotated[Literal["hour", "day", "week", "month"], Tag("word")]
    | Annotated[Period, Tag("block")],
    Discriminator(_word_or_block),
    AfterValidator(_one_unit),
]
Crew = Annotated[
    Annotated[Identifier, Tag("word")]
    | Annotated[Turns, Tag("list")]
    | Annotated[CrewSettings, Tag("block")],
    Discriminator(_word_list_or_block),
]
When = Annotated[
    Annotated[Office, Tag("word")] | Annotated[WhenSettings, Tag("block")],
    Discriminator(_word_or_block),
]


class RotationSettings(Entry):
    """People in turn. The first one's turn starts on the date `start`, at the hand-over."""

    every: Every
    handover: Handover
    start: Day
    people: tuple[Crew, ...] = Field(min_length=1)
    order: Literal["in_turn", "fair"] = "in_turn"

    @property
    def period(self) -> Period:
        """How long a turn is."""
        if isinstance(self.every, Period):
            return self.every
        return Period.model_validate({UNITS[self.every]: 1})

    @property
    def crews(self) -> tuple[CrewSettings, ...]:
        """The entries of `people`, however they are written."""
        return tuple(map(_crew, self.people))


def _crew(entry: str | tuple[str, ...] | CrewSettings) -> CrewSettings:
    if isinstance(entry, CrewSettings):
        return entry
    return CrewSettings(people=(entry,) if isinstance(entry, str) else entry)


class LayerSettings(Entry):
    """When these people answer. `people` all answer together; a rotation gives one turn at a time.

    `eve`: on a layer of holidays, when they begin the evening before. `shadow` only watch.
    """

    id: Identifier
    name: Text
    when: When = "always"
    eve: WallTime | None = None
    people: tuple[Identifier, ...] = ()
    rotation: RotationSettings | None = None
    shadow: tuple[Identifier, ...] = ()
