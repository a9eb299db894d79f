"""What a reader must know before signing: tables past their date, choices made, gaps of law."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from alertmanager.rosters.settings import WEEKDAYS
from alertmanager.statement.duty_book import DutyBook
from alertmanager.statement.model import TRUST_WORDS, Intervention, Remark, TableUsed
from alertmanager.statement.period import Period
from alertmanager.statement.settings import StatementFile
from alertmanager.statement.tables import DutyTable, InterventionTable, LimitTable

AnyTable = DutyTable | InterventionTable | LimitTable
_FRENCH_DAYS = ("lundi", "mardi", "mercredi", "jeudi", "vendredi", "samedi", "dimanche")
_RANKS = {"holiday": "jour férié", "sunday": "dimanche", "night": "nuit", "saturday": "samedi"}
_TRAVEL = (
    "le trajet d'une intervention est compté pour sa durée réelle ; un forfait serait illégal sans"
    " décret (CE, 25 juin 2024, n° 472381)"
)


def table_used(table: AnyTable) -> TableUsed:
    """The table as the statement names it."""
    return TableUsed(
        id=table.id,
        title=table.title,
        valid_from=table.valid_from,
        checked_until=table.checked_until,
        source=table.source,
        trust=table.trust,
        notes=(*table.notes, *(table.rest_notes if isinstance(table, InterventionTable) else ())),
    )


def table_remarks(tables: Iterable[AnyTable], period: Period) -> Iterator[Remark]:
    """Tables that nobody has checked since, and those whose amounts were not read in the text."""
    for table in tables:
        if table.checked_until < period.after:
            yield Remark(
                f"barème « {table.title} » : relu pour la dernière fois le"
                f" {table.checked_until:%d/%m/%Y} ; vérifier qu'aucun texte ne l'a changé depuis"
            )
        if table.trust != "verified":
            yield Remark(f"barème « {table.title} » : {TRUST_WORDS[table.trust]}")
        for note in table.notes:
            yield Remark(f"barème « {table.title} » : {note}")


def people_remarks(
    book: DutyBook, interventions: Iterable[Intervention], period: Period
) -> Iterator[Remark]:
    """Who was on duty or worked without having a regime in the file."""
    nothing = "sans régime dans statement.yml : rien n'est chiffré"
    for person in book.strangers:
        yield Remark(f"a tenu une astreinte {nothing}", person)
    start, end = period.span(book.calendar.zone)
    worked = {one.person for one in interventions if start < one.ended_at <= end}
    for person in sorted(worked - set(book.agents)):
        yield Remark(f"est intervenu {nothing}", person)


def choices(rules: StatementFile) -> Iterator[str]:
    """What the law leaves to the assembly, as configured."""
    yield rules.deliberation or "délibération non indiquée (deliberation)"
    yield (
        f"une nuit d'astreinte va de {rules.duty_day.evening:%H:%M} à"
        f" {rules.duty_day.morning:%H:%M}, heure locale"
    )
    yield (
        f"une heure d'intervention est de nuit de {rules.night_work.begins:%H:%M} à"
        f" {rules.night_work.ends:%H:%M}"
    )
    ranks = ", ".join(_RANKS[rank] for rank in rules.hour_order)
    yield f"une heure de plusieurs sortes est de la première dans l'ordre : {ranks}"
    if rules.shared_days == "longest":
        yield "une journée tenue par plusieurs agents à tour de rôle va à qui l'a tenue le plus"
    else:
        yield "une journée tenue par plusieurs agents à tour de rôle est payée à chacun"
    yield (
        f"une fraction de nuit est payée à partir de {rules.least_night_minutes} minutes, ou à qui"
        " en a tenu le plus"
    )
    if rules.own_days_off == "recovery_day":
        yield "un jour chômé propre au syndicat vaut journée de récupération"
    else:
        yield "un jour chômé propre au syndicat n'est pas un jour férié : il n'ouvre droit à rien"
    if rules.apply_unverified_increase:
        yield "les majorations dont le texte n'a pas été vérifié sont appliquées"
    for paid in rules.rosters:
        day = _FRENCH_DAYS[WEEKDAYS.index(paid.week_starts)]
        yield f"« {paid.roster} » : les semaines se comptent du {day} soir au {day} soir"
    yield _TRAVEL
