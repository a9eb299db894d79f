"""The rosters file as data: the whole of it. No I/O."""

from __future__ import annotations

from typing import Self

from pydantic import Field, model_validator

from alertmanager.rosters.layer_settings import CalendarSettings, LayerSettings
from alertmanager.rosters.notice_settings import ReminderSettings, TakeoverSettings
from alertmanager.rosters.settings import (
    DutyPhone,
    Entry,
    HolidaySettings,
    LimitSettings,
    PersonSettings,
    SupportHours,
    TeamSettings,
    Text,
)
from inventory.config import Identifier, TimeZone

_LONGEST_WITH_PHONE = 53
"""Characters: whoever answers a roster's telephone is stored as ``duty_phone:ID``, 64 at most."""


class RosterSettings(Entry):
    """Who answers for something. The first layer that has somebody wins."""

    id: Identifier
    name: Text
    duty_phone: DutyPhone | None = None
    layers: tuple[LayerSettings, ...] = Field(min_length=1)

    @model_validator(mode="after")
    def _stored(self) -> Self:
        if self.duty_phone is not None and len(self.id) > _LONGEST_WITH_PHONE:
            raise ValueError(
                f"identifiant de {len(self.id)} caractères ; attendu : {_LONGEST_WITH_PHONE}"
                " au plus pour un tour qui a un téléphone"
            )
        return self


class RosterFile(Entry):
    """The whole file. `timezone` defaults to the inventory's.

    `keepers` decide about swaps; without any, the consents of the two are enough.
    """

    timezone: TimeZone | None = None
    holidays: HolidaySettings = HolidaySettings()
    calendars: tuple[CalendarSettings, ...] = ()
    support_hours: SupportHours
    people: tuple[PersonSettings, ...] = Field(min_length=1)
    teams: tuple[TeamSettings, ...] = ()
    keepers: tuple[Identifier, ...] = ()
    rosters: tuple[RosterSettings, ...] = Field(min_length=1)
    limits: LimitSettings = LimitSettings()
    reminders: ReminderSettings | None = None
    takeover: TakeoverSettings | None = None
