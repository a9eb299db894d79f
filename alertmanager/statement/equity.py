"""Who held how much over twelve months: nights, week-ends, holidays."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime, timedelta

from alertmanager.statement.days import SATURDAY, SUNDAY, Span
from alertmanager.statement.model import EquityRow, Told
from alertmanager.statement.money import minutes_between
from alertmanager.statement.units import Unit


def equity_row(
    person: str,
    name: str,
    units: Iterable[Unit],
    *,
    work: Sequence[tuple[str, Span]],
    late: Sequence[Told],
) -> EquityRow:
    """The row of an agent whose `units`, interventions and late notices are given."""
    held = list(units)
    mine = [unit for unit in held if unit.main]
    days = [unit for unit in mine if unit.kind != "night"]
    saturdays = {unit.day for unit in days if unit.day.weekday() == SATURDAY}
    sundays = {unit.day for unit in days if unit.day.weekday() == SUNDAY}
    weekends = saturdays | {day - timedelta(days=1) for day in sundays}
    return EquityRow(
        person=person,
        name=name,
        nights=len({unit.day for unit in mine if unit.kind == "night"}),
        weekends=len(weekends),
        saturdays=len(saturdays),
        sundays=len(sundays),
        holidays=len({unit.day for unit in days if unit.feast}),
        duty_minutes=sum(unit.minutes for unit in held),
        interventions=len({incident for incident, _ in work}),
        intervention_minutes=sum(minutes_between(*span) for _, span in work),
        late_notices=len(late),
    )


def ending_in(units: Mapping[str, Sequence[Unit]], start: datetime, end: datetime) -> list[Unit]:
    """The units of every roster whose duty ends in ``start < t <= end``."""
    return [unit for theirs in units.values() for unit in theirs if start < unit.held_to <= end]
