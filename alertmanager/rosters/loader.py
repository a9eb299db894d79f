"""The rosters file, read and checked as a whole, made into a book."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

from alertmanager.rosters.book import RosterBook
from alertmanager.rosters.calendar import Calendar
from alertmanager.rosters.duty import Person
from alertmanager.rosters.file_settings import RosterFile
from alertmanager.rosters.layer_checks import check_rosters
from alertmanager.rosters.layer_factory import LayerFactory
from alertmanager.rosters.limits import Limits
from alertmanager.rosters.notice_settings import notice_rules
from alertmanager.rosters.restriction import NamedDates
from alertmanager.rosters.settings import LimitSettings
from inventory import Inventory
from inventory.config import Document, Fault, read_yaml, validate
from inventory.config.errors import Path as Keys


def _check_limits(file: RosterFile, document: Document) -> Iterator[Fault]:
    limits = file.limits
    known = [roster.id for roster in file.rosters]
    listed: list[tuple[Keys, str]] = [
        (("limits", "shared", place, at), name)
        for place, group in enumerate(limits.shared)
        for at, name in enumerate(group)
    ]
    listed += [(("limits", "not_duty", at), name) for at, name in enumerate(limits.not_duty)]
    listed += [(("limits", "part_time", at), name) for at, name in enumerate(limits.part_time)]
    for path, name in listed:
        if name not in known:
            yield document.fault(
                path, f"tour d'astreinte « {name} » inconnu", "l'un de : " + ", ".join(known)
            )


def _limits(rules: LimitSettings) -> Limits:
    return Limits(
        longest_duty=timedelta(days=rules.longest_duty_days),
        shared=tuple(map(frozenset, rules.shared)),
        not_duty=frozenset(rules.not_duty),
        part_time=frozenset(rules.part_time),
    )


def cross_check(file: RosterFile, document: Document) -> Iterator[Fault]:
    """Faults that only show when the whole file is read."""
    hours = file.support_hours
    if hours.closes <= hours.opens:
        yield document.fault(
            ("support_hours", "to"),
            f"la fermeture ({hours.closes:%H:%M}) n'est pas après l'ouverture"
            f" ({hours.opens:%H:%M})",
            "une heure plus tardive le même jour",
        )
    people = list(enumerate(file.people))
    ids = ((("people", i, "id"), person.id) for i, person in people)
    rosters = list(enumerate(file.rosters))
    phones: list[tuple[Keys, str]] = [
        (("people", i, "phone"), person.phone) for i, person in people
    ]
    phones += [
        (("rosters", i, "duty_phone", "phone"), roster.duty_phone.phone)
        for i, roster in rosters
        if roster.duty_phone
    ]
    mails = ((("people", i, "email"), (p.email or "").lower()) for i, p in people if p.email)
    yield from document.doubles("personne", ids)
    # A reply is known by its number, or by the address it comes from, alone.
    yield from document.doubles("numéro", phones)
    yield from document.doubles("adresse", mails)
    names = ((("rosters", i, "id"), roster.id) for i, roster in rosters)
    yield from document.doubles("tour d'astreinte", names)
    known = {person.id for person in file.people}
    teams = list(enumerate(file.teams))
    yield from document.doubles("équipe", ((("teams", i, "id"), team.id) for i, team in teams))
    for at, team in teams:
        for place, name in enumerate(team.people):
            if name not in known:
                yield document.fault(
                    ("teams", at, "people", place),
                    f"personne « {name} » inconnue",
                    "une de : " + ", ".join(sorted(known)),
                )
    for place, name in enumerate(file.keepers):
        if name not in known:
            yield document.fault(
                ("keepers", place),
                f"personne « {name} » inconnue",
                "une de : " + ", ".join(sorted(known)),
            )
    yield from check_rosters(file, document)
    yield from _check_limits(file, document)


def build_book(file: RosterFile, default_zone: str) -> RosterBook:
    """The book of a checked file."""
    zone = ZoneInfo(file.timezone or default_zone)
    calendar = Calendar(zone, file.holidays, file.support_hours)
    people = {
        entry.id: Person(entry.id, entry.name, entry.phone, (entry.email or "").lower())
        for entry in file.people
    }

    named = {dates.id: NamedDates(dates) for dates in file.calendars}
    factory = LayerFactory(calendar, people, named)
    rosters = {roster.id: factory.layers(roster) for roster in file.rosters}
    names = {roster.id: roster.name for roster in file.rosters}
    teams = {team.id: tuple(people[name] for name in team.people) for team in file.teams}
    phones = {roster.id: roster.duty_phone.phone for roster in file.rosters if roster.duty_phone}
    return RosterBook(
        zone,
        calendar,
        people,
        rosters,
        names,
        teams=teams,
        duty_phones=phones,
        limits=_limits(file.limits),
        notices=notice_rules(file.reminders, file.takeover),
        keepers=file.keepers,
    )


def rosters_of(document: Document, inventory: Inventory | None = None) -> RosterBook:
    """The rosters that `document` is; its zone, else the inventory's, else Europe/Paris.

    Raise ConfigurationError with every fault found.
    """
    file = validate(document, RosterFile, cross_check)
    zone = inventory.syndicate.timezone if inventory is not None else "Europe/Paris"
    return build_book(file, zone)


def load_rosters(path: Path, inventory: Inventory | None = None) -> RosterBook:
    """The rosters at `path`, see `rosters_of`. Raise ConfigurationError with every fault found."""
    return rosters_of(read_yaml(path), inventory)
