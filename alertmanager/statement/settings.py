"""statement.yml as data: what the law leaves to the assembly's deliberation. No I/O."""

from __future__ import annotations

from datetime import time
from decimal import Decimal
from typing import Annotated, Any, Literal

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field

from alertmanager.rosters.settings import Day, Text, WallTime, Weekday
from alertmanager.statement.model import Category, Compensation, Stream
from inventory.config import ConfigPath, Identifier

HourRank = Literal["holiday", "sunday", "night", "saturday"]
_SEVEN, _TEN_AT_NIGHT = time(7), time(22)


def _weight(value: Any) -> Decimal:
    if type(value) is int and 0 <= value <= 100_000_000:
        return Decimal(value)
    if isinstance(value, str) and value.replace(".", "", 1).isdigit() and len(value) < 15:
        return Decimal(value)
    raise ValueError(
        f"« {value} » n'est pas une clé de répartition ; attendu : un nombre entier"
        ' (habitants, parts), ou entre guillemets, ex. "12.5"'
    )


Weight = Annotated[Decimal, BeforeValidator(_weight), Field(examples=["4210"])]


class _Entry(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class DutyDay(_Entry):
    """Morning and evening: nights of duty go from `evening` to `morning`, days the other way."""

    morning: WallTime = Field(default=time(7), alias="from")
    evening: WallTime = Field(default=time(19), alias="to")


class NightWork(_Entry):
    """Which hours of an intervention are hours of night."""

    begins: WallTime = Field(default=_TEN_AT_NIGHT, alias="from")
    ends: WallTime = Field(default=_SEVEN, alias="to")

    @property
    def lawful(self) -> bool:
        """22 h-7 h (IHTS), 22 h-5 h, or seven hours within 22 h-7 h."""
        after = (self.begins.hour - 22) % 24 * 60 + self.begins.minute
        until = (self.ends.hour - 22) % 24 * 60 + self.ends.minute
        return 0 <= after < until <= 540 and (until - after == 420 or (after, until) == (0, 540))


class ServiceHours(_Entry):
    """An agent's own timetable: hours that are work, never duty."""

    days: tuple[Weekday, ...] = Field(min_length=1)
    opens: WallTime = Field(alias="from")
    closes: WallTime = Field(alias="to")
    break_minutes: int = Field(default=60, ge=0, le=240)


class PaidRoster(_Entry):
    """A roster whose duty is paid, as what, and on which day its weeks begin.

    `except_layers`: layers of it that are no duty (day-time presence at work).
    """

    roster: Identifier
    category: Category
    week_starts: Weekday = "friday"
    except_layers: tuple[Identifier, ...] = ()


class Agent(_Entry):
    """An agent's regime. `excluded`: why nothing is due (housing, post), in words."""

    person: Identifier
    stream: Stream
    ihts: bool = False
    compensation: Compensation = "pay"
    recovery_days: tuple[Day, ...] = ()
    service: ServiceHours | None = None
    excluded: Text | None = None


class MemberKey(_Entry):
    """A town and its weight in what all bear together."""

    id: Identifier
    name: Text
    weight: Weight = Decimal(1)


class StatementFile(_Entry):
    """The whole file."""

    title: Annotated[str, Field(min_length=1, max_length=120)] = "État d'astreinte"
    deliberation: Annotated[str, Field(min_length=1, max_length=200)] | None = None
    duty_day: DutyDay = DutyDay()
    night_work: NightWork = NightWork()
    hour_order: tuple[HourRank, ...] = ("holiday", "sunday", "night", "saturday")
    shared_days: Literal["longest", "each"] = "longest"
    least_night_minutes: int = Field(default=120, ge=1, le=600)
    own_days_off: Literal["nothing", "recovery_day"] = "nothing"
    apply_unverified_increase: bool = False
    service: ServiceHours | None = None
    rosters: tuple[PaidRoster, ...] = Field(min_length=1)
    agents: tuple[Agent, ...] = Field(min_length=1)
    members: tuple[MemberKey, ...] = Field(min_length=1)
    rate_files: tuple[ConfigPath, ...] = ()
