"""One agent's part of a statement, without what it says of the others."""

from __future__ import annotations

from dataclasses import replace

from alertmanager.statement.model import Statement


def only(statement: Statement, person: str) -> Statement:
    """The same statement of that person alone: no other name, no cost by town.

    Raise LookupError if the statement has nothing of theirs.
    """
    agents = tuple(agent for agent in statement.agents if agent.person == person)
    if not agents:
        raise LookupError(person)
    return replace(
        statement,
        agents=agents,
        costs=(),
        sharing_rule="",
        equity=tuple(row for row in statement.equity if row.person == person),
        remarks=tuple(r for r in statement.remarks if r.person in (None, person)),
        duty_amount=agents[0].duty_amount,
        intervention_amount=agents[0].intervention_amount,
        amount=agents[0].amount,
    )
