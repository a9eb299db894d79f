"""A sheet as a table: a frozen heading row, typed cells, widths and print setup."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from typing import Generic, TypeVar

from openpyxl.cell import Cell
from openpyxl.styles import Alignment, Font, PatternFill
from openpyxl.utils import get_column_letter
from openpyxl.worksheet.properties import PageSetupProperties
from openpyxl.worksheet.worksheet import Worksheet

from alertmanager.statement.outputs.cells import one_line

EUROS, HOURS, INSTANT = '#,##0.00 "€"', "[h]:mm", "dd/mm/yyyy hh:mm"
_PLAIN = "General"
_LINE = 13.5  # points
_HEADING = PatternFill("solid", fgColor="FF1F3A5F")
_TOP = Alignment(vertical="top", wrap_text=True)
T = TypeVar("T")
Value = str | int | Decimal | datetime | None


class Formula(str):
    """A formula of ours; every other text is only text, whatever it starts with."""

    __slots__ = ()


@dataclass(frozen=True)
class Column(Generic[T]):
    """`value` of a row; `width` in characters; `form` is the format of a number."""

    title: str
    width: int
    value: Callable[[T], Value]
    form: str = _PLAIN


def put(sheet: Worksheet, row: int, column: int, value: Value, form: str = _PLAIN) -> Cell:
    """Write one cell. Naive instants only: a sheet knows no zones."""
    cell = sheet.cell(row, column)
    if not isinstance(cell, Cell):
        raise TypeError(f"{cell.coordinate} is inside a merged range")
    if isinstance(value, str) and not isinstance(value, Formula):
        cell.value = one_line(value)
        cell.data_type = "s"  # openpyxl makes a formula of what begins with =
    else:
        cell.value = str(value) if isinstance(value, Formula) else value
    cell.number_format = form
    cell.alignment = _TOP
    return cell


def put_table(
    sheet: Worksheet, columns: Sequence[Column[T]], rows: Iterable[T], first: int = 1
) -> int:
    """Headings on row `first`, frozen, then the rows. Return the last row written."""
    for place, column in enumerate(columns, 1):
        heading = put(sheet, first, place, column.title)
        heading.font = Font(name="Calibri", bold=True, color="FFFFFFFF")
        heading.fill = _HEADING
        sheet.column_dimensions[get_column_letter(place)].width = column.width
    _fit(sheet, columns, first, [column.title for column in columns])
    last = first
    for last, row in enumerate(rows, first + 1):
        values = [column.value(row) for column in columns]
        for place, (column, value) in enumerate(zip(columns, values, strict=True), 1):
            put(sheet, last, place, value, column.form)
        _fit(sheet, columns, last, values)
    sheet.freeze_panes = f"A{first + 1}"
    sheet.auto_filter.ref = f"A{first}:{get_column_letter(len(columns))}{last}"
    _print_setup(sheet, first)
    return last


def put_totals(sheet: Worksheet, columns: Sequence[Column[T]], last: int, summed: set[str]) -> None:
    """Under rows 2 to `last`: the sums of the columns named in `summed`, as formulas."""
    for place, column in enumerate(columns, 1):
        letter = get_column_letter(place)
        value: Value = Formula(f"=SUM({letter}2:{letter}{max(last, 2)})")
        if column.title not in summed:
            value = "Total" if place == 1 else None
        put(sheet, last + 1, place, value, column.form).font = Font(name="Calibri", bold=True)


def letter_of(columns: Sequence[Column[T]], title: str) -> str:
    """The letter of the column so named."""
    return get_column_letter([column.title for column in columns].index(title) + 1)


def _fit(sheet: Worksheet, columns: Sequence[Column[T]], row: int, values: Sequence[Value]) -> None:
    """High enough for its longest text: not every program finds that out when it opens the file."""
    lines = [
        len(value) // column.width + 1
        for column, value in zip(columns, values, strict=True)
        if isinstance(value, str) and not isinstance(value, Formula)
    ]
    sheet.row_dimensions[row].height = _LINE * max(lines, default=1)


def _print_setup(sheet: Worksheet, first: int) -> None:
    sheet.page_setup.orientation = "landscape"
    sheet.page_setup.paperSize = 8  # A3: the PDF is for A4
    sheet.page_setup.fitToWidth, sheet.page_setup.fitToHeight = 1, 0
    sheet.sheet_properties.pageSetUpPr = PageSetupProperties(fitToPage=True)
    sheet.print_title_rows = f"{first}:{first}"
    sheet.HeaderFooter.oddFooter.center.text = "&A, page &P / &N"  # type: ignore[union-attr]
