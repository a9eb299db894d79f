"""Packages of duty priced line by line."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from decimal import Decimal

from alertmanager.rosters.explain import french_day
from alertmanager.statement.days import SATURDAY, SUNDAY
from alertmanager.statement.model import Basis, DutyLine, Package, Regime, Step
from alertmanager.statement.money import ZERO, cents, minutes_between, plain, total, written
from alertmanager.statement.notice import Notice
from alertmanager.statement.packages import Grouped
from alertmanager.statement.tables import DutyTable, Price
from alertmanager.statement.units import Unit

LABELS: dict[Package, str] = {
    "week": "Semaine complète",
    "weekend": "Week-end, du vendredi soir au lundi matin",
    "monday_to_friday": "Du lundi matin au vendredi soir",
    "night": "Nuit",
    "short_night": "Nuit fractionnée, moins de 10 heures",
    "saturday": "Samedi",
    "recovery_day": "Journée de récupération",
    "sunday": "Dimanche",
    "holiday": "Jour férié",
    "weekday": "Heures de jour ouvré hors service",
    "shared": "Fractions d'une période qu'un autre agent a tenue plus longtemps",
}
_UNPAID: tuple[Package, ...] = ("weekday", "shared")
_ENCLOSING: tuple[Package, ...] = ("week", "weekend", "monday_to_friday")
_NO_RATE = Basis(
    "aucun taux : le texte ne paie que les nuits, samedis, dimanches et jours fériés",
    "décret n° 2015-415, arrêtés du 14 avril et du 3 novembre 2015",
    "second_hand",
)
_SHARED = Basis(
    "une période est payée une fois, à qui l'a tenue le plus longtemps",
    "choix de la délibération (shared_days)",
    "unverified",
)
_EXCLUDED = Basis(
    "l'agent n'ouvre pas droit à l'indemnité",
    "textes parallèles de l'État ; exclusion à confirmer pour la fonction publique territoriale",
    "unverified",
)


@dataclass(frozen=True)
class DutyTerms:
    """Under what terms one agent's duty on one roster is priced."""

    person: str
    roster: str
    regime: Regime
    excluded: str | None
    apply_unverified: bool

    def increased(self, table: DutyTable, notice: Notice | None) -> bool:
        """Whether the amount is increased because the agent was told late."""
        late = table.late_notice
        if late is None or notice is None or notice.clear_days >= late.clear_days:
            return False
        return late.trust != "unverified" or self.apply_unverified


def price(
    grouped: Grouped, table: DutyTable, notices: Sequence[Notice], unknown: bool, terms: DutyTerms
) -> DutyLine:
    """The line of a package that a text prices. `unknown`: of a part nobody knows when."""
    units = grouped.units
    notice = min(notices, key=lambda one: one.clear_days, default=None)
    notes: list[str] = []
    rest_days, rest_minutes = Decimal(0), 0
    steps: list[Step]
    if terms.excluded is not None:
        steps = [Step(f"Exclu : {terms.excluded}", written(ZERO), ZERO, _EXCLUDED)]
    else:
        priced = _Priced(grouped.package, units, table)
        rested = terms.regime.compensation == "rest" and priced.may_rest
        steps = priced.rest_steps() if rested else priced.steps()
        if rested:
            rest_days, rest_minutes = priced.rest()
        elif terms.regime.compensation == "rest":
            notes.append("ce barème ne prévoit pas de repos au lieu de l'indemnité : elle est due")
        if not rested and notice is not None and terms.increased(table, notice):
            steps.append(_increase(steps, table, notice))
        notes += _notice_notes(table, notice, unknown, terms, rested)
    return DutyLine(
        person=terms.person,
        roster=terms.roster,
        regime=terms.regime,
        package=grouped.package,
        label=LABELS[grouped.package],
        start=units[0].held_from,
        end=units[-1].held_to,
        minutes=sum(unit.minutes for unit in units),
        span_minutes=minutes_between(units[0].held_from, units[-1].held_to),
        nights=sum(unit.kind == "night" for unit in units),
        saturdays=sum(_is_day(unit, SATURDAY) for unit in units),
        sundays=sum(_is_day(unit, SUNDAY) for unit in units),
        holidays=tuple(f"{unit.feast}, {french_day(unit.day)}" for unit in units if unit.feast),
        told_at=notice.told.told_at if notice else None,
        clear_days=notice.clear_days if notice else None,
        late=_is_late(table, notice),
        steps=tuple(steps),
        amount=total(step.amount for step in steps),
        rest_days=rest_days,
        rest_minutes=rest_minutes,
        rate_table=table.id,
        notes=tuple(notes),
    )


def unpaid(package: Package, units: Sequence[Unit], table: DutyTable, terms: DutyTerms) -> DutyLine:
    """One line for all the hours of a period that nothing pays: none is left out of the sum."""
    basis = _NO_RATE if package == "weekday" else _SHARED
    minutes = sum(unit.minutes for unit in units)
    return DutyLine(
        person=terms.person,
        roster=terms.roster,
        regime=terms.regime,
        package=package,
        label=LABELS[package],
        start=units[0].held_from,
        end=units[-1].held_to,
        minutes=minutes,
        span_minutes=minutes,
        nights=0,
        saturdays=0,
        sundays=0,
        holidays=(),
        told_at=None,
        clear_days=None,
        late=False,
        steps=(Step(LABELS[package], written(ZERO), ZERO, basis),),
        amount=ZERO,
        rest_days=Decimal(0),
        rest_minutes=0,
        rate_table=table.id,
        notes=(f"{len(units)} moments de la période, du premier au dernier, en une ligne",),
    )


def is_unpaid(package: Package) -> bool:
    """Whether no text pays that package."""
    return package in _UNPAID


class _Priced:
    def __init__(self, package: Package, units: Iterable[Unit], table: DutyTable) -> None:
        self._package, self._table = package, table
        self._feasts = [unit for unit in units if unit.feast and package in _ENCLOSING]
        self._base = self._price(package)

    @property
    def may_rest(self) -> bool:
        return bool(self._base.rest_days or self._base.rest_minutes)

    def steps(self) -> list[Step]:
        label = LABELS[self._package]
        rule = f"forfait « {label.lower()} » lu dans le barème, jamais additionné"
        pay = self._base.pay
        found = [Step(label, written(pay), pay, self._table.basis(rule))]
        return found + [self._feast(unit) for unit in self._feasts]

    def rest(self) -> tuple[Decimal, int]:
        days, minutes = self._base.rest_days, self._base.rest_minutes
        for unit in self._feasts:
            if unit.day.weekday() < SATURDAY:
                days += self._price("holiday").rest_days
        return days, minutes

    def rest_steps(self) -> list[Step]:
        label = LABELS[self._package]
        words = _rest_words(self._base)
        trust = self._table.rest_trust or self._table.trust
        basis = Basis("repos au lieu de l'indemnité, l'un ou l'autre", self._table.source, trust)
        found = [Step(label, f"{words} de repos", ZERO, basis)]
        for unit in self._feasts:
            if unit.day.weekday() < SATURDAY:
                words = f"{_rest_words(self._price('holiday'))} de repos"
                added = self._reading("jour férié en semaine : repos ajouté")
                found.append(Step(_feast_label(unit), words, ZERO, added))
        return found

    def _price(self, package: Package) -> Price:
        found = self._table.prices(package)
        if found is None:  # the grouping only makes packages that the table prices
            raise KeyError(f"{package} n'a pas de prix dans {self._table.id}")
        return found

    def _feast(self, unit: Unit) -> Step:
        holiday = self._price("holiday").pay
        if unit.day.weekday() == SATURDAY:
            saturday = self._price("saturday").pay
            rule = "samedi férié : le samedi est remplacé par le jour férié"
            formula = f"− {written(saturday)} + {written(holiday)} = {written(holiday - saturday)}"
            amount = holiday - saturday
        elif unit.day.weekday() == SUNDAY:
            rule = "dimanche férié : le forfait le compte déjà au taux « dimanche ou jour férié »"
            formula, amount = written(ZERO), ZERO
        else:
            rule = "jour férié du lundi au vendredi : il s'ajoute au forfait"
            formula, amount = f"+ {written(holiday)}", holiday
        return Step(_feast_label(unit), formula, amount, self._reading(rule))

    def _reading(self, rule: str) -> Basis:
        """`rule` as the text that reads the package has it; of a week, for it treats no other."""
        reading = self._table.holiday_in_package
        if self._package == "week":
            return Basis(rule, reading.source, reading.trust)
        source = f"{reading.source} ; par analogie avec la semaine complète"
        return Basis(rule, source, "unverified")


def _increase(steps: Sequence[Step], table: DutyTable, notice: Notice) -> Step:
    late = table.late_notice
    if late is None:
        raise ValueError(f"{table.id} n'a pas de majoration")
    base = total(step.amount for step in steps)
    exact = base * late.percent / 100
    amount = cents(exact)
    formula = f"{written(base)} × {late.percent} % = {written(exact)}"
    if exact != amount:
        formula += f", arrondi à {written(amount)}"
    rule = (
        f"agent prévenu moins de {late.clear_days} jours francs avant : + {late.percent} %"
        " (ni le jour de l'information ni celui de l'astreinte ne comptent ; l'effet des"
        " samedis, dimanches et jours fériés sur ce délai n'a pas été vérifié)"
    )
    label = f"Prévenance tardive, {notice.clear_days} jour(s) franc(s)"
    return Step(label, formula, amount, Basis(rule, late.source, late.trust))


def _notice_notes(
    table: DutyTable, notice: Notice | None, unknown: bool, terms: DutyTerms, rested: bool
) -> list[str]:
    late = table.late_notice
    if late is None:
        return []
    if notice is None:
        return ["date d'information de l'agent inconnue : majoration non examinée"]
    notes = ["d'une partie, date d'information inconnue"] if unknown else []
    if notice.clear_days < 0:
        notes.append("agent prévenu après le début de l'astreinte : date à contrôler")
    if notice.clear_days < late.clear_days:
        if rested:
            notes.append("prévenance tardive : aucune majoration du repos n'a été trouvée")
        elif not terms.increased(table, notice):
            notes.append(
                f"prévenance tardive : majoration de {late.percent} % non appliquée, son texte"
                f" n'a pas été vérifié ({late.source})"
            )
    return notes


def _is_late(table: DutyTable, notice: Notice | None) -> bool:
    late = table.late_notice
    return late is not None and notice is not None and notice.clear_days < late.clear_days


def _is_day(unit: Unit, weekday: int) -> bool:
    return unit.kind != "night" and unit.day.weekday() == weekday


def _feast_label(unit: Unit) -> str:
    return f"{unit.feast}, {french_day(unit.day)}"


def _rest_words(price: Price) -> str:
    if price.rest_minutes:
        return f"{price.rest_minutes // 60} h"
    return f"{plain(price.rest_days)} jour"
