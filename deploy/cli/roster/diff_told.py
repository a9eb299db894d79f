"""A diff of rosters in French, for whoever is about to apply it."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import datetime
from itertools import groupby
from zoneinfo import ZoneInfo

from alertmanager.rosters.diff_report import ChangeView, Named, PersonMoves, RosterDiff, TurnView
from alertmanager.rosters.explain import french_instant

_MOST = 8
"""Turns of a roster that are told one by one: two months of weeks. JSON has them all."""
_CONTACTS = {
    "added": "{} entre dans le fichier",
    "removed": "{} n'y est plus",
    "name": "{} change de nom",
    "phone": "{} change de numéro",
    "email": "{} change d'adresse de courriel",
    "team": "équipe « {} » : d'autres personnes",
    "duty_phone": "{} : téléphone d'astreinte ajouté, retiré ou changé de numéro",
}


def lines(diff: RosterDiff) -> Iterator[str]:
    """Roster by roster, then person by person, then what is not about turns."""
    zone = ZoneInfo(diff.timezone)
    low, high = (french_instant(one, zone, year=True) for one in (diff.starts_at, diff.ends_at))
    yield f"Du {low} au {high} ({zone.key})"
    if diff.empty:
        yield "Rien ne change : mêmes personnes aux mêmes heures, mêmes coordonnées."
        return
    if not diff.changes:
        yield "Personne ne change d'heures d'astreinte."
    for roster, changes in groupby(diff.changes, lambda change: change.roster):
        yield from ("", *_roster(roster, list(changes), zone))
    if diff.people:
        yield from ("", "Qui gagne et qui perd")
        for person in diff.people:
            yield f"  {person.name} : {' ; '.join(_sums(person, zone))}"
    yield from _late(diff, zone)
    if diff.contacts or diff.office_changes_at:
        yield from ("", "Aussi")
        for contact in diff.contacts:
            yield f"  {_CONTACTS[contact.what].format(contact.name)}"
        if diff.office_changes_at:
            first = french_instant(diff.office_changes_at, zone, year=True)
            yield f"  les heures ouvrées changent à partir du {first}"


def _roster(roster: Named, changes: Sequence[ChangeView], zone: ZoneInfo) -> Iterator[str]:
    count = f"{len(changes)} tour{'s' if len(changes) > 1 else ''}"
    yield f"{roster.name} ({roster.id}) : {count} à d'autres"
    for change in changes[:_MOST]:
        yield f"  {_between(change, zone)} : {_change(change)}"
    left = len(changes) - _MOST
    if left > 0:
        last = french_instant(changes[-1].ends_at, zone, year=True)
        yield f"  et {left} autre{'s' if left > 1 else ''}, jusqu'au {last} (--format json)"


def _sums(person: PersonMoves, zone: ZoneInfo) -> Iterator[str]:
    for turns, less in ((person.gains, False), (person.losses, True)):
        if turns:
            plural = "s" if len(turns) > 1 else ""
            hours = sum(turn.hours for turn in turns)
            first = french_instant(min(turn.starts_at for turn in turns), zone, year=True)
            yield (
                f"{len(turns)} tour{plural} de {'moins' if less else 'plus'} ({hours:.0f} h),"
                f" à partir du {first}"
            )


def _late(diff: RosterDiff, zone: ZoneInfo) -> Iterator[str]:
    """What people gain with too little notice: it costs half as much again."""
    if not any(person.late for person in diff.people):
        return
    yield ""
    yield f"Moins de {diff.notice_clear_days} jours francs de prévenance (si l'agent l'apprend ce"
    yield "jour) : l'indemnité de ces tours peut être majorée de 50 % (exploitation et sécurité,"
    yield "arrêté du 14 avril 2015, art. 3 ; l'état d'astreinte donne les montants)"
    for person in diff.people:
        for turn in person.gains:
            if turn.clear_days < diff.notice_clear_days:
                days = f"{turn.clear_days} jour{'s' if turn.clear_days > 1 else ''}"
                span = _between(turn, zone)
                yield f"  {person.name}, {turn.roster.name}, {span} : {days}, {turn.hours:.0f} h"


def _between(turn: TurnView, zone: ZoneInfo) -> str:
    def said(instant: datetime) -> str:
        return french_instant(instant, zone, year=True)

    return f"du {said(turn.starts_at)} au {said(turn.ends_at)}"


def _change(change: ChangeView) -> str:
    if not change.after:
        return f"PERSONNE au lieu de {_people(change.before)}"
    before = f"au lieu de {_people(change.before)}" if change.before else "là où il n'y a personne"
    return f"{_people(change.after)} {before}"


def _people(people: Sequence[Named]) -> str:
    return " et ".join(person.name for person in people)
