"""The book of rosters: who is on duty at an instant, over a span, and where nobody is."""

from __future__ import annotations

from collections.abc import Container, Iterable, Iterator, Mapping
from copy import copy
from dataclasses import replace
from datetime import datetime
from zoneinfo import ZoneInfo

from alertmanager.rosters import explain
from alertmanager.rosters.calendar import Calendar, DayKind
from alertmanager.rosters.changes import Change, Leave
from alertmanager.rosters.duty import Duty, Gap, Person, Shift, UnknownName, Verdict
from alertmanager.rosters.layers import Answer, Layer
from alertmanager.rosters.limits import Limits
from alertmanager.rosters.notice_rules import NoticeRules
from alertmanager.rosters.overlay import Cell, Overlay
from alertmanager.rosters.verdicts import Case
from alertmanager.rosters.walltime import Interval, as_utc

Found = tuple[Layer | Change | None, Answer]


class RosterBook:
    """Every roster of the site. Pure: the instant is always a parameter.

    Methods that take a roster or person id raise UnknownName; those that take an
    instant raise ValueError if it has no offset.
    """

    def __init__(
        self,
        zone: ZoneInfo,
        calendar: Calendar,
        people: Mapping[str, Person],
        rosters: Mapping[str, tuple[Layer, ...]],
        names: Mapping[str, str],
        *,
        teams: Mapping[str, tuple[Person, ...]] | None = None,
        duty_phones: Mapping[str, str] | None = None,
        limits: Limits = Limits(),  # noqa: B008  (frozen)
        notices: NoticeRules = NoticeRules(),  # noqa: B008  (frozen)
        keepers: tuple[str, ...] = (),
    ) -> None:
        self.zone = zone
        self._calendar = calendar
        self._people = dict(people)
        self._rosters = dict(rosters)
        self._names = dict(names)
        self._teams = dict(teams or {})
        self._duty_phones = dict(duty_phones or {})
        self.limits, self.keepers = limits, keepers
        self.notices = notices
        self._overlay = Overlay()

    def with_changes(self, changes: Iterable[Change], leaves: Iterable[Leave]) -> RosterBook:
        """The same book with these changes and leaves, and no others, over the file.

        People or rosters that the file no longer knows are passed over.
        """
        book = copy(self)
        book._overlay = Overlay(changes, leaves)  # noqa: SLF001  (another of ourselves)
        return book

    def with_one_more(self, change: Change) -> RosterBook:
        """The same book as if that change were made too."""
        return self.with_changes((*self._overlay.changes, change), self._overlay.leaves)

    @property
    def persons(self) -> tuple[Person, ...]:
        """Everyone, in the order of the file."""
        return tuple(self._people.values())

    @property
    def roster_ids(self) -> tuple[str, ...]:
        """Every roster, in the order of the file."""
        return tuple(self._rosters)

    def person(self, identifier: str) -> Person:
        """The person with that id."""
        try:
            return self._people[identifier]
        except KeyError:
            known = ", ".join(self._people)
            raise UnknownName(f"aucune personne « {identifier} » ; attendu : {known}") from None

    @property
    def team_ids(self) -> tuple[str, ...]:
        """Every team, in the order of the file."""
        return tuple(self._teams)

    def team(self, identifier: str) -> tuple[Person, ...]:
        """The people of that team."""
        try:
            return self._teams[identifier]
        except KeyError:
            known = ", ".join(self._teams) or "une équipe déclarée, il n'y en a aucune"
            raise UnknownName(f"aucune équipe « {identifier} » ; attendu : {known}") from None

    def duty_phone(self, roster: str, instant: datetime) -> Person | None:
        """The roster's telephone, named after who carries it at `instant`; None: it has none."""
        number = self._duty_phones.get(roster)
        if number is None:
            return None
        carriers = self.on_duty(roster, instant).people
        name = "téléphone d'astreinte"
        if carriers:
            name += f" ({explain.french_people(carriers)})"
        return Person(f"duty_phone:{roster}", name, number)

    @property
    def rosters_with_a_phone(self) -> tuple[str, ...]:
        """The rosters that have a telephone of their own."""
        return tuple(self._duty_phones)

    def roster_name(self, roster: str) -> str:
        """The display name of a roster."""
        self._layers(roster)
        return self._names[roster]

    def on_duty(self, roster: str, instant: datetime) -> Duty:
        """Who answers for `roster` at `instant`; nobody (empty `people`) is an answer too."""
        instant = as_utc(instant)
        layer, answer = self._find(roster, instant)
        kind = explain.day_kind(instant, self._calendar)
        if layer is None:
            why = f"{kind} ; personne d'astreinte dans « {self._names[roster]} »"
            return Duty((), why, None, answer.interval.starts, answer.interval.ends)
        why = f"{kind} ; {self._who(layer, answer)}"
        interval = answer.interval
        return Duty(
            answer.people, why, _name_of(layer), interval.starts, interval.ends, answer.shadow
        )

    def explain(self, roster: str, instant: datetime) -> tuple[Verdict, ...]:
        """What each change and each layer has to do with the answer at `instant`."""
        instant = as_utc(instant)
        answered, _ = self._find(roster, instant)
        cell = self._overlay.at(roster, instant)
        case = Case(self._layers(roster), cell, answered, instant, self.zone, self._people)
        return tuple(case.verdicts())

    def shifts(self, roster: str, start: datetime, end: datetime) -> list[Shift]:
        """The shifts of ``start <= t < end``, in order, cut at both ends; gaps are left out."""
        shifts: list[Shift] = []
        for low, high, (layer, answer) in self._walk(roster, start, end):
            if layer is None:
                continue
            why, name = self._who(layer, answer), _name_of(layer)
            shift = Shift(low, high, answer.people, name, why, answer.shadow)
            # An answer may come in pieces that depend on where one starts to look.
            if shifts and _is_one(shifts[-1], shift):
                shift = replace(shift, start=shifts.pop().start)
            shifts.append(shift)
        return shifts

    def gaps(self, roster: str, start: datetime, end: datetime) -> list[Gap]:
        """Where nobody is on duty in ``start <= t < end``, in order, adjoining ones joined."""
        gaps: list[Gap] = []
        for low, high, (layer, _) in self._walk(roster, start, end):
            if layer is not None:
                continue
            if gaps and gaps[-1].end == low:
                gaps[-1] = Gap(gaps[-1].start, high)
            else:
                gaps.append(Gap(low, high))
        return gaps

    def support_hours_open(self, instant: datetime) -> bool:
        """Whether the office is open."""
        return self._calendar.at(instant)[0]

    def support_hours_at(self, instant: datetime) -> Interval | None:
        """From when until when the office is open, if it is at `instant`."""
        opened, interval = self._calendar.at(instant)
        return interval if opened else None

    def day_kind(self, instant: datetime) -> DayKind:
        """What kind of hour it is: of the office, of another time of a day of work, or closed.

        A public holiday is one from midnight to midnight, at the week-end too.
        """
        return self._calendar.kind(instant)

    def next_support_opening(self, instant: datetime) -> datetime | None:
        """The first instant, `instant` or later, with the office open; None: not for a year."""
        return self._calendar.next_opening(instant)

    def _layers(self, roster: str) -> tuple[Layer, ...]:
        try:
            return self._rosters[roster]
        except KeyError:
            raise UnknownName(
                f"aucun tour d'astreinte « {roster} » ; attendu : {', '.join(self._rosters)}"
            ) from None

    def _find(self, roster: str, instant: datetime) -> Found:
        """Who answers by the file, then by what changed since; nobody who is on leave."""
        cell = self._overlay.at(roster, instant)
        if not cell.effective:
            return self._by_file(roster, instant, cell, cell.absent)
        # One who is on leave but was replaced by name still says where the replacement stands.
        replaced = {change.instead_of for change in cell.effective}
        _, answer = self._by_file(roster, instant, cell, cell.absent - replaced)
        changed, by = cell.changed(tuple(person.id for person in answer.people))
        people = tuple(
            self._people[name]
            for name in changed
            if name in self._people and name not in cell.absent
        )
        if by is None or not people:  # those who were to stand in are away themselves
            return self._by_file(roster, instant, cell, cell.absent)
        # What replaces everybody does not depend on the layers below.
        whole = any(change.instead_of is None for change in cell.effective)
        if whole:
            return by, Answer(people, cell.interval)
        shadow = tuple(person for person in answer.shadow if person not in people)
        return by, Answer(people, answer.interval, shadow=shadow)

    def _by_file(
        self, roster: str, instant: datetime, cell: Cell, absent: Container[str]
    ) -> tuple[Layer | None, Answer]:
        """The first layer with somebody, and the interval over which the answer is that one."""
        interval = cell.interval
        for layer in self._layers(roster):
            answer = layer.at(instant)
            interval = interval.meet(answer.interval)
            people = tuple(person for person in answer.people if person.id not in absent)
            if people:
                shadow = tuple(
                    person
                    for person in answer.shadow
                    if person.id not in absent and person not in people
                )
                return layer, Answer(people, interval, answer.turn, shadow)
        return None, Answer((), interval)

    def _who(self, layer: Layer | Change, answer: Answer) -> str:
        if isinstance(layer, Change):
            instead = self._people.get(layer.instead_of or "")
            return explain.change(layer, answer.people, instead)
        return explain.who(layer, answer, self.zone)

    def _walk(
        self, roster: str, start: datetime, end: datetime
    ) -> Iterator[tuple[datetime, datetime, Found]]:
        instant, end = as_utc(start), as_utc(end)
        while instant < end:
            found = self._find(roster, instant)
            ends = found[1].interval.ends
            until = end if ends is None else min(ends, end)
            yield instant, until, found
            instant = until


def _name_of(layer: Layer | Change) -> str:
    return f"change:{layer.id}" if isinstance(layer, Change) else layer.id


def _is_one(before: Shift, after: Shift) -> bool:
    return (
        before.end == after.start
        and before.people == after.people
        and before.shadow == after.shadow
        and (before.layer, before.why) == (after.layer, after.why)
    )
