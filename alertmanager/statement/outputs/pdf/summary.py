"""The first page: what to read before signing, the totals, the cost of each town."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from reportlab.platypus import Flowable

from alertmanager.statement.model import Remark, Statement
from alertmanager.statement.money import duration, plain, written
from alertmanager.statement.outputs.pdf.tables import Cell, table, warning_box
from alertmanager.statement.outputs.pdf.typography import (
    BODY,
    CELL_BOLD,
    HEADING,
    NUMBER,
    NUMBER_BOLD,
    PERIOD,
    SMALL,
    TITLE,
    words,
)


def summary_page(statement: Statement) -> Iterator[Flowable]:
    """Title, warnings, agents, towns."""
    yield words(statement.title, TITLE)
    yield words(f"{statement.label}, heures locales ({statement.zone})", PERIOD)
    yield from warning_box("À lire avant de signer", list(_warnings(statement)))
    yield words("Agents", HEADING)
    yield _agents(statement)
    if statement.costs:
        yield words("Coût par commune", HEADING)
        yield _costs(statement)
        yield words(statement.sharing_rule, SMALL)
    yield words(
        "Une période ou une intervention figure dans le mois où elle se termine (service fait).",
        BODY,
    )


def _warnings(statement: Statement) -> Iterator[str]:
    names = {agent.person: agent.name for agent in statement.agents}
    for remark in joined(statement.remarks):
        who = names.get(remark.person, remark.person) if remark.person else ""
        yield f"{who} : {remark.text}" if who else remark.text
    for agent in statement.agents:
        number = len(agent.remarks) + len(agent.breaches)
        if number:
            points = "un point" if number == 1 else f"{number} points"
            yield f"{agent.name} : {points} à lire sur sa page"


def joined(remarks: Iterable[Remark]) -> Iterator[Remark]:
    """Several remarks about one table as one sentence: its name once."""
    about: dict[tuple[str | None, str], list[str]] = {}
    for remark in remarks:
        subject, mark, rest = remark.text.partition(" » : ")
        known = mark and subject.startswith("barème « ")
        key = (remark.person, f"{subject}{mark}" if known else remark.text)
        about.setdefault(key, []).append(rest if known else "")
    for (person, subject), said in about.items():
        yield Remark(subject + " ; ".join(said), person)


def _agents(statement: Statement) -> Flowable:
    rows: list[list[Cell]] = [
        [
            words(agent.name),
            words(duration(agent.duty_minutes), NUMBER),
            words(written(agent.duty_amount), NUMBER),
            words(duration(agent.intervention_minutes), NUMBER),
            words(written(agent.intervention_amount), NUMBER),
            words(plain(agent.rest_days) + " j" if agent.rest_days else "", NUMBER),
            words(duration(agent.rest_minutes) if agent.rest_minutes else "", NUMBER),
            words(written(agent.amount), NUMBER_BOLD),
        ]
        for agent in statement.agents
    ]
    rows.append(
        [
            words("Total", CELL_BOLD),
            words(""),
            words(written(statement.duty_amount), NUMBER_BOLD),
            words(""),
            words(written(statement.intervention_amount), NUMBER_BOLD),
            words(""),
            words(""),
            words(f"{written(statement.amount)} €", NUMBER_BOLD),
        ]
    )
    headings = (
        "Agent",
        "Heures d'astreinte",
        "Astreintes (€)",
        "Heures d'intervention",
        "Interventions (€)",
        "Repos (jours)",
        "Repos (heures)",
        "À payer (€)",
    )
    widths = (40, 20, 21, 24, 25, 14, 15, 21)
    return table(headings, widths, rows, frozenset(range(1, 8)), total=True)


def _costs(statement: Statement) -> Flowable:
    rows: list[list[Cell]] = [
        [
            words(cost.name),
            words(written(cost.interventions), NUMBER),
            words(written(cost.common_interventions), NUMBER),
            words(written(cost.duty), NUMBER),
            words(cost.formula, SMALL),
            words(written(cost.amount), NUMBER_BOLD),
        ]
        for cost in statement.costs
    ]
    rows.append(
        [
            words("Total", CELL_BOLD),
            *([words("")] * 4),
            words(f"{written(statement.amount)} €", NUMBER_BOLD),
        ]
    )
    headings = (
        "Commune",
        "Ses interventions",
        "Part des communes",
        "Part d'astreinte",
        "Calcul",
        "Coût (€)",
    )
    return table(headings, (38, 25, 22, 22, 51, 22), rows, frozenset({1, 2, 3, 5}), total=True)
