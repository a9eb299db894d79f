"""What each layer and each change has to do with an answer, in French. Pure."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from zoneinfo import ZoneInfo

from alertmanager.rosters import explain
from alertmanager.rosters.changes import Change
from alertmanager.rosters.duty import Person, Verdict
from alertmanager.rosters.layers import Layer
from alertmanager.rosters.overlay import Cell

_KINDS = {"swap": "échange", "override": "remplacement", "temporary": "planning temporaire"}


@dataclass(frozen=True)
class Case:
    """The layers of a roster, what holds over them at `instant`, and which of both answered."""

    layers: Sequence[Layer]
    cell: Cell
    answered: Layer | Change | None
    instant: datetime
    zone: ZoneInfo
    people: Mapping[str, Person]

    def verdicts(self) -> Iterator[Verdict]:
        """The changes, the last one first, then the layers in order."""
        for made in reversed(self.cell.changes):
            chosen = made is self.answered
            yield Verdict(f"change:{made.id}", _KINDS[made.kind], chosen, self._of_change(made))
        for layer in self.layers:
            yield Verdict(layer.id, layer.name, layer is self.answered, self._of_layer(layer))

    def _of_change(self, made: Change) -> str:
        known = tuple(self.people[name] for name in made.people if name in self.people)
        instead = self.people.get(made.instead_of or "")
        said = explain.change(made, known, instead)
        if made is self.answered:
            return f"répond : {said}"
        away = tuple(person for person in known if person.id in self.cell.absent)
        if not known or away == known:
            return f"sans effet, {explain.french_people(away)} n'est pas là : {said}"
        if self._had_effect(made):
            return f"suivi d'un changement plus récent : {said}"
        return f"sans effet, la personne remplacée n'est pas d'astreinte alors : {said}"

    def _had_effect(self, made: Change) -> bool:
        """Whether it was the last to decide until the ones made after it."""
        until = self.cell.changes[: self.cell.changes.index(made) + 1]
        return replace(self.cell, changes=until).changed(self._by_file())[1] is made

    def _by_file(self) -> tuple[str, ...]:
        """Who answers before any change; one who is replaced by name counts, though away."""
        away = self.cell.absent - {made.instead_of for made in self.cell.changes}
        answers = (layer.at(self.instant).people for layer in self.layers)
        there = (tuple(p.id for p in people if p.id not in away) for people in answers)
        return next(filter(None, there), ())

    def _of_layer(self, layer: Layer) -> str:
        answer = layer.at(self.instant)
        holds, interval = layer.condition.at(self.instant)
        if not holds:
            return f"ne répond pas : vaut {layer.condition.text}, {self._next(interval.ends)}"
        if not answer.people:
            return f"ne répond pas : le premier tour commence {self._when(answer.interval.ends)}"
        said = explain.who(layer, answer, self.zone)
        if layer is self.answered:
            return f"répond : {said}"
        if all(person.id in self.cell.absent for person in answer.people):
            return f"ne répond pas, en congé : {said}"
        return f"répondrait, mais {self._winner()} passe avant : {said}"

    def _winner(self) -> str:
        if isinstance(self.answered, Layer):
            return f"« {self.answered.name} »"
        return "un changement"

    def _next(self, instant: datetime | None) -> str:
        return "plus jamais" if instant is None else f"pas avant {self._when(instant)}"

    def _when(self, instant: datetime | None) -> str:
        if instant is None:
            return "à une date inconnue"
        return f"le {explain.french_instant(instant, self.zone, year=True)}"
