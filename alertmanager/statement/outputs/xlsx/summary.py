"""The first sheet: one row an agent, every total a formula over the sheets of figures."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from openpyxl.styles import Font, PatternFill
from openpyxl.worksheet.worksheet import Worksheet

from alertmanager.statement.model import AgentStatement, Statement
from alertmanager.statement.outputs.ledger import Entry, warnings
from alertmanager.statement.outputs.xlsx.columns import (
    AMOUNT,
    MINUTES,
    PERSON,
    REST_DAYS,
    REST_MINUTES,
)
from alertmanager.statement.outputs.xlsx.sheet import (
    EUROS,
    HOURS,
    Column,
    Formula,
    Value,
    letter_of,
    put,
    put_table,
)

HEADINGS_ROW = 5
_ALARM = PatternFill("solid", fgColor="FFFDE9D9")


@dataclass(frozen=True)
class Figures:
    """A sheet of figures: its name, its columns, its last row before the totals."""

    name: str
    columns: Sequence[Column[Entry]]
    last: int

    def total_of(self, title: str, row: int) -> str:
        """The sum of that column over the rows of the agent named in column A of `row`."""

        def cells(column: str) -> str:
            letter = letter_of(self.columns, column)
            return f"'{self.name}'!${letter}$2:${letter}${max(self.last, 2)}"

        return f"SUMIF({cells(PERSON)},$A{row},{cells(title)})"


def put_summary(sheet: Worksheet, statement: Statement, duties: Figures, work: Figures) -> None:
    """Write the sheet; the last columns compare the formulas with what Vigie found."""
    put(sheet, 1, 1, f"{statement.title} : {statement.label}").font = Font(
        name="Calibri", bold=True, size=14
    )
    put(
        sheet,
        2,
        1,
        f"Heures locales ({statement.zone}) ; chaque chiffre porte sa règle et sa source",
    )
    number = sum(1 for _ in warnings(statement))
    alarm = put(
        sheet, 3, 1, f"{number} point(s) à lire avant de signer : feuille « À lire d'abord »"
    )
    alarm.font, alarm.fill = Font(name="Calibri", bold=True, color="FF9C0006"), _ALARM
    for row in (1, 2, 3):
        sheet.merge_cells(start_row=row, start_column=1, end_row=row, end_column=8)
    columns = _columns(statement.agents, duties, work)
    rows = range(HEADINGS_ROW + 1, HEADINGS_ROW + 1 + len(statement.agents))
    last = put_table(sheet, columns, rows, HEADINGS_ROW)
    sheet.auto_filter.ref = None
    for place, column in enumerate(columns, 1):
        letter = letter_of(columns, column.title)
        value: Value = Formula(
            f"=SUM({letter}{HEADINGS_ROW + 1}:{letter}{max(last, HEADINGS_ROW + 1)})"
        )
        value = ("Total", None)[place - 1] if place <= 2 else value
        put(sheet, last + 1, place, value, column.form).font = Font(name="Calibri", bold=True)


def _columns(agents: Sequence[AgentStatement], duties: Figures, work: Figures) -> list[Column[int]]:
    def agent(pick: Callable[[AgentStatement], Value]) -> Callable[[int], Value]:
        return lambda row: pick(agents[row - HEADINGS_ROW - 1])

    def formula(text: Callable[[int], str]) -> Callable[[int], Value]:
        return lambda row: Formula("=" + text(row))

    def hours(figures: Figures) -> Callable[[int], Value]:
        return formula(lambda row: f"{figures.total_of(MINUTES, row)}/1440")

    def both(title: str) -> Callable[[int], Value]:
        return formula(lambda row: f"{duties.total_of(title, row)}+{work.total_of(title, row)}")

    return [
        Column(PERSON, 18, agent(lambda a: a.person)),
        Column("Agent", 24, agent(lambda a: a.name)),
        Column(
            "Heures d'astreinte",
            13,
            formula(lambda r: f"{duties.total_of(MINUTES, r)}/1440"),
            HOURS,
        ),
        Column(
            "Heures d'intervention",
            13,
            formula(lambda r: f"{work.total_of(MINUTES, r)}/1440"),
            HOURS,
        ),
        Column("Astreintes", 14, formula(lambda r: duties.total_of(AMOUNT, r)), EUROS),
        Column("Interventions", 14, formula(lambda r: work.total_of(AMOUNT, r)), EUROS),
        Column("Total", 14, formula(lambda r: f"E{r}+F{r}"), EUROS),
        Column(REST_DAYS, 10, both(REST_DAYS)),
        Column(REST_MINUTES, 10, both(REST_MINUTES)),
        Column("À chiffrer par la paie (minutes)", 16, agent(lambda a: a.unpriced_minutes)),
        Column("Total selon Vigie", 14, agent(lambda a: a.amount), EUROS),
        Column("Écart", 10, formula(lambda r: f"ROUND(G{r}-K{r},2)"), EUROS),
    ]
