"""The statement for a terminal: what to read first, then each agent's figures and their rules."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime
from zoneinfo import ZoneInfo

from alertmanager.statement.model import AgentStatement, Statement, Step
from alertmanager.statement.money import duration, plain, written
from alertmanager.statement.outputs.cells import one_line
from alertmanager.statement.outputs.ledger import warnings


def statement_text(statement: Statement) -> bytes:
    """UTF-8, one figure a line with its rule and source under it."""
    lines = map(_safe, _lines(statement))
    return ("\n".join(lines) + "\n").encode()


def _safe(line: str) -> str:
    """No control character of a label reaches the terminal; the indentation stays."""
    return line[: len(line) - len(line.lstrip(" "))] + one_line(line)


def _lines(statement: Statement) -> Iterator[str]:
    zone = ZoneInfo(statement.zone)
    yield f"{statement.title} : {statement.label} (heures locales, {statement.zone})"
    yield ""
    yield "À LIRE AVANT DE SIGNER"
    for entry in warnings(statement):
        who = f"{entry.name} : " if entry.name else ""
        what = f"{entry.label} : " if entry.label else ""
        yield f"  - {who}{what}{entry.notes}"
    for agent in statement.agents:
        yield ""
        yield from _agent(agent, zone)
    yield ""
    yield f"Total : {written(statement.amount)} €"
    if statement.costs:
        yield ""
        yield "Coût par commune"
    for cost in statement.costs:
        yield f"  {cost.name} : {written(cost.amount)} € = {cost.formula}"
    if statement.costs:
        yield f"  {statement.sharing_rule}"
    yield ""
    yield "Choix de la délibération"
    for choice in statement.choices:
        yield f"  - {choice}"


def _agent(agent: AgentStatement, zone: ZoneInfo) -> Iterator[str]:
    yield f"{agent.name} ({agent.person}) : {written(agent.amount)} €{_rest(agent)}"
    for line in agent.duties:
        yield (
            f"  {line.label}, {_at(line.start, zone)} → {_at(line.end, zone)},"
            f" {duration(line.minutes)} : {written(line.amount)} €"
        )
        for step in line.steps:
            yield f"    {step.label} : {_formula(step)}"
            yield f"      {step.basis.rule} ; {step.basis.source} ({step.basis.trust_words})"
        for note in line.notes:
            yield f"    ! {note}"
    for work in agent.interventions:
        amount = "à chiffrer par la paie" if work.amount is None else f"{written(work.amount)} €"
        yield (
            f"  Intervention {work.intervention.incident}, {_at(work.start, zone)} →"
            f" {_at(work.end, zone)}, {duration(work.minutes)} : {amount}"
        )
        for part in work.segments:
            yield f"    {part.label} : {part.formula}"
            yield f"      {part.basis.rule} ; {part.basis.source} ({part.basis.trust_words})"
        for note in work.notes:
            yield f"    ! {note}"


def _rest(agent: AgentStatement) -> str:
    days = f"{plain(agent.rest_days)} j" if agent.rest_days else ""
    minutes = duration(agent.rest_minutes) if agent.rest_minutes else ""
    owed = " + ".join(filter(None, (days, minutes)))
    return f", repos dû : {owed}" if owed else ""


def _formula(step: Step) -> str:
    found = written(step.amount)
    return step.formula if step.formula.endswith(found) else f"{step.formula} = {found}"


def _at(instant: datetime, zone: ZoneInfo) -> str:
    local = instant.astimezone(zone)
    return f"{local:%d/%m/%Y} {local.hour} h {local:%M}"
