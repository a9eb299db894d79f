"""Interventions priced, or rested, minute by minute."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import ROUND_HALF_UP, Decimal

from alertmanager.statement.days import Service, Span, joined, length, without
from alertmanager.statement.hours import HOUR_LABELS, HourSplitter
from alertmanager.statement.model import (
    Basis,
    Compensation,
    HourKind,
    Intervention,
    InterventionLine,
    Regime,
    Segment,
)
from alertmanager.statement.money import ZERO, cents, duration, minutes_between, to_minute
from alertmanager.statement.money import written as euros
from alertmanager.statement.tables import InterventionTable

_AT_WORK = Basis(
    "heures de service de l'agent : le traitement les paie déjà",
    "décret n° 2005-542, art. 2",
    "second_hand",
)
_TRAVEL = "trajet compté pour sa durée réelle (CE, 25 juin 2024, n° 472381)"


@dataclass(frozen=True)
class WorkTerms:
    """Who worked, under which regime, and the hours that are paid otherwise."""

    regime: Regime
    service: Service
    excluded: str | None
    splitter: HourSplitter


def work_span(one: Intervention) -> Span:
    """From the first to the last known of start, departure, end and return, by whole minutes."""
    starts = [at for at in (one.started_at, one.left_at) if at is not None]
    ends = [at for at in (one.ended_at, one.returned_at) if at is not None]
    return to_minute(min(starts)), to_minute(max(ends))


def price_intervention(
    one: Intervention,
    *,
    roster: str | None,
    on_duty: Sequence[Span],
    taken: Sequence[Span],
    table: InterventionTable,
    terms: WorkTerms,
) -> InterventionLine:
    """The line of an intervention. `taken`: minutes that earlier ones of the agent hold."""
    start, end = work_span(one)
    mine = without([(start, end)], taken)
    compensation = one.compensation or terms.regime.compensation
    segments = tuple(
        _segment(kind, low, high, compensation, table)
        for kind, low, high in terms.splitter.split(mine, terms.service)
    )
    elsewhere = minutes_between(start, end) - length(mine)
    outside = length(without(mine, joined([*on_duty, *terms.service.between(start, end)])))
    priced = [segment.amount for segment in segments if segment.amount is not None]
    unpriced = len(priced) < len(segments)
    return InterventionLine(
        intervention=one,
        roster=roster,
        regime=terms.regime,
        start=start,
        end=end,
        minutes=length(mine),
        travel_out=_travel(one.left_at, one.arrived_at),
        travel_back=_travel(one.ended_at, one.returned_at) if one.on_site else 0,
        counted_elsewhere=elsewhere,
        segments=segments,
        amount=None if unpriced else sum(priced, ZERO),
        rest_minutes=sum(segment.rest_minutes for segment in segments),
        rate_table=table.id,
        notes=(
            *_notes(one, terms, elsewhere, outside),
            *(table.rest_notes if compensation == "rest" else ()),
        ),
    )


def _segment(
    kind: HourKind,
    start: datetime,
    end: datetime,
    compensation: Compensation,
    table: InterventionTable,
) -> Segment:
    minutes = minutes_between(start, end)
    label = HOUR_LABELS[kind]
    if kind == "service":
        text = f"{minutes} min de service, sans indemnité"
        return Segment(kind, label, start, end, minutes, None, text, ZERO, 0, _AT_WORK)
    if compensation == "rest":
        part = table.increase(kind)
        exact = Decimal(minutes) * (100 + part) / 100
        rest = int(exact.quantize(Decimal(1), ROUND_HALF_UP))
        formula = f"{minutes} min × {100 + part} % = {rest} min de repos"
        rule = f"repos au lieu de l'indemnité : temps travaillé + {part} %"
        basis = Basis(rule, table.rest_source, table.rest_trust)
        return Segment(kind, label, start, end, minutes, None, formula, ZERO, rest, basis)
    rate = table.hourly(kind)
    if rate is None:
        basis = table.basis("heures supplémentaires : montant calculé par la paie")
        formula = f"{minutes} min à chiffrer par la paie"
        return Segment(kind, label, start, end, minutes, None, formula, None, 0, basis)
    amount = cents(rate * minutes / 60)
    formula = f"{euros(rate)} €/h × {minutes} min / 60 = {euros(amount)}"
    basis = table.basis(f"indemnité d'intervention, {label.lower()} : {euros(rate)} € de l'heure")
    return Segment(kind, label, start, end, minutes, rate, formula, amount, 0, basis)


def _travel(start: datetime | None, end: datetime | None) -> int:
    if start is None or end is None:
        return 0
    return max(0, minutes_between(to_minute(start), to_minute(end)))


def _notes(one: Intervention, terms: WorkTerms, elsewhere: int, outside: int) -> list[str]:
    notes = []
    if terms.excluded is not None:
        notes.append(f"agent exclu de l'indemnité d'astreinte ({terms.excluded}) : à contrôler")
    if one.on_site and (one.left_at is None or one.returned_at is None):
        notes.append("trajet non renseigné : rien n'est ajouté forfaitairement ; à compléter")
    elif one.on_site:
        notes.append(_TRAVEL)
    if elsewhere:
        notes.append(f"{duration(elsewhere)} comptées avec une intervention commencée plus tôt")
    if outside:
        notes.append(f"{duration(outside)} hors des heures d'astreinte de l'agent : à contrôler")
    return notes


def unpriced_minutes(line: InterventionLine) -> int:
    """Minutes of the line that are left to payroll."""
    return sum(segment.minutes for segment in line.segments if segment.amount is None)
