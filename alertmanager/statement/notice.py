"""When an agent was told of a duty, and how many clear days ahead."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import timedelta

from alertmanager.statement.days import DayCalendar
from alertmanager.statement.model import Told
from alertmanager.statement.units import Unit

_DAY = timedelta(days=1)


@dataclass(frozen=True)
class Notice:
    """The day of telling and the clear days up to the duty, neither end counted."""

    told: Told
    clear_days: int


class Notices:
    """Every notice of the site; finds the one that a unit of duty was told by."""

    def __init__(self, told: Iterable[Told], calendar: DayCalendar) -> None:
        self._calendar = calendar
        self._told: dict[str, list[Told]] = defaultdict(list)
        for one in sorted(told, key=lambda one: one.told_at):
            self._told[one.person].append(one)

    def clear_days(self, told: Told) -> int:
        """Whole days between, by the dates that clocks show; negative: told afterwards."""
        ahead = self._calendar.local(told.start) - self._calendar.local(told.told_at)
        return ahead.days - 1

    def of(self, person: str, roster: str, units: Sequence[Unit]) -> dict[int, Notice]:
        """The notice of each unit, by its place in `units`; none where nobody knows.

        A notice without an end is for the stint that it names the start of.
        """
        found: dict[int, Notice] = {}
        stints = _stints(units)
        for told in self._told[person]:  # the last one wins
            if told.roster not in (None, roster):
                continue
            notice = Notice(told, self.clear_days(told))
            for stint in stints:
                holds = [at for at in stint if units[at].held_to > told.start]
                inside = bool(holds) and units[stint[0]].held_from <= told.start
                for at in holds:
                    begins = max(units[at].held_from, told.start)
                    if begins < told.end if told.end is not None else inside:
                        found[at] = notice
        return found


def _stints(units: Sequence[Unit]) -> list[list[int]]:
    """Places of units that follow one another; hours at work in between do not part them."""
    stints: list[list[int]] = []
    for at, unit in enumerate(units):
        before = units[at - 1] if at else None
        follows = before is not None and (
            before.ends == unit.starts
            or (before.kind == unit.kind == "night" and unit.day == before.day + _DAY)
        )
        if follows:
            stints[-1].append(at)
        else:
            stints.append([at])
    return stints
