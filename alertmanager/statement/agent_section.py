"""One agent's part of the statement: duty lines, interventions, breaches of rest."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from decimal import Decimal

from alertmanager.statement.days import Span, joined
from alertmanager.statement.duty_book import DutyBook
from alertmanager.statement.duty_lines import DutyTerms, is_unpaid, price, unpaid
from alertmanager.statement.hours import HourSplitter
from alertmanager.statement.intervention_lines import (
    WorkTerms,
    price_intervention,
    unpriced_minutes,
    work_span,
)
from alertmanager.statement.model import (
    AgentStatement,
    DutyLine,
    Intervention,
    InterventionLine,
    Package,
    Regime,
    Remark,
)
from alertmanager.statement.money import ZERO, duration, total
from alertmanager.statement.packages import Grouped, GroupingRules, group
from alertmanager.statement.period import Period
from alertmanager.statement.rest import RestCheck
from alertmanager.statement.settings import Agent, PaidRoster
from alertmanager.statement.tables import DutyTable, InterventionTable, LimitTable
from alertmanager.statement.units import Unit

AnyTable = DutyTable | InterventionTable | LimitTable


@dataclass
class Section:
    """Makes the part of `agent`; `used` gathers the tables that priced something."""

    agent: Agent
    book: DutyBook
    period: Period
    interventions: Sequence[Intervention]
    used: dict[str, AnyTable] = field(default_factory=dict)

    def make(self) -> AgentStatement:
        """All of the agent's. Raise NoRates where no table prices the stream on that day."""
        duties = sorted(
            (line for paid in self.book.rules.rosters for line in self._duty(paid)),
            key=lambda line: (line.start, line.roster, line.package),
        )
        lines = tuple(self._worked())
        limits = self.book.rates.limits(self.period.first)
        check = RestCheck(
            self.agent.person,
            self.book.calendar,
            self.book.service(self.agent.person),
            self.book.rules.duty_day,
            limits,
            tuple(joined([work_span(one) for one in self._sound])),
        )
        breaches = tuple(check.breaches(self.period.first, self.period.after))
        if breaches:
            self.used[limits.id] = limits
        duty_amount = total(line.amount for line in duties)
        intervention_amount = total(
            line.amount if line.amount is not None else ZERO for line in lines
        )
        unpriced = sum(map(unpriced_minutes, lines))
        return AgentStatement(
            person=self.agent.person,
            name=self.book.name(self.agent.person),
            duties=tuple(duties),
            interventions=lines,
            breaches=breaches,
            remarks=tuple(self._remarks(unpriced, lines)),
            duty_minutes=sum(line.minutes for line in duties),
            intervention_minutes=sum(line.minutes for line in lines),
            unpriced_minutes=unpriced,
            duty_amount=duty_amount,
            intervention_amount=intervention_amount,
            amount=duty_amount + intervention_amount,
            rest_days=sum((line.rest_days for line in duties), Decimal(0)),
            rest_minutes=sum(line.rest_minutes for line in duties)
            + sum(line.rest_minutes for line in lines),
        )

    def _duty(self, paid: PaidRoster) -> Iterator[DutyLine]:
        person = self.agent.person
        units = self.book.units(person, paid.roster)
        if not units:
            return
        notices = self.book.notices(person, paid.roster)
        terms = DutyTerms(
            person=person,
            roster=paid.roster,
            regime=self.book.regime(self.agent, paid),
            excluded=self.agent.excluded,
            apply_unverified=self.book.rules.apply_unverified_increase,
        )
        # How packages are made is the same in every version of a table; only amounts change.
        shape = self.book.table(self.agent, paid, self.period.first)

        def increased(unit: Unit) -> bool:
            return terms.increased(shape, notices.get(unit))

        left: dict[Package, list[Unit]] = {}
        for grouped in group(units, self._grouping(paid, shape, increased)):
            if not self._ends_here(grouped):
                continue
            table = self.book.table(self.agent, paid, grouped.units[0].day)
            if is_unpaid(grouped.package):
                left.setdefault(grouped.package, []).extend(grouped.units)
                continue
            self.used[table.id] = table
            known = [notices[unit] for unit in grouped.units if unit in notices]
            yield price(grouped, table, known, len(known) < len(grouped.units), terms)
        for package, rest in left.items():
            yield unpaid(package, rest, self.book.table(self.agent, paid, rest[0].day), terms)

    def _grouping(
        self, paid: PaidRoster, table: DutyTable, alike: Callable[[Unit], object]
    ) -> GroupingRules:
        short = table.prices("short_night") is not None
        return GroupingRules(
            week_starts=paid.week_starts,
            short_under=table.short_night_under_minutes if short else None,
            least_night=self.book.rules.least_night_minutes,
            monday_to_friday=table.prices("monday_to_friday") is not None,
            each=self.book.rules.shared_days == "each",
            alike=alike,
        )

    def _ends_here(self, grouped: Grouped) -> bool:
        start, end = self.period.span(self.book.calendar.zone)
        return start < grouped.units[-1].held_to <= end

    @property
    def _sound(self) -> list[Intervention]:
        """The agent's interventions that end after they begin, in order."""
        mine = [one for one in self.interventions if one.person == self.agent.person]
        sound = [one for one in mine if work_span(one)[0] < work_span(one)[1]]
        return sorted(sound, key=lambda one: (work_span(one), one.incident))

    def _worked(self) -> Iterator[InterventionLine]:
        start, end = self.period.span(self.book.calendar.zone)
        rules = self.book.rules
        service = self.book.service(self.agent.person)
        splitter = HourSplitter(self.book.calendar, rules.night_work, rules.hour_order)
        taken: list[Span] = []
        for one in self._sound:
            span = work_span(one)
            if start < span[1] <= end:
                paid = self.book.roster_at(self.agent.person, span)
                day = self.book.calendar.local(span[0])
                table = self.book.rates.interventions(self.agent.stream, self.agent.ihts, day)
                self.used[table.id] = table
                yield price_intervention(
                    one,
                    roster=paid.roster if paid else None,
                    on_duty=self.book.on_duty(self.agent.person),
                    taken=taken,
                    table=table,
                    terms=WorkTerms(self._regime(paid), service, self.agent.excluded, splitter),
                )
            taken.append(span)

    def _regime(self, paid: PaidRoster | None) -> Regime:
        return self.book.regime(self.agent, paid or self.book.rules.rosters[0])

    def _remarks(self, unpriced: int, lines: Sequence[InterventionLine]) -> Iterator[Remark]:
        person = self.agent.person
        if self.agent.excluded is not None:
            text = f"exclu de l'indemnité ({self.agent.excluded}) : exclusion à confirmer"
            yield Remark(text, person)
        if unpriced:
            text = f"{duration(unpriced)} d'intervention en heures supplémentaires, à chiffrer"
            yield Remark(f"{text} par la paie : elles ne sont dans aucun total", person)
        if self.book.service(person).hours is None and lines:
            text = "horaire de service inconnu : durées et repos vus des seules interventions"
            yield Remark(text, person)
        start, end = self.period.span(self.book.calendar.zone)
        if twice := self.book.twice(person, start, end):
            text = f"{duration(twice)} d'astreinte sur deux tours à la fois : payées une seule fois"
            yield Remark(f"{text}, avec le premier des tours de statement.yml", person)
        mine = sum(one.person == person for one in self.interventions)
        if wrong := mine - len(self._sound):
            text = f"{wrong} intervention(s) qui finissent avant de commencer : non comptées"
            yield Remark(text, person)
