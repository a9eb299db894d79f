"""Dated tables of rates as data: what a file of `data/` may say. No I/O.

A text that changes its amounts is a new file with a later `valid_from`; nothing is overwritten,
so a statement of last year comes out as it did.
"""

from __future__ import annotations

import re
from decimal import Decimal
from typing import Annotated, Any, Literal

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field

from alertmanager.rosters.settings import Day
from alertmanager.statement.model import Basis, Category, HourKind, Package, Stream, Trust
from inventory.config import Identifier


def _euros(value: Any) -> Decimal:
    # Unquoted, YAML makes it a binary fraction.
    if not isinstance(value, str) or not re.fullmatch(r"\d{1,5}\.\d{2}", value):
        raise ValueError(
            f'« {value} » n\'est pas un montant ; attendu : entre guillemets, ex. "159.20"'
        )
    return Decimal(value)


def _days(value: Any) -> Decimal:
    if not isinstance(value, str) or not re.fullmatch(r"\d(\.5)?", value):
        raise ValueError(
            f'« {value} » n\'est pas un nombre de jours ; attendu : entre guillemets, ex. "1.5"'
        )
    return Decimal(value)


Euros = Annotated[Decimal, BeforeValidator(_euros), Field(examples=['"159.20"'])]
RestDays = Annotated[Decimal, BeforeValidator(_days), Field(examples=['"1.5"'])]
Sentence = Annotated[str, Field(min_length=1, max_length=400)]
Minutes = Annotated[int, Field(ge=0, le=6000)]
PaidKind = Literal["weekday", "night", "saturday", "sunday", "holiday"]
PricedPackage = Literal[
    "week",
    "weekend",
    "monday_to_friday",
    "night",
    "short_night",
    "saturday",
    "recovery_day",
    "sunday",
    "holiday",
]
SINGLE: tuple[PricedPackage, ...] = ("night", "saturday", "sunday", "holiday")
"""What every table of duty must price: the rest can be made of them."""


class _Entry(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class Price(_Entry):
    """A package: money, and for the streams that may rest instead, the rest."""

    pay: Euros
    rest_days: RestDays = Decimal(0)
    rest_minutes: Minutes = 0


class LateNotice(_Entry):
    """The increase due to who was told less than `clear_days` ahead."""

    clear_days: int = Field(ge=1, le=60)
    percent: int = Field(ge=1, le=200)
    source: Sentence
    trust: Trust


class Reading(_Entry):
    """A text that says how another is to be read."""

    source: Sentence
    trust: Trust


class _Table(_Entry):
    id: Identifier
    title: Sentence
    valid_from: Day
    checked_until: Day
    source: Sentence
    trust: Trust
    notes: tuple[Sentence, ...] = ()

    def basis(self, rule: str) -> Basis:
        """`rule` as this table's text has it."""
        return Basis(rule, self.source, self.trust)


class DutyTable(_Table):
    """What packages of duty are worth, by stream and category."""

    kind: Literal["duty"]
    stream: Stream
    category: Category
    rest_trust: Trust | None = None
    packages: dict[PricedPackage, Price]
    short_night_under_minutes: int = Field(default=600, ge=1, le=900)
    late_notice: LateNotice | None = None
    holiday_in_package: Reading

    def prices(self, package: Package) -> Price | None:
        """The price of `package`, if this table has one."""
        return next((price for name, price in self.packages.items() if name == package), None)


class InterventionTable(_Table):
    """What an hour of intervention is worth, or the rest for it. No `hourly_pay`: payroll's."""

    kind: Literal["interventions"]
    stream: Stream
    ihts: bool
    hourly_pay: dict[PaidKind, Euros] | None = None
    rest_percent: dict[PaidKind, Annotated[int, Field(ge=0, le=200)]]
    rest_source: Sentence
    rest_trust: Trust
    rest_notes: tuple[Sentence, ...] = ()

    def hourly(self, kind: HourKind) -> Decimal | None:
        """Euros an hour of that kind; None: left to payroll."""
        return next((pay for name, pay in (self.hourly_pay or {}).items() if name == kind), None)

    def increase(self, kind: HourKind) -> int:
        """Per cent of rest above the time worked."""
        return next((part for name, part in self.rest_percent.items() if name == kind), 0)


class LimitTable(_Table):
    """Least rest and most work, in minutes."""

    kind: Literal["limits"]
    daily_rest: Minutes
    weekly_rest: Minutes
    day_length: Minutes
    week_length: Minutes
    average_length: Minutes
    average_weeks: int = Field(ge=2, le=52)


Table = Annotated[DutyTable | InterventionTable | LimitTable, Field(discriminator="kind")]
