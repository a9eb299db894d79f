"""What the columns of each sheet of figures say."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from zoneinfo import ZoneInfo

from alertmanager.statement.model import EquityRow, MemberCost
from alertmanager.statement.outputs.cells import wall_clock
from alertmanager.statement.outputs.ledger import Entry
from alertmanager.statement.outputs.xlsx.sheet import EUROS, INSTANT, Column

MINUTES, AMOUNT = "Minutes", "Montant"
REST_DAYS, REST_MINUTES = "Repos (jours)", "Repos (minutes)"
SUMMED = {MINUTES, AMOUNT, REST_DAYS, REST_MINUTES}
PERSON = "Identifiant"
_UTC = ZoneInfo("UTC")


def _at(
    pick: Callable[[Entry], datetime | None], zone: ZoneInfo
) -> Callable[[Entry], datetime | None]:
    def value(entry: Entry) -> datetime | None:
        instant = pick(entry)
        return wall_clock(instant, zone) if instant else None

    return value


def _who() -> list[Column[Entry]]:
    return [
        Column(PERSON, 16, lambda e: e.person),
        Column("Agent", 20, lambda e: e.name),
    ]


def _when(zone: ZoneInfo) -> list[Column[Entry]]:
    return [
        Column("Début", 17, _at(lambda e: e.start, zone), INSTANT),
        Column("Fin", 17, _at(lambda e: e.end, zone), INSTANT),
        Column("Début (UTC)", 17, _at(lambda e: e.start, _UTC), INSTANT),
        Column("Fin (UTC)", 17, _at(lambda e: e.end, _UTC), INSTANT),
    ]


def _ground() -> list[Column[Entry]]:
    return [
        Column("Règle", 42, lambda e: e.rule),
        Column("Source", 36, lambda e: e.source),
        Column("Fiabilité de la source", 20, lambda e: e.trust),
    ]


def duty_columns(zone: ZoneInfo) -> list[Column[Entry]]:
    """Of the sheet of duties."""
    return [
        *_who(),
        Column("Tour d'astreinte", 16, lambda e: e.roster),
        Column("Libellé", 34, lambda e: e.label),
        *_when(zone),
        Column(MINUTES, 9, lambda e: e.minutes),
        Column("Calcul", 34, lambda e: e.formula),
        Column(AMOUNT, 12, lambda e: e.amount, EUROS),
        Column(REST_DAYS, 9, lambda e: e.rest_days),
        Column(REST_MINUTES, 9, lambda e: e.rest_minutes),
        Column("Prévenu le", 17, _at(lambda e: e.told_at, zone), INSTANT),
        Column("Jours francs", 9, lambda e: e.clear_days),
        *_ground(),
        Column("Barème", 24, lambda e: e.rate_table),
        Column("Notes", 44, lambda e: e.notes),
    ]


def work_columns(zone: ZoneInfo) -> list[Column[Entry]]:
    """Of the sheet of interventions."""
    return [
        *_who(),
        Column("Incident", 22, lambda e: e.incident),
        Column("Commune", 16, lambda e: e.member),
        Column("Heures", 20, lambda e: e.label),
        *_when(zone),
        Column(MINUTES, 9, lambda e: e.minutes),
        Column("Calcul", 34, lambda e: e.formula),
        Column(AMOUNT, 12, lambda e: e.amount, EUROS),
        Column(REST_DAYS, 9, lambda e: e.rest_days),
        Column(REST_MINUTES, 9, lambda e: e.rest_minutes),
        *_ground(),
        Column("Barème", 24, lambda e: e.rate_table),
        Column("Notes", 44, lambda e: e.notes),
    ]


def reading_columns(zone: ZoneInfo) -> list[Column[Entry]]:
    """Of the sheet to read first."""
    return [
        Column("Rubrique", 24, lambda e: e.heading),
        Column("Agent", 20, lambda e: e.name),
        Column("Ce qu'il faut savoir", 70, lambda e: e.notes),
        Column("Constat", 30, lambda e: e.label),
        *_when(zone)[:2],
        Column("Mesure", 30, lambda e: e.formula),
        *_ground(),
    ]


GROUND: list[Column[Entry]] = [
    Column("Rubrique", 24, lambda e: e.heading),
    Column("Titre", 44, lambda e: e.label),
    Column("Ce qui est dit", 80, lambda e: e.notes),
    Column("Source", 44, lambda e: e.source),
    Column("Fiabilité de la source", 20, lambda e: e.trust),
    Column("Barème", 26, lambda e: e.rate_table),
]
_COST_AMOUNTS = ("Ses interventions", "Sa part des interventions communes", "Sa part d'astreinte")
COST_SUMMED = {*_COST_AMOUNTS, "Coût"}
COSTS: list[Column[MemberCost]] = [
    Column("Commune", 16, lambda c: c.member),
    Column("Nom", 28, lambda c: c.name),
    Column("Clé", 10, lambda c: c.weight),
    Column(_COST_AMOUNTS[0], 16, lambda c: c.interventions, EUROS),
    Column(_COST_AMOUNTS[1], 18, lambda c: c.common_interventions, EUROS),
    Column(_COST_AMOUNTS[2], 16, lambda c: c.duty, EUROS),
    Column("Coût", 14, lambda c: c.amount, EUROS),
    Column("Minutes d'intervention", 14, lambda c: c.intervention_minutes),
    Column("Dont à chiffrer par la paie", 16, lambda c: c.unpriced_minutes),
    Column("Repos dû (minutes)", 14, lambda c: c.rest_minutes),
    Column("Calcul", 80, lambda c: c.formula),
]
EQUITY: list[Column[EquityRow]] = [
    Column(PERSON, 16, lambda r: r.person),
    Column("Agent", 22, lambda r: r.name),
    Column("Nuits", 9, lambda r: r.nights),
    Column("Week-ends", 11, lambda r: r.weekends),
    Column("Samedis", 10, lambda r: r.saturdays),
    Column("Dimanches", 11, lambda r: r.sundays),
    Column("Jours fériés", 11, lambda r: r.holidays),
    Column("Minutes d'astreinte", 14, lambda r: r.duty_minutes),
    Column("Interventions", 13, lambda r: r.interventions),
    Column("Minutes d'intervention", 14, lambda r: r.intervention_minutes),
    Column("Prévenu tard", 11, lambda r: r.late_notices),
]
