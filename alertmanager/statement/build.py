"""The statement of a period, from shifts, interventions and notices. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime

from alertmanager.rosters.changes import Leave
from alertmanager.rosters.duty import Shift
from alertmanager.statement.agent_section import AnyTable, Section
from alertmanager.statement.costs import SHARING_RULE, costs_of
from alertmanager.statement.days import DayCalendar
from alertmanager.statement.duty_book import DutyBook
from alertmanager.statement.equity import ending_in, equity_row
from alertmanager.statement.intervention_lines import work_span
from alertmanager.statement.model import EquityRow, Intervention, Statement, Told
from alertmanager.statement.money import total
from alertmanager.statement.period import Period, midnight
from alertmanager.statement.rates import RateBook
from alertmanager.statement.remarks import choices, people_remarks, table_remarks, table_used
from alertmanager.statement.settings import Agent, StatementFile


def make_statement(
    shifts: Mapping[str, Sequence[Shift]],
    interventions: Sequence[Intervention],
    told: Iterable[Told],
    *,
    rules: StatementFile,
    rates: RateBook,
    calendar: DayCalendar,
    period: Period,
    leaves: Iterable[Leave] = (),
) -> Statement:
    """The duty statement of `period`.

    `shifts`: by roster, over ``period.needed(zone)`` at least, so that whole weeks and twelve
    months are seen. `interventions`: of the same span; the mean of working time needs the
    twelve weeks before. Raise NoRates where no table prices a stream on its day.
    """
    book = DutyBook(shifts, told, leaves, rules=rules, rates=rates, calendar=calendar)
    used: dict[str, AnyTable] = {}
    sections = [Section(agent, book, period, interventions, used).make() for agent in rules.agents]
    agents = tuple(one for one in sections if one.duties or one.interventions or one.breaches)
    lines = [line for one in agents for line in one.interventions]
    duty_amount = total(one.duty_amount for one in agents)
    intervention_amount = total(one.intervention_amount for one in agents)
    costs, cost_remarks = costs_of(duty_amount, lines, rules.members)
    start, end = period.span(calendar.zone)
    since = min(midnight(period.year_before, calendar.zone), start)
    tables = sorted(used.values(), key=lambda table: table.id)
    return Statement(
        title=rules.title,
        label=period.label,
        start=start,
        end=end,
        zone=str(calendar.zone),
        agents=agents,
        costs=costs,
        sharing_rule=SHARING_RULE,
        equity=tuple(_equity(agent, book, interventions, since, end) for agent in rules.agents),
        equity_start=since,
        remarks=(
            *people_remarks(book, interventions, period),
            *cost_remarks,
            *table_remarks(tables, period),
        ),
        choices=tuple(choices(rules)),
        tables=tuple(map(table_used, tables)),
        duty_amount=duty_amount,
        intervention_amount=intervention_amount,
        amount=duty_amount + intervention_amount,
    )


def _equity(
    agent: Agent,
    book: DutyBook,
    interventions: Sequence[Intervention],
    start: datetime,
    end: datetime,
) -> EquityRow:
    person = agent.person
    units = {paid.roster: book.units(person, paid.roster) for paid in book.rules.rosters}
    late: set[Told] = set()
    for paid in book.rules.rosters:
        for unit, notice in book.notices(person, paid.roster).items():
            table = book.table(agent, paid, unit.day)
            limit = table.late_notice.clear_days if table.late_notice else 0
            if start < unit.held_to <= end and notice.clear_days < limit:
                late.add(notice.told)
    work = [
        (one.incident, work_span(one))
        for one in interventions
        if one.person == person and start < work_span(one)[1] <= end
    ]
    held = ending_in(units, start, end)
    return equity_row(person, book.name(person), held, work=work, late=sorted(late, key=_start))


def _start(told: Told) -> datetime:
    return told.start
