"""The last pages: equity over twelve months, the assembly's choices, the tables of rates."""

from __future__ import annotations

from collections.abc import Iterator
from zoneinfo import ZoneInfo

from reportlab.platypus import Flowable

from alertmanager.statement.model import TRUST_WORDS, Statement
from alertmanager.statement.money import duration
from alertmanager.statement.outputs.pdf.tables import Cell, table
from alertmanager.statement.outputs.pdf.typography import (
    BODY,
    CELL_BOLD,
    HEADING,
    NUMBER,
    SMALL,
    WARNING,
    sentence,
    words,
)


def ground_pages(statement: Statement) -> Iterator[Flowable]:
    """What the figures rest on."""
    if statement.equity:
        since = statement.equity_start.astimezone(ZoneInfo(statement.zone))
        yield words(f"Équité sur douze mois, depuis le {since:%d/%m/%Y}", HEADING)
        yield _equity(statement)
        yield words("« Tard » : tours annoncés après le délai qui majore l'indemnité.", SMALL)
    yield words("Ce que la délibération a choisi", HEADING)
    for choice in statement.choices:
        yield words(sentence(choice), WARNING, "•")
    yield words("Barèmes employés", HEADING)
    yield _tables(statement)
    yield words(
        "Tous les montants viennent de ces fichiers datés ; aucun n'est écrit dans le programme.",
        BODY,
    )


def _equity(statement: Statement) -> Flowable:
    rows: list[list[Cell]] = [
        [
            words(row.name),
            *(
                words(str(number), NUMBER)
                for number in (row.nights, row.weekends, row.saturdays, row.sundays, row.holidays)
            ),
            words(duration(row.duty_minutes), NUMBER),
            words(str(row.interventions), NUMBER),
            words(duration(row.intervention_minutes), NUMBER),
            words(str(row.late_notices), NUMBER),
        ]
        for row in statement.equity
    ]
    headings = (
        "Agent",
        "Nuits",
        "Week-ends",
        "Samedis",
        "Dimanches",
        "Fériés",
        "Astreinte",
        "Interventions",
        "Durée",
        "Tard",
    )
    widths = (38, 11, 18, 16, 19, 12, 18, 22, 13, 13)
    return table(headings, widths, rows, frozenset(range(1, 10)))


def _tables(statement: Statement) -> Flowable:
    rows: list[list[Cell]] = [
        [
            [words(used.title, CELL_BOLD), words(used.id, SMALL)],
            words(f"{used.valid_from:%d/%m/%Y}"),
            words(f"{used.checked_until:%d/%m/%Y}"),
            [words(sentence(used.source)), *(words(note, SMALL) for note in used.notes)],
            words(TRUST_WORDS[used.trust]),
        ]
        for used in statement.tables
    ]
    headings = ("Barème", "En vigueur", "Relu pour le", "Source", "Fiabilité")
    return table(headings, (52, 20, 20, 62, 26), rows)
