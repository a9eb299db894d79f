"""The statement as CSV for a French spreadsheet: semicolons, decimal commas, UTF-8 with a BOM."""

from __future__ import annotations

import csv
import io
from collections.abc import Callable
from datetime import datetime, timedelta
from decimal import Decimal
from zoneinfo import ZoneInfo

from alertmanager.statement.model import Statement
from alertmanager.statement.money import plain
from alertmanager.statement.outputs.cells import csv_text, wall_clock
from alertmanager.statement.outputs.ledger import Entry, entries

_Cell = Callable[[Entry, ZoneInfo], str]


def statement_csv(statement: Statement) -> bytes:
    """One row a figure; lines end with CR LF (RFC 4180)."""
    zone = ZoneInfo(statement.zone)
    out = io.StringIO()
    writer = csv.writer(out, delimiter=";", lineterminator="\r\n")
    writer.writerow(["Période", *COLUMNS])
    # « mai 2026 » alone would be taken for a date: the first of May.
    first = wall_clock(statement.start, zone)
    last = wall_clock(statement.end, zone) - timedelta(days=1)
    period = f"du {first:%d/%m/%Y} au {last:%d/%m/%Y}"
    for entry in entries(statement):
        writer.writerow([period, *(cell(entry, zone) for cell in COLUMNS.values())])
    return out.getvalue().encode("utf-8-sig")


def _local(instant: datetime | None, zone: ZoneInfo) -> str:
    return f"{wall_clock(instant, zone):%d/%m/%Y %H:%M}" if instant else ""


def _utc(instant: datetime | None) -> str:
    return f"{wall_clock(instant, ZoneInfo('UTC')):%Y-%m-%dT%H:%MZ}" if instant else ""


def _number(value: int | Decimal | None) -> str:
    return "" if value is None else str(value).replace(".", ",")


def _plain(value: Decimal | None) -> str:
    return "" if value is None else plain(value)


COLUMNS: dict[str, _Cell] = {
    "Rubrique": lambda e, _: e.heading,
    "Identifiant": lambda e, _: csv_text(e.person),
    "Agent": lambda e, _: csv_text(e.name),
    "Tour d'astreinte": lambda e, _: csv_text(e.roster),
    "Incident": lambda e, _: csv_text(e.incident),
    "Libellé": lambda e, _: csv_text(e.label),
    "Début": lambda e, zone: _local(e.start, zone),
    "Fin": lambda e, zone: _local(e.end, zone),
    "Début UTC": lambda e, _: _utc(e.start),
    "Fin UTC": lambda e, _: _utc(e.end),
    "Minutes": lambda e, _: _number(e.minutes),
    "Calcul": lambda e, _: csv_text(e.formula),
    "Montant en euros": lambda e, _: _number(e.amount),
    "Repos en jours": lambda e, _: _plain(e.rest_days),
    "Repos en minutes": lambda e, _: _number(e.rest_minutes),
    "Règle": lambda e, _: csv_text(e.rule),
    "Source": lambda e, _: csv_text(e.source),
    "Fiabilité de la source": lambda e, _: e.trust,
    "Prévenu le": lambda e, zone: _local(e.told_at, zone),
    "Jours francs": lambda e, _: _number(e.clear_days),
    "Commune": lambda e, _: csv_text(e.member),
    "Part de la commune en euros": lambda e, _: _number(e.member_amount),
    "Barème": lambda e, _: csv_text(e.rate_table),
    "Notes": lambda e, _: csv_text(e.notes),
}
