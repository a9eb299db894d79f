"""statement.yml, read and checked as a whole, with the tables of rates it adds."""

from __future__ import annotations

from collections.abc import Collection, Iterator
from pathlib import Path

from alertmanager.rosters import RosterBook
from alertmanager.statement.rates import RateBook, load_rates
from alertmanager.statement.settings import ServiceHours, StatementFile
from inventory import Inventory
from inventory.config import ConfigurationError, Document, Fault, load_document
from inventory.config.errors import Path as Keys

_RANKS = ("holiday", "sunday", "night", "saturday")


def _service(hours: ServiceHours | None, path: Keys, document: Document) -> Iterator[Fault]:
    if hours is not None and hours.closes <= hours.opens:
        yield document.fault(
            (*path, "to"),
            f"la fin du service ({hours.closes:%H:%M}) n'est pas après son début"
            f" ({hours.opens:%H:%M})",
            "une heure plus tardive le même jour",
        )


def cross_check(file: StatementFile, document: Document) -> Iterator[Fault]:
    """Faults that only show when the whole file is read."""
    if file.duty_day.evening <= file.duty_day.morning:
        yield document.fault(
            ("duty_day", "to"),
            f"le soir ({file.duty_day.evening:%H:%M}) n'est pas après le matin"
            f" ({file.duty_day.morning:%H:%M})",
            "une heure plus tardive le même jour",
        )
    if not file.night_work.lawful:
        yield document.fault(
            ("night_work",),
            f"{file.night_work.begins:%H:%M}-{file.night_work.ends:%H:%M} n'est pas une nuit"
            " au sens du décret n° 2000-815",
            "22:00-07:00, 22:00-05:00, ou sept heures de suite entre 22:00 et 07:00",
        )
    if sorted(file.hour_order) != sorted(_RANKS):
        yield document.fault(
            ("hour_order",),
            "chaque sorte d'heure doit avoir son rang, une fois",
            ", ".join(_RANKS) + " dans l'ordre voulu",
        )
    yield from _service(file.service, ("service",), document)
    for place, agent in enumerate(file.agents):
        yield from _service(agent.service, ("agents", place, "service"), document)
        if agent.ihts and agent.stream == "non_technical":
            yield document.fault(
                ("agents", place, "ihts"),
                "hors filière technique, les interventions ont leur propre barème",
                "ihts: false, ou stream: technical",
            )
    if not any(member.weight for member in file.members):
        yield document.fault(("members",), "toutes les clés sont nulles", "au moins une clé")
    agents = ((("agents", i, "person"), agent.person) for i, agent in enumerate(file.agents))
    yield from document.doubles("agent", agents)
    rosters = ((("rosters", i, "roster"), paid.roster) for i, paid in enumerate(file.rosters))
    yield from document.doubles("tour d'astreinte", rosters)
    members = ((("members", i, "id"), member.id) for i, member in enumerate(file.members))
    yield from document.doubles("commune", members)


def _unknown(
    what: str, named: Iterator[tuple[Keys, str]], known: Collection[str], document: Document
) -> Iterator[Fault]:
    for path, name in named:
        if name not in known:
            yield document.fault(
                path, f"{what} « {name} » inconnue", "une de : " + ", ".join(sorted(known))
            )


def _names(file: StatementFile, document: Document, book: RosterBook | None) -> Iterator[Fault]:
    if book is None:
        return
    people = {person.id for person in book.persons}
    agents = ((("agents", i, "person"), agent.person) for i, agent in enumerate(file.agents))
    yield from _unknown("personne", iter(agents), people, document)
    for place, paid in enumerate(file.rosters):
        if paid.roster not in book.roster_ids:
            yield document.fault(
                ("rosters", place, "roster"),
                f"tour d'astreinte « {paid.roster} » inconnu",
                "un de : " + ", ".join(book.roster_ids),
            )


def _towns(file: StatementFile, document: Document, inventory: Inventory | None) -> Iterator[Fault]:
    if inventory is not None:
        known = {member.id for member in inventory.members}
        members = ((("members", i, "id"), member.id) for i, member in enumerate(file.members))
        yield from _unknown("commune", iter(members), known, document)


def load_statement_rules(
    path: Path, book: RosterBook | None = None, inventory: Inventory | None = None
) -> tuple[StatementFile, RateBook]:
    """The rules at `path` and every table of rates.

    With `book` and `inventory`, names are checked against them. Raise ConfigurationError with
    every fault found.
    """
    file, document = load_document(path, StatementFile, cross_check)
    rates = load_rates(file.rate_files)
    faults = [*_names(file, document, book), *_towns(file, document, inventory)]
    if faults:
        raise ConfigurationError(faults)
    return file, rates
