"""What a duty statement is made from, and what it says. Data only, no rule.

Instants are aware and UTC, intervals half-open, durations whole minutes, money Decimal euros
with two places. Every text of the result is French and ready to be shown. An amount of None
means "not priced here", and the notes of the line say why; a sum leaves it out.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from typing import Literal

Stream = Literal["technical", "non_technical"]
Category = Literal["exploitation", "securite", "decision"]
Compensation = Literal["pay", "rest"]
HourKind = Literal["weekday", "night", "saturday", "sunday", "holiday", "service"]
"""`service`: inside the agent's own working hours, which no indemnity pays twice."""
Package = Literal[
    "week",
    "weekend",
    "monday_to_friday",
    "night",
    "short_night",
    "saturday",
    "recovery_day",
    "sunday",
    "holiday",
    "weekday",
    "shared",
]
"""`weekday`: hours that no text prices; `shared`: a period paid to whoever held most of it."""
Trust = Literal["verified", "second_hand", "unverified"]
BreachKind = Literal["daily_rest", "weekly_rest", "day_length", "week_length", "average_length"]

TRUST_WORDS: dict[Trust, str] = {
    "verified": "vérifié dans le texte",
    "second_hand": "repris d'une source secondaire",
    "unverified": "non vérifié",
}


# --- what goes in ---------------------------------------------------------------------------


@dataclass(frozen=True)
class Intervention:
    """What an agent did about an incident, as confirmed by the agent.

    Work lasts from the first to the last known of start, departure, end and return: travel is
    counted as it was. `member`: the town it was for; None: for all. `compensation`: unless it
    is the agent's usual one.
    """

    person: str
    incident: str
    called_at: datetime | None
    acknowledged_at: datetime | None
    started_at: datetime
    left_at: datetime | None
    arrived_at: datetime | None
    ended_at: datetime
    returned_at: datetime | None
    on_site: bool
    member: str | None
    compensation: Compensation | None = None


@dataclass(frozen=True)
class Told:
    """`person` learnt at `told_at` of the duty of ``start <= t < end``; no end: until it ends.

    Of several about the same duty the last counts: it is the one that changed something.
    """

    person: str
    start: datetime
    told_at: datetime
    end: datetime | None = None
    roster: str | None = None
    channel: str = ""


@dataclass(frozen=True)
class Regime:
    """By what texts an agent is paid for a roster. `ihts`: eligible to overtime pay (B and C)."""

    stream: Stream
    category: Category
    ihts: bool
    compensation: Compensation


# --- what comes out -------------------------------------------------------------------------


@dataclass(frozen=True)
class Basis:
    """Why a figure is what it is: the rule in a sentence, its text, how far that was checked."""

    rule: str
    source: str
    trust: Trust

    @property
    def trust_words(self) -> str:
        """``vérifié dans le texte``."""
        return TRUST_WORDS[self.trust]


@dataclass(frozen=True)
class Step:
    """One term of an amount: the package, a holiday, the increase for late notice.

    The amount of a line is the sum of its steps. `formula` is arithmetic that can be done by
    hand (``159,20``, ``205,75 × 50 % = 102,875, arrondi à 102,88``).
    """

    label: str
    formula: str
    amount: Decimal
    basis: Basis


@dataclass(frozen=True)
class DutyLine:
    """One package of duty. `minutes` were on duty; `span_minutes` elapsed from start to end.

    They differ by the agent's working hours in between. `rest_days` and `rest_minutes` are
    instead of money, never beside it. `clear_days`: whole days between the day of telling and
    the day of duty; None: nobody knows when the agent was told.
    """

    person: str
    roster: str
    regime: Regime
    package: Package
    label: str
    start: datetime
    end: datetime
    minutes: int
    span_minutes: int
    nights: int
    saturdays: int
    sundays: int
    holidays: tuple[str, ...]
    told_at: datetime | None
    clear_days: int | None
    late: bool
    steps: tuple[Step, ...]
    amount: Decimal
    rest_days: Decimal
    rest_minutes: int
    rate_table: str
    notes: tuple[str, ...] = ()


@dataclass(frozen=True)
class Segment:
    """Minutes of one kind inside an intervention, paid or rested, never both.

    `rate`: euros an hour, or None. `formula`: ``22,00 €/h × 95 min / 60 = 34,83``.
    """

    kind: HourKind
    label: str
    start: datetime
    end: datetime
    minutes: int
    rate: Decimal | None
    formula: str
    amount: Decimal | None
    rest_minutes: int
    basis: Basis


@dataclass(frozen=True)
class InterventionLine:
    """An intervention, its work split. `minutes` is the sum of the segments.

    `counted_elsewhere`: minutes of it that an earlier, overlapping one holds already.
    """

    intervention: Intervention
    roster: str | None
    regime: Regime
    start: datetime
    end: datetime
    minutes: int
    travel_out: int
    travel_back: int
    counted_elsewhere: int
    segments: tuple[Segment, ...]
    amount: Decimal | None
    rest_minutes: int
    rate_table: str
    notes: tuple[str, ...] = ()


@dataclass(frozen=True)
class RestBreach:
    """A limit of working time that was not kept over ``start <= t < end``.

    Rest was shorter, or work longer, than `limit_minutes`. `proposed_start`: when the next
    service should have begun, where a later start would have mended it.
    """

    person: str
    kind: BreachKind
    label: str
    start: datetime
    end: datetime
    measured_minutes: int
    limit_minutes: int
    why: str
    proposed_start: datetime | None
    basis: Basis


@dataclass(frozen=True)
class Remark:
    """Something that a reader must know before signing. `person`: whom it is about, if anyone."""

    text: str
    person: str | None = None


@dataclass(frozen=True)
class AgentStatement:
    """All of one agent's. `amount` = `duty_amount` + `intervention_amount`.

    `unpriced_minutes`: of interventions that are left to payroll, in no amount.
    """

    person: str
    name: str
    duties: tuple[DutyLine, ...]
    interventions: tuple[InterventionLine, ...]
    breaches: tuple[RestBreach, ...]
    remarks: tuple[Remark, ...]
    duty_minutes: int
    intervention_minutes: int
    unpriced_minutes: int
    duty_amount: Decimal
    intervention_amount: Decimal
    amount: Decimal
    rest_days: Decimal
    rest_minutes: int


@dataclass(frozen=True)
class MemberCost:
    """What one town bears: its interventions, its part of those for all, its part of the duty.

    `weight` of `weights` is its key; `amount` is the sum of the three. The amounts of all
    towns add up to the statement's, to the cent.
    """

    member: str
    name: str
    weight: Decimal
    weights: Decimal
    interventions: Decimal
    common_interventions: Decimal
    duty: Decimal
    amount: Decimal
    intervention_minutes: int
    unpriced_minutes: int
    rest_minutes: int
    formula: str


@dataclass(frozen=True)
class EquityRow:
    """What an agent held over the rolling twelve months that end with the statement.

    A week-end counts once from its Saturday or Sunday held. `holidays` are days.
    """

    person: str
    name: str
    nights: int
    weekends: int
    saturdays: int
    sundays: int
    holidays: int
    duty_minutes: int
    interventions: int
    intervention_minutes: int
    late_notices: int


@dataclass(frozen=True)
class TableUsed:
    """A dated table of rates that priced at least one line."""

    id: str
    title: str
    valid_from: date
    checked_until: date
    source: str
    trust: Trust
    notes: tuple[str, ...]


@dataclass(frozen=True)
class Statement:
    """The duty statement of a period: ``start <= t < end``, local midnights of `zone`.

    A package or an intervention belongs to the period in which it ends (*service fait*), so
    that months add up to the year. `remarks` are those of no agent in particular; `choices`
    are what the law leaves to the assembly, as configured, one French sentence each.
    """

    title: str
    label: str
    start: datetime
    end: datetime
    zone: str
    agents: tuple[AgentStatement, ...]
    costs: tuple[MemberCost, ...]
    sharing_rule: str
    equity: tuple[EquityRow, ...]
    equity_start: datetime
    remarks: tuple[Remark, ...]
    choices: tuple[str, ...]
    tables: tuple[TableUsed, ...]
    duty_amount: Decimal
    intervention_amount: Decimal
    amount: Decimal
