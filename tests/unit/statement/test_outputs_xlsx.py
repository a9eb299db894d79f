"""The workbook: real numbers and dates, and totals whose formulas give Vigie's own figures."""

from __future__ import annotations

import io
import re
from datetime import datetime
from decimal import Decimal
from typing import Any

import openpyxl
import pytest
from signed_month import EVIL, signed_month

from alertmanager.statement.outputs.xlsx import statement_xlsx

FIRST = 6  # row of the first agent


class Sheets:
    """Computes the few kinds of formula that the workbook has, as a spreadsheet would."""

    def __init__(self, data: bytes) -> None:
        self.book = openpyxl.load_workbook(io.BytesIO(data))

    def value(self, sheet: str, cell: str) -> Any:
        raw = self.book[sheet][cell].value
        if not (isinstance(raw, str) and raw.startswith("=")):
            return Decimal(str(raw)) if isinstance(raw, int | float) else raw
        if found := re.fullmatch(r"=SUM\((\w+):(\w+)\)", raw):
            return self._sum(self._cells(sheet, *found.groups()))
        if found := re.fullmatch(r"=ROUND\((\w+)-(\w+),2\)", raw):
            return round(self.value(sheet, found[1]) - self.value(sheet, found[2]), 2)
        terms = re.findall(r"SUMIF\('(\w+)'!(\S+?):(\S+?),\$A(\d+),'\w+'!(\S+?):(\S+?)\)", raw)
        if terms:
            total = sum(self._sum_if(sheet, *term) for term in terms)
            return total / 1440 if raw.endswith("/1440") else total
        found = re.fullmatch(r"=(\w+)\+(\w+)", raw)
        assert found, raw
        return self.value(sheet, found[1]) + self.value(sheet, found[2])

    def _sum_if(self, own: str, name: str, a: str, b: str, row: str, c: str, d: str) -> Decimal:
        wanted = self.book[own][f"A{row}"].value
        pairs = zip(self._cells(name, a, b), self._cells(name, c, d), strict=True)
        return self._sum(value for key, value in pairs if key == wanted)

    def _cells(self, sheet: str, low: str, high: str) -> list[Any]:
        low, high = low.replace("$", ""), high.replace("$", "")
        return [self.value(sheet, cell.coordinate) for (cell,) in self.book[sheet][low:high]]

    @staticmethod
    def _sum(values: Any) -> Decimal:
        return sum((value for value in values if isinstance(value, Decimal)), Decimal(0))


@pytest.fixture(scope="module")
def statement():
    return signed_month()


@pytest.fixture(scope="module")
def sheets(statement) -> Sheets:
    return Sheets(statement_xlsx(statement))


def test_formulas_agree_with_the_statement(statement, sheets) -> None:
    for row, agent in enumerate(statement.agents, FIRST):
        assert sheets.value("Synthèse", f"A{row}") == agent.person
        assert sheets.value("Synthèse", f"C{row}") * 1440 == pytest.approx(agent.duty_minutes)
        assert sheets.value("Synthèse", f"E{row}") == agent.duty_amount
        assert sheets.value("Synthèse", f"F{row}") == agent.intervention_amount
        assert sheets.value("Synthèse", f"G{row}") == agent.amount
        assert sheets.value("Synthèse", f"I{row}") == agent.rest_minutes
        assert sheets.value("Synthèse", f"L{row}") == 0
    total = FIRST + len(statement.agents)
    assert sheets.value("Synthèse", f"G{total}") == statement.amount
    costs = sheets.book["Communes"]
    assert sheets.value("Communes", f"G{len(statement.costs) + 2}") == statement.amount
    assert costs["G1"].value == "Coût"


def test_totals_of_the_sheets_are_formulas(statement, sheets) -> None:
    for name, amount in (
        ("Astreintes", statement.duty_amount),
        ("Interventions", statement.intervention_amount),
    ):
        sheet = sheets.book[name]
        column = next(cell.column_letter for cell in sheet[1] if cell.value == "Montant")
        assert str(sheet[f"{column}{sheet.max_row}"].value).startswith("=SUM(")
        assert sheets.value(name, f"{column}{sheet.max_row}") == amount


def test_numbers_and_dates_are_real_and_headings_stay(sheets) -> None:
    duties = sheets.book["Astreintes"]
    assert duties["E2"].value == datetime(2026, 5, 1, 19)
    assert duties["E2"].number_format == "dd/mm/yyyy hh:mm"
    assert duties["G2"].value == datetime(2026, 5, 1, 17)
    amount = next(cell for cell in duties[2] if cell.number_format.endswith('€"'))
    assert amount.value == pytest.approx(159.2)
    assert all(sheet.freeze_panes for sheet in sheets.book.worksheets)
    assert duties.print_title_rows


def test_what_must_be_read_is_the_second_sheet_and_the_first_says_so(statement, sheets) -> None:
    assert sheets.book.sheetnames[:2] == ["Synthèse", "À lire d'abord"]
    assert "à lire avant de signer" in sheets.book["Synthèse"]["A3"].value
    told = [cell.value for (cell,) in sheets.book["À lire d'abord"]["C2:C40"] if cell.value]
    assert len(told) >= len(statement.remarks)


def test_text_from_outside_is_never_a_formula() -> None:
    book = openpyxl.load_workbook(io.BytesIO(statement_xlsx(signed_month(EVIL))))
    evil = [
        cell
        for sheet in book.worksheets
        for row in sheet.iter_rows()
        for cell in row
        if isinstance(cell.value, str) and "HYPERLINK" in cell.value
    ]
    assert len(evil) > 2
    assert {cell.data_type for cell in evil} == {"s"}
    ours = r"=(SUM|SUMIF|ROUND)\(|=E\d+\+F\d+"
    formulas = [
        cell.value
        for sheet in book.worksheets
        for row in sheet.iter_rows()
        for cell in row
        if cell.data_type == "f"
    ]
    assert formulas
    assert all(re.match(ours, formula) for formula in formulas)
