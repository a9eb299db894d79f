"""What a swap costs the person who is about to take it, as they are shown it and as it is kept."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime
from typing import Any

from alertmanager.rosters import RosterBook
from alertmanager.rosters.changes import Change
from alertmanager.rosters.cost import CostLine, cost_of_taking
from alertmanager.store.duty_tables import RosterSwap


def cost_of(book: RosterBook, swap: RosterSwap, person: str, now: datetime) -> tuple[CostLine, ...]:
    """What it costs `person` to take that swap. Raise UnknownName."""
    book.person(person)
    taken = Change(
        id=swap.id,
        roster=swap.roster,
        start=swap.starts_at,
        end=swap.ends_at,
        people=(person,),
        kind="swap",
        instead_of=swap.offered_by,
        created_at=now,
    )
    return cost_of_taking(book, taken, now)


def kept_cost(lines: Iterable[CostLine], now: datetime) -> dict[str, Any]:
    """The same as plain data, to be kept with the consent."""
    shown = [{"what": line.what, "text": line.text, "warns": line.warns} for line in lines]
    return {"at": now.isoformat(), "lines": shown}
