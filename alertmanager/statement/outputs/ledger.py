"""The statement as one row a figure, the same for the CSV and the sheets.

A column can be added up: a duty of two terms is two rows, and only the first holds its minutes.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import datetime
from decimal import Decimal

from alertmanager.statement.model import (
    TRUST_WORDS,
    AgentStatement,
    DutyLine,
    InterventionLine,
    RestBreach,
    Statement,
)
from alertmanager.statement.money import duration

DUTY, INTERVENTION = "Astreinte", "Intervention"
BREACH, COST, REMARK = "Repos non respecté", "Coût par commune", "À lire avant de signer"
CHOICE, TABLE = "Choix de la délibération", "Barème"


@dataclass(frozen=True)
class Entry:
    """One figure with its rule; None is "does not apply". Instants are aware."""

    heading: str
    person: str = ""
    name: str = ""
    roster: str = ""
    incident: str = ""
    label: str = ""
    start: datetime | None = None
    end: datetime | None = None
    minutes: int | None = None
    formula: str = ""
    amount: Decimal | None = None
    rest_days: Decimal | None = None
    rest_minutes: int | None = None
    rule: str = ""
    source: str = ""
    trust: str = ""
    told_at: datetime | None = None
    clear_days: int | None = None
    member: str = ""
    member_amount: Decimal | None = None
    rate_table: str = ""
    notes: str = ""


def entries(statement: Statement) -> Iterator[Entry]:
    """What to read first, then every figure, then what it all rests on."""
    yield from warnings(statement)
    for agent in statement.agents:
        yield from duty_entries(agent)
        yield from intervention_entries(agent)
    yield from cost_entries(statement)
    yield from ground_entries(statement)


def warnings(statement: Statement) -> Iterator[Entry]:
    """Remarks and breaches of rest: what must be seen before anything is signed."""
    names = {agent.person: agent.name for agent in statement.agents}
    for remark in statement.remarks:
        who = remark.person or ""
        yield Entry(REMARK, who, names.get(who, who), notes=remark.text)
    for agent in statement.agents:
        for remark in agent.remarks:
            yield Entry(REMARK, agent.person, agent.name, notes=remark.text)
        for breach in agent.breaches:
            yield _breach(agent, breach)


def _breach(agent: AgentStatement, breach: RestBreach) -> Entry:
    limit = f"limite {duration(breach.limit_minutes)}"
    return Entry(
        BREACH,
        agent.person,
        agent.name,
        label=breach.label,
        start=breach.start,
        end=breach.end,
        formula=f"mesuré {duration(breach.measured_minutes)}, {limit}",
        rule=breach.basis.rule,
        source=breach.basis.source,
        trust=breach.basis.trust_words,
        notes=breach.why,
    )


def duty_entries(agent: AgentStatement) -> Iterator[Entry]:
    """One row for each term of each duty."""
    for line in agent.duties:
        first = _duty(agent, line)
        for place, step in enumerate(line.steps):
            blank = first if place == 0 else _continued(first)
            yield replace(
                blank,
                label=line.label if step.label == line.label else f"{line.label} : {step.label}",
                formula=_term(step.formula),
                amount=step.amount,
                rule=step.basis.rule,
                source=step.basis.source,
                trust=step.basis.trust_words,
            )


def _term(formula: str) -> str:
    """The term without the sign that would make a spreadsheet take it for a formula."""
    return formula.removeprefix("+ ").replace("- ", "− ", 1 if formula.startswith("- ") else 0)


def _duty(agent: AgentStatement, line: DutyLine) -> Entry:
    return Entry(
        DUTY,
        agent.person,
        agent.name,
        line.roster,
        start=line.start,
        end=line.end,
        minutes=line.minutes,
        rest_days=line.rest_days,
        rest_minutes=line.rest_minutes,
        told_at=line.told_at,
        clear_days=line.clear_days,
        rate_table=line.rate_table,
        notes=" ; ".join((*line.holidays, *line.notes)),
    )


def intervention_entries(agent: AgentStatement) -> Iterator[Entry]:
    """One row for each kind of hour of each intervention."""
    for line in agent.interventions:
        first = Entry(
            INTERVENTION,
            agent.person,
            agent.name,
            line.roster or "",
            line.intervention.incident,
            member=line.intervention.member or "",
            rate_table=line.rate_table,
            notes=" ; ".join((*_travel(line), *line.notes)),
        )
        for place, part in enumerate(line.segments):
            yield replace(
                first,
                label=part.label,
                start=part.start,
                end=part.end,
                minutes=part.minutes,
                formula=part.formula,
                amount=part.amount,
                rest_minutes=part.rest_minutes,
                rule=part.basis.rule,
                source=part.basis.source,
                trust=part.basis.trust_words,
                notes=first.notes if place == 0 else "",
            )


def _travel(line: InterventionLine) -> Iterator[str]:
    if line.travel_out or line.travel_back:
        back = f"retour {duration(line.travel_back)}"
        yield f"dont trajet aller {duration(line.travel_out)}, {back}"


def _continued(entry: Entry) -> Entry:
    """Another term of the same line: what was counted once is not counted again."""
    return replace(entry, minutes=None, rest_days=None, rest_minutes=None, notes="")


def cost_entries(statement: Statement) -> Iterator[Entry]:
    """One row a town; its part stands in a column of its own, lest it be added up twice."""
    for cost in statement.costs:
        yield Entry(
            COST,
            label=cost.name,
            formula=cost.formula,
            rule=statement.sharing_rule,
            member=cost.member,
            member_amount=cost.amount,
        )


def ground_entries(statement: Statement) -> Iterator[Entry]:
    """What the assembly chose, and the tables that priced something."""
    for choice in statement.choices:
        yield Entry(CHOICE, notes=choice)
    for table in statement.tables:
        yield Entry(
            TABLE,
            label=table.title,
            source=table.source,
            trust=TRUST_WORDS[table.trust],
            rate_table=table.id,
            notes=" ; ".join(
                (
                    f"en vigueur depuis le {table.valid_from:%d/%m/%Y}",
                    f"relu pour la dernière fois le {table.checked_until:%d/%m/%Y}",
                    *table.notes,
                )
            ),
        )
