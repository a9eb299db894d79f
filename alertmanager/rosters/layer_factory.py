"""Layers made of what the file says."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from alertmanager.rosters.calendar import Calendar
from alertmanager.rosters.condition import Always, Condition, OfficeHours
from alertmanager.rosters.duty import Person
from alertmanager.rosters.fair import FairOrder, Weight
from alertmanager.rosters.file_settings import RosterSettings
from alertmanager.rosters.grid import Grid, grid_of
from alertmanager.rosters.layer_settings import LayerSettings, RotationSettings, WhenSettings
from alertmanager.rosters.layers import Layer
from alertmanager.rosters.load import Load, Meter
from alertmanager.rosters.reach import Reach
from alertmanager.rosters.restriction import NamedDates, Restriction
from alertmanager.rosters.rotation import Crew, Rotation


class LayerFactory:
    """Makes the layers of checked rosters, which share one calendar."""

    def __init__(
        self, calendar: Calendar, people: Mapping[str, Person], named: Mapping[str, NamedDates]
    ) -> None:
        self._calendar, self._people, self._named = calendar, people, named
        self._meter = Meter(calendar)

    def layers(self, roster: RosterSettings) -> tuple[Layer, ...]:
        """The layers of a roster, the first one first."""
        made: list[Layer] = []
        for rules in roster.layers:
            made.append(self._layer(rules, made))
        return tuple(made)

    def _layer(self, rules: LayerSettings, above: Sequence[Layer]) -> Layer:
        condition = self._condition(rules)
        rotation = None
        if rules.rotation is not None:
            reach = Reach(condition.at, [layer.answers for layer in above])
            rotation = self._rotation(rules.rotation, reach)
        return Layer(rules, condition, self._crew(rules.people, rules.shadow), rotation)

    def _condition(self, rules: LayerSettings) -> Condition:
        if isinstance(rules.when, WhenSettings):
            return Restriction(rules.when, rules.eve, self._calendar, self._named)
        if rules.when == "always":
            return Always()
        return OfficeHours(self._calendar, while_open=rules.when == "support_hours")

    def _rotation(self, rules: RotationSettings, reach: Reach) -> Rotation:
        grid = grid_of(rules, self._calendar.zone)
        crews = tuple(self._crew(crew.people, crew.shadow) for crew in rules.crews)
        if rules.order == "in_turn":
            return Rotation(grid, crews)
        ids = [crew.people for crew in rules.crews]
        return Rotation(grid, crews, FairOrder(ids, grid.starts, self._weight(grid, reach)))

    def _weight(self, grid: Grid, reach: Reach) -> Weight:
        def load(number: int) -> Load | None:
            spans = list(reach.spans(grid.starts(number), grid.starts(number + 1)))
            return self._meter.load(spans) if spans else None

        return load

    def _crew(self, people: Sequence[str], shadow: Sequence[str]) -> Crew:
        return Crew(
            tuple(self._people[name] for name in people),
            tuple(self._people[name] for name in shadow),
        )
