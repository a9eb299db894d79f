"""Faults of the rosters' layers that only show when the whole file is read."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta

from alertmanager.rosters.file_settings import RosterFile, RosterSettings
from alertmanager.rosters.layer_settings import LayerSettings, RotationSettings, WhenSettings
from alertmanager.rosters.settings import WEEKDAYS
from inventory.config import Document, Fault
from inventory.config.errors import Path as Keys

_FRENCH_DAYS = ("lundi", "mardi", "mercredi", "jeudi", "vendredi", "samedi", "dimanche")
# Shorter turns are not duty that one shares out by nights and week-ends.
_SHORTEST_FAIR_HOURS = 6


def check_rosters(file: RosterFile, document: Document) -> Iterator[Fault]:
    """Faults of every roster."""
    for place, calendar in enumerate(file.calendars):
        for at, dates in enumerate(calendar.ranges):
            if dates.last < dates.first:
                yield document.fault(
                    ("calendars", place, "ranges", at, "to"),
                    f"la fin ({dates.last}) précède le début ({dates.first})",
                    "la dernière date de la période, incluse",
                )
    named = ((("calendars", i, "id"), one.id) for i, one in enumerate(file.calendars))
    yield from document.doubles("calendrier", named)
    checks = _LayerChecks(file, document)
    for place, roster in enumerate(file.rosters):
        yield from checks.roster(roster, ("rosters", place))


class _LayerChecks:
    def __init__(self, file: RosterFile, document: Document) -> None:
        self._document = document
        self._people = {person.id for person in file.people}
        self._calendars = {calendar.id for calendar in file.calendars}

    def roster(self, roster: RosterSettings, base: Keys) -> Iterator[Fault]:
        layers = [((*base, "layers", place), layer) for place, layer in enumerate(roster.layers)]
        ids = (((*path, "id"), layer.id) for path, layer in layers)
        yield from self._document.doubles("couche", ids)
        hidden_by: str | None = None
        for path, layer in layers:
            if hidden_by is not None:
                yield self._document.fault(
                    path,
                    f"la couche « {layer.id} » ne sert jamais : « {hidden_by} », au-dessus,"
                    " répond à toute heure",
                    "la couche permanente en dernier",
                )
            elif layer.when == "always" and layer.rotation is None:
                hidden_by = layer.id
            yield from self._layer(layer, path)

    def _layer(self, layer: LayerSettings, base: Keys) -> Iterator[Fault]:
        if bool(layer.people) == (layer.rotation is not None):
            yield self._document.fault(
                base,
                f"la couche « {layer.id} » doit dire qui répond, une fois",
                "people (toujours les mêmes) ou rotation (à tour de rôle), l'un des deux",
            )
        listed = _names((*base, "people"), layer.people)
        listed += _names((*base, "shadow"), layer.shadow)
        if layer.rotation is not None:
            listed += _crew_names(layer.rotation, (*base, "rotation", "people"))
            yield from self._rotation(layer.rotation, (*base, "rotation"))
        for path, name in listed:
            if name not in self._people:
                yield self._document.fault(
                    path,
                    f"personne « {name} » inconnue",
                    "une de : " + ", ".join(sorted(self._people)),
                )
        yield from self._shadows(layer, base)
        yield from self._when(layer, base)

    def _shadows(self, layer: LayerSettings, base: Keys) -> Iterator[Fault]:
        crews: list[tuple[Keys, set[str], tuple[str, ...]]] = [
            ((*base, "shadow"), set(layer.people), layer.shadow)
        ]
        if layer.rotation is not None:
            crews += [
                ((*base, "rotation", "people", place, "shadow"), set(crew.people), crew.shadow)
                for place, crew in enumerate(layer.rotation.crews)
            ]
        for path, people, shadow in crews:
            for at, name in enumerate(shadow):
                if name in people:
                    yield self._document.fault(
                        (*path, at),
                        f"« {name} » répond et se double soi-même",
                        "une personne qui ne répond pas à ce tour",
                    )

    def _when(self, layer: LayerSettings, base: Keys) -> Iterator[Fault]:
        rules = layer.when if isinstance(layer.when, WhenSettings) else None
        if rules is not None:
            if not rules.model_fields_set:
                yield self._document.fault(
                    (*base, "when"), "aucune condition", "days, from, to, calendar ; ou always"
                )
            for key in ("calendar", "not_calendar"):
                name = getattr(rules, key)
                if name is not None and name not in self._calendars:
                    known = ", ".join(sorted(self._calendars)) or "aucun n'est déclaré (calendars)"
                    yield self._document.fault(
                        (*base, "when", key), f"calendrier « {name} » inconnu", f"un de : {known}"
                    )
        if layer.eve is None:
            return
        if rules is None or "holiday" not in (rules.days or ()):
            yield self._document.fault(
                (*base, "eve"),
                "la couche ne vaut pas les jours fériés",
                "when: {days: [holiday]} sur la même couche, ou pas de eve",
            )
        elif rules.opens is not None:
            yield self._document.fault(
                (*base, "eve"),
                "le jour férié a deux heures de début, from et eve",
                "eve (la veille) ou from (le jour même), l'un des deux",
            )

    def _rotation(self, rotation: RotationSettings, base: Keys) -> Iterator[Fault]:
        period, day = rotation.period, rotation.handover.day
        if period.unit == "weeks" and day is None:
            yield self._document.fault(
                (*base, "handover"),
                "le jour de la relève manque",
                "day: le jour de la semaine, ex. friday",
            )
        elif period.unit != "weeks" and day is not None:
            yield self._document.fault(
                (*base, "handover", "day"),
                "un jour de relève ne vaut que pour des tours en semaines",
                "seulement at ; la date de start fixe le jour",
            )
        elif day is not None:
            yield from self._first_day(rotation, WEEKDAYS.index(day), base)
        if rotation.order == "fair":
            yield from self._fair(rotation, base)

    def _first_day(self, rotation: RotationSettings, wanted: int, base: Keys) -> Iterator[Fault]:
        ahead = (wanted - rotation.start.weekday()) % 7
        if ahead:
            right = rotation.start + timedelta(days=ahead)
            yield self._document.fault(
                (*base, "start"),
                f"le {rotation.start} est un {_FRENCH_DAYS[rotation.start.weekday()]},"
                f" la relève a lieu le {_FRENCH_DAYS[wanted]}",
                f"la date d'un {_FRENCH_DAYS[wanted]}, ex. {right}",
            )

    def _fair(self, rotation: RotationSettings, base: Keys) -> Iterator[Fault]:
        period = rotation.period
        if period.unit == "hours" and period.count < _SHORTEST_FAIR_HOURS:
            yield self._document.fault(
                (*base, "order"),
                f"des tours de {period.count} h ne se répartissent pas par nuits et week-ends",
                f"in_turn, ou des tours d'au moins {_SHORTEST_FAIR_HOURS} h",
            )
        crews = [crew.people for crew in rotation.crews]
        for place, crew in enumerate(crews):
            if crew in crews[:place]:
                yield self._document.fault(
                    (*base, "people", place),
                    f"« {', '.join(crew)} » deux fois : order: fair donne la même part à chacun",
                    "une seule fois, ou order: in_turn pour une double part",
                )


def _names(base: Keys, names: tuple[str, ...]) -> list[tuple[Keys, str]]:
    return [((*base, place), name) for place, name in enumerate(names)]


def _crew_names(rotation: RotationSettings, base: Keys) -> list[tuple[Keys, str]]:
    listed: list[tuple[Keys, str]] = []
    for place, (entry, crew) in enumerate(zip(rotation.people, rotation.crews, strict=True)):
        if isinstance(entry, str):
            listed.append(((*base, place), entry))
        elif isinstance(entry, tuple):
            listed += _names((*base, place), entry)
        else:
            listed += _names((*base, place, "people"), crew.people)
            listed += _names((*base, place, "shadow"), crew.shadow)
    return listed
