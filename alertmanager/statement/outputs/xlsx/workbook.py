"""Which sheets the workbook has."""

from __future__ import annotations

import io
from zoneinfo import ZoneInfo

from openpyxl import Workbook
from openpyxl.styles import PatternFill

from alertmanager.statement.model import Statement
from alertmanager.statement.outputs.ledger import (
    duty_entries,
    ground_entries,
    intervention_entries,
    warnings,
)
from alertmanager.statement.outputs.xlsx import columns
from alertmanager.statement.outputs.xlsx.sheet import put, put_table, put_totals
from alertmanager.statement.outputs.xlsx.summary import Figures, put_summary

_ALARM = PatternFill("solid", fgColor="FFFDE9D9")


def statement_xlsx(statement: Statement) -> bytes:
    """The workbook. Its totals are formulas over its sheets of figures."""
    zone = ZoneInfo(statement.zone)
    book = Workbook()
    book.remove(book.worksheets[0])
    summary = book.create_sheet("Synthèse")
    reading = book.create_sheet("À lire d'abord")
    put_table(reading, columns.reading_columns(zone), warnings(statement))
    for row in reading.iter_rows(min_row=2):
        for cell in row:
            cell.fill = _ALARM
    duties, work = (
        Figures(name, layout, put_table(sheet, layout, rows))
        for name, sheet, layout, rows in (
            (
                "Astreintes",
                book.create_sheet("Astreintes"),
                columns.duty_columns(zone),
                (entry for agent in statement.agents for entry in duty_entries(agent)),
            ),
            (
                "Interventions",
                book.create_sheet("Interventions"),
                columns.work_columns(zone),
                (entry for agent in statement.agents for entry in intervention_entries(agent)),
            ),
        )
    )
    for figures in (duties, work):
        put_totals(book[figures.name], figures.columns, figures.last, columns.SUMMED)
    put_summary(summary, statement, duties, work)
    if statement.costs:
        costs = book.create_sheet("Communes")
        last = put_table(costs, columns.COSTS, statement.costs)
        put_totals(costs, columns.COSTS, last, columns.COST_SUMMED)
        put(costs, last + 3, 1, statement.sharing_rule)
        costs.merge_cells(start_row=last + 3, start_column=1, end_row=last + 3, end_column=11)
        costs.row_dimensions[last + 3].height = 48
    if statement.equity:
        put_table(book.create_sheet("Équité sur douze mois"), columns.EQUITY, statement.equity)
    put_table(book.create_sheet("Règles et barèmes"), columns.GROUND, ground_entries(statement))
    out = io.BytesIO()
    book.save(out)
    return out.getvalue()
