"""Units grouped into the packages that the texts name.

Packages are looked up, not summed: seven nights with their Saturday and Sunday are a week
whatever the parts are worth. What belongs to no larger package stands alone.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from datetime import date, timedelta

from alertmanager.rosters.settings import WEEKDAYS, Weekday
from alertmanager.statement.days import SATURDAY, SUNDAY
from alertmanager.statement.model import Package
from alertmanager.statement.units import Unit

MONDAY, FRIDAY = 0, 4
_DAY = timedelta(days=1)
_WEEK = 7
# A run as long as that holds seven nights that begin on any given day of the week.
_SURE = 13


@dataclass(frozen=True)
class Grouped:
    """A package and the units that make it, in order."""

    package: Package
    units: tuple[Unit, ...]


@dataclass(frozen=True)
class GroupingRules:
    """How packages are made for one roster and one table of rates.

    `week_starts`: weeks go from that evening to the same one, as the hand-over does. A run of
    seven nights or more that holds no such week is counted from its first night; so the
    fortnight around a night decides, and no earlier past. `short_under`: minutes under which
    a night is a fraction; None: the table prices none. `each`: a day held by several in turn
    is paid to each of them. `alike`: units for which it differs share no package.
    """

    week_starts: Weekday
    short_under: int | None
    least_night: int
    monday_to_friday: bool
    each: bool
    alike: Callable[[Unit], object]


def group(units: Sequence[Unit], rules: GroupingRules) -> list[Grouped]:
    """The packages of one agent's `units`, in order; each unit is in exactly one."""
    return _Grouping(units, rules).all()


class _Grouping:
    def __init__(self, units: Sequence[Unit], rules: GroupingRules) -> None:
        self._units = units
        self._rules = rules
        self._nights = {u.day: u for u in units if u.kind == "night" and self._is_full(u)}
        self._days = {u.day: u for u in units if u.kind != "night"}
        self._taken: set[tuple[str, date]] = set()

    def all(self) -> list[Grouped]:
        found = [Grouped("week", parts) for parts in self._weeks()]
        weekends = self._nights_on(FRIDAY)
        found += [Grouped("weekend", p) for p in self._enclosed(weekends, 3, edges=False)]
        if self._rules.monday_to_friday:
            mondays = self._nights_on(MONDAY)
            found += [Grouped("monday_to_friday", p) for p in self._enclosed(mondays, 4)]
        found += [Grouped(self._single(unit), (unit,)) for unit in self._units if self._free(unit)]
        return sorted(found, key=lambda one: one.units[0].held_from)

    def _weeks(self) -> Iterator[tuple[Unit, ...]]:
        runs = list(self._runs())
        anchor = WEEKDAYS.index(self._rules.week_starts)
        yield from self._enclosed(self._nights_on(anchor), _WEEK)
        for run in runs:
            if _WEEK <= len(run) < _SURE and all(self._free(self._nights[day]) for day in run):
                yield from self._enclosed(run[:1], _WEEK)

    def _runs(self) -> Iterator[list[date]]:
        """The dates of consecutive nights."""
        run: list[date] = []
        for day in self._nights:
            if run and day != run[-1] + _DAY:
                yield run
                run = []
            run.append(day)
        if run:
            yield run

    def _nights_on(self, weekday: int) -> list[date]:
        return [day for day in self._nights if day.weekday() == weekday]

    def _enclosed(
        self, firsts: Sequence[date], count: int, *, edges: bool = True
    ) -> Iterator[tuple[Unit, ...]]:
        """Packages of `count` nights from each of `firsts`, with the days between them.

        `edges`: the day before the first evening and the one after the last morning belong to
        the package as well, where the run begins or ends with them.
        """
        for first in firsts:
            parts = self._package(first, count, edges)
            if parts is None or len({self._rules.alike(part) for part in parts}) > 1:
                continue
            parts += self._working_days(first, count, edges)
            self._taken.update((_half(part), part.day) for part in parts)
            yield tuple(sorted(parts, key=lambda part: part.starts))

    def _package(self, first: date, count: int, edges: bool) -> list[Unit] | None:
        nights = [self._nights.get(first + n * _DAY) for n in range(count)]
        parts = [night for night in nights if night is not None and self._free(night)]
        if len(parts) < count:
            return None
        held = [self._day(first + n * _DAY) for n in range(count + 1)]
        inner = held[1:count]
        if any(
            unit is None and (first + n * _DAY).weekday() in (SATURDAY, SUNDAY)
            for n, unit in enumerate(inner, start=1)
        ):
            return None
        parts += [unit for unit in inner if unit is not None]
        if edges:
            leads = held[0] if self._nights.get(first - _DAY) is None else None
            needed = first.weekday() in (SATURDAY, SUNDAY)  # a week holds one of each
            if needed and count == _WEEK:
                edge = leads or held[count]
                return None if edge is None else [*parts, edge]
            parts += [unit for unit in (leads, held[count]) if unit and unit.kind == "holiday"]
        return parts

    def _day(self, day: date) -> Unit | None:
        """The priced day-time of `day`, if the agent held it longest and it is not used yet."""
        unit = self._days.get(day)
        if unit is None or unit.kind == "weekday" or not unit.main or not self._free(unit):
            return None
        return unit

    def _working_days(self, first: date, count: int, edges: bool) -> list[Unit]:
        """Hours of working days that no text prices: inside a package they are part of it."""
        start, end = (0, count) if edges else (1, count - 1)
        found = [self._days.get(first + n * _DAY) for n in range(start, end + 1)]
        return [u for u in found if u is not None and u.kind == "weekday" and self._free(u)]

    def _free(self, unit: Unit) -> bool:
        return (_half(unit), unit.day) not in self._taken

    def _is_full(self, unit: Unit) -> bool:
        """A night that may be part of a larger package: held longest, and no fraction."""
        under = self._rules.short_under
        return unit.main and (under is None or unit.whole or unit.minutes >= under)

    def _single(self, unit: Unit) -> Package:
        if unit.kind == "weekday":
            return "weekday"
        if unit.kind != "night" or self._rules.short_under is None:
            return unit.kind if unit.main or self._rules.each else "shared"
        if unit.minutes >= self._rules.short_under:
            return "night"
        # The text prices a fraction of a night, so everyone who held one is paid theirs.
        return "short_night" if unit.main or unit.minutes >= self._rules.least_night else "shared"


def _half(unit: Unit) -> str:
    return "night" if unit.kind == "night" else "day"
