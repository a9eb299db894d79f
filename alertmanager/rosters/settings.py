"""The rosters file as data: its values, and the blocks that are not a roster. No I/O."""

from __future__ import annotations

import re
from datetime import date, time
from typing import Annotated, Any, Literal

import phonenumbers
from pydantic import BaseModel, BeforeValidator, ConfigDict, Field

from inventory.config import Identifier
from inventory.config.mail_account import MailAddress

WEEKDAYS = ("monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday")
Weekday = Literal["monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday"]
DEFAULT_REGION = "FR"


def _wall_time(value: Any) -> time:
    # An unquoted 19:00 is the number 1140 in YAML 1.1, so only text is taken.
    if not isinstance(value, str) or not re.fullmatch(r"([01]\d|2[0-3]):[0-5]\d", value):
        raise ValueError(
            f'« {value} » n\'est pas une heure ; attendu : entre guillemets, ex. "19:00"'
        )
    return time.fromisoformat(value)


def _day(value: Any) -> date:
    # Pydantic alone would take a number for a count of seconds since 1970.
    if type(value) is date:
        return value
    try:
        return date.fromisoformat(str(value))
    except ValueError:
        raise ValueError(
            f"« {value} » n'est pas une date ; attendu : AAAA-MM-JJ, ex. 2026-01-02"
        ) from None


def _phone(value: Any) -> str:
    expected = 'attendu : un mobile entre guillemets, ex. "+33 6 39 98 00 01" ou "06 39 98 00 01"'
    if type(value) is not str:  # unquoted, YAML eats the + or the leading 0
        raise ValueError(f"« {value} » n'est pas un texte ; {expected}")
    try:
        number = phonenumbers.parse(value, DEFAULT_REGION)
    except phonenumbers.NumberParseException:
        raise ValueError(f"« {value} » n'est pas un numéro de téléphone ; {expected}") from None
    # Possible, not valid: numbers kept for fiction (ARCEP, 06 39 98) are in no operator's range.
    if not phonenumbers.is_possible_number(number):
        raise ValueError(f"« {value} » n'a pas la longueur d'un numéro de téléphone ; {expected}")
    if phonenumbers.number_type(number) == phonenumbers.PhoneNumberType.FIXED_LINE:
        raise ValueError(f"« {value} » est un numéro fixe, il ne reçoit pas de SMS ; {expected}")
    return phonenumbers.format_number(number, phonenumbers.PhoneNumberFormat.E164)


WallTime = Annotated[time, BeforeValidator(_wall_time), Field(examples=['"19:00"'])]
Day = Annotated[date, BeforeValidator(_day), Field(examples=["2026-01-02"])]
Phone = Annotated[str, BeforeValidator(_phone), Field(examples=['"+33 6 39 98 00 01"'])]
Text = Annotated[str, Field(min_length=1, max_length=80)]
Turns = Annotated[tuple[Identifier, ...], Field(min_length=1)]


class Entry(BaseModel):
    """A block of the file: no key that it does not know."""

    model_config = ConfigDict(extra="forbid", frozen=True)


class ExtraHoliday(Entry):
    """A day off that the country's calendar does not know (a bridge day, a local feast)."""

    date: Day
    name: Text


class HolidaySettings(Entry):
    """Which public holidays close the office."""

    country: Literal["FR"] = "FR"
    alsace_moselle: bool = False
    good_friday: bool = False
    extra: tuple[ExtraHoliday, ...] = ()


class SupportHours(Entry):
    """When the office is open on a day of work; `closes` is the first minute it no longer is."""

    days: tuple[Weekday, ...] = Field(min_length=1)
    opens: WallTime = Field(alias="from")
    closes: WallTime = Field(alias="to")


class PersonSettings(Entry):
    """Someone who can be on duty, the mobile that rings, and where else they can be written to."""

    id: Identifier
    name: Text
    phone: Phone
    email: MailAddress | None = None


class TeamSettings(Entry):
    """People who are paged together, on duty or not."""

    id: Identifier
    name: Text
    people: Turns


class DutyPhone(Entry):
    """The telephone that whoever is on duty carries."""

    phone: Phone


class LimitSettings(Entry):
    """What counts as a hole, beside nobody being there. See `rosters.holes`."""

    longest_duty_days: int = Field(14, ge=1, le=366)
    shared: tuple[Annotated[tuple[Identifier, ...], Field(min_length=2)], ...] = ()
    not_duty: tuple[Identifier, ...] = ()
    part_time: tuple[Identifier, ...] = ()
