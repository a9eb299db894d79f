"""Who held which units, told when: the duty of every paid roster, cut once."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from datetime import date, datetime

from alertmanager.rosters.changes import Leave
from alertmanager.rosters.duty import Shift
from alertmanager.statement.days import DayCalendar, Service, Span, clipped, joined, length
from alertmanager.statement.model import Regime, Told
from alertmanager.statement.money import to_minute
from alertmanager.statement.notice import Notice, Notices
from alertmanager.statement.rates import RateBook
from alertmanager.statement.settings import Agent, PaidRoster, StatementFile
from alertmanager.statement.tables import DutyTable
from alertmanager.statement.units import Unit, UnitCutter


class DutyBook:
    """Shifts, notices and leave, seen through the rules of the statement."""

    def __init__(
        self,
        shifts: Mapping[str, Sequence[Shift]],
        told: Iterable[Told],
        leaves: Iterable[Leave],
        *,
        rules: StatementFile,
        rates: RateBook,
        calendar: DayCalendar,
    ) -> None:
        self.rules, self.rates, self.calendar = rules, rates, calendar
        self.agents = {agent.person: agent for agent in rules.agents}
        self.names = {p.id: p.name for held in shifts.values() for s in held for p in s.people}
        away: dict[str, list[Leave]] = defaultdict(list)
        for leave in leaves:
            away[leave.person].append(leave)
        self._services = {
            agent.person: Service(
                calendar,
                agent.service or rules.service,
                away[agent.person],
                frozenset(agent.recovery_days),
            )
            for agent in rules.agents
        }
        self._nobody = Service(calendar, None)
        self._notices = Notices(told, calendar)
        cutter = UnitCutter(calendar, rules.duty_day, self.service, self._recovers)
        self._units: dict[str, dict[str, list[Unit]]] = {}
        self._twice: dict[str, list[Span]] = defaultdict(list)
        paid_for: dict[str, list[Span]] = defaultdict(list)
        for paid in rules.rosters:
            held = [s for s in shifts.get(paid.roster, ()) if s.layer not in paid.except_layers]
            # An hour on duty for two rosters at once is one hour of duty.
            for person, theirs in cutter.hours(held).items():
                self._twice[person] += [
                    piece for low, high in paid_for[person] for piece in clipped(theirs, low, high)
                ]
            self._units[paid.roster] = cutter.cut(held, paid_for)
            for person, units in self._units[paid.roster].items():
                paid_for[person] += [span for unit in units for span in unit.spans]
        spans: dict[str, list[Span]] = defaultdict(list)
        for every in shifts.values():
            for shift in every:
                for someone in shift.people:
                    spans[someone.id].append((to_minute(shift.start), to_minute(shift.end)))
        self._on_duty = {person: joined(theirs) for person, theirs in spans.items()}

    @property
    def strangers(self) -> tuple[str, ...]:
        """Who held a paid duty without being an agent of the file."""
        held = {person for units in self._units.values() for person, any_ in units.items() if any_}
        return tuple(sorted(held - set(self.agents)))

    def name(self, person: str) -> str:
        """The display name, or the id of who is on no roster."""
        return self.names.get(person, person)

    def service(self, person: str) -> Service:
        """The working hours of a person; none of who is no agent."""
        return self._services.get(person, self._nobody)

    def units(self, person: str, roster: str) -> Sequence[Unit]:
        """What a person held of a paid roster."""
        return self._units[roster].get(person, ())

    def on_duty(self, person: str) -> Sequence[Span]:
        """When a person was on duty, on any roster."""
        return self._on_duty.get(person, ())

    def twice(self, person: str, start: datetime, end: datetime) -> int:
        """Minutes of ``start <= t < end`` on duty for a second paid roster at the same time."""
        return length(clipped(joined(self._twice.get(person, ())), start, end))

    def notices(self, person: str, roster: str) -> dict[Unit, Notice]:
        """By unit, when the agent was told of it."""
        units = self.units(person, roster)
        return {units[at]: found for at, found in self._notices.of(person, roster, units).items()}

    def regime(self, agent: Agent, paid: PaidRoster) -> Regime:
        """By which texts. Out of the technical stream there is one category only."""
        category = paid.category if agent.stream == "technical" else "securite"
        return Regime(agent.stream, category, agent.ihts, agent.compensation)

    def table(self, agent: Agent, paid: PaidRoster, day: date) -> DutyTable:
        """The table of duty in force on `day`. Raise NoRates."""
        return self.rates.duty(agent.stream, self.regime(agent, paid).category, day)

    def roster_at(self, person: str, span: Span) -> PaidRoster | None:
        """The first paid roster that the person was on duty for during `span`."""
        for paid in self.rules.rosters:
            for unit in self.units(person, paid.roster):
                if any(low < span[1] and span[0] < high for low, high in unit.spans):
                    return paid
        return None

    def _recovers(self, person: str, day: date) -> bool:
        agent = self.agents.get(person)
        if agent is None:
            return False
        own = self.rules.own_days_off == "recovery_day" and self.calendar.own_day_off(day)
        priced = agent.stream == "technical"  # only its tables have a day of recovery
        return priced and (bool(own) or day in agent.recovery_days)
