"""Holes of random rosters against the plain question at an instant: who answers, who is away?"""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from alertmanager.rosters import RosterBook
from alertmanager.rosters.changes import Change, Leave
from alertmanager.rosters.holes import find_holes

START = datetime(2026, 3, 20, tzinfo=UTC)  # a change of clocks, Easter and 1 May are within
IDS = ("a", "b", "c", "d")
spans = st.tuples(st.integers(0, 60 * 24), st.integers(1, 12 * 24)).map(
    lambda hours: (
        START + timedelta(hours=hours[0]),
        START + timedelta(hours=hours[0] + hours[1]),
    )
)


def layer(draw: Any, number: int) -> str:
    when = draw(st.sampled_from(["support_hours", "outside_support_hours"]))
    people = ", ".join(draw(st.lists(st.sampled_from(IDS), min_size=1, max_size=4)))
    turns = (
        'rotation: {every: week, handover: {day: tuesday, at: "02:30"},'
        f" start: 2026-03-24, people: [{people}]}}"
    )
    return f"      - {{id: l{number}, name: l{number}, when: {when}, {turns}}}\n"


@st.composite
def files(draw: Any) -> str:
    """Three rosters; the first two may be shared by one person, the third is a last resort."""
    people = "".join(
        f'  - {{id: {name}, name: {name.upper()}, phone: "06 39 98 00 0{place}"}}\n'
        for place, name in enumerate(IDS)
    )
    text = (
        "support_hours: {days: [monday, tuesday, friday, sunday],"
        ' from: "08:00", to: "18:00"}\n'
        f"people:\n{people}rosters:\n"
    )
    for roster in ("un", "deux", "trois"):
        count = draw(st.integers(1, 2))
        text += f"  - id: {roster}\n    name: {roster}\n    layers:\n"
        text += "".join(layer(draw, number) for number in range(count))
    return text + "limits: {shared: [[un, deux]], not_duty: [trois], part_time: [trois]}\n"


@st.composite
def absences(draw: Any) -> list[Leave]:
    found = draw(st.lists(st.tuples(st.sampled_from(IDS), spans), max_size=4))
    return [Leave(str(n), who, *span, "manual") for n, (who, span) in enumerate(found)]


@st.composite
def overrides(draw: Any) -> list[Change]:
    found = draw(st.lists(st.tuples(st.sampled_from(IDS), spans), max_size=2))
    return [
        Change(str(n), "un", *span, (who,), "override", None, START)
        for n, (who, span) in enumerate(found)
    ]


@pytest.mark.parametrize("verified", [None, frozenset({"a", "b"})])
@given(text=files(), leaves=absences(), changes=overrides(), span=spans, data=st.data())
@settings(
    deadline=None,
    max_examples=25,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)
def test_each_instant_has_the_holes_it_should(
    load, verified, text, leaves, changes, span, data
) -> None:
    file = load(text)
    planned, book = file.with_changes(changes, ()), file.with_changes(changes, leaves)
    holes = find_holes(book, *span, leaves=leaves, verified=verified, planned=planned)
    assert holes == sorted(holes, key=lambda hole: hole.start)
    assert all(span[0] <= hole.start < hole.end <= span[1] for hole in holes)
    for bound in data.draw(st.lists(st.sampled_from([*holes, None]), max_size=5)):
        at = bound.start if bound is not None else data.draw(st.datetimes(*map(_naive, span)))
        at = at.replace(tzinfo=UTC)
        if not span[0] <= at < span[1]:
            continue
        found = {
            (hole.kind, hole.roster, hole.person)
            for hole in holes
            if hole.start <= at < hole.end and hole.kind != "rest"
        }
        assert found == expected(book, planned, leaves, verified, at)


def _naive(instant: datetime) -> datetime:
    return instant.replace(tzinfo=None)


def expected(
    book: RosterBook, planned: RosterBook, leaves: list[Leave], verified: Any, at: datetime
) -> set[tuple[str, str, str | None]]:
    """What is wrong at an instant, asked roster by roster."""
    here = {name: {p.id for p in book.on_duty(name, at).people} for name in book.roster_ids}
    away = {leave.person for leave in leaves if leave.start <= at < leave.end}
    found: set[tuple[str, str, str | None]] = set()
    for name, people in here.items():
        if not people and name != "trois":
            found.add(("gap", name, None))
        for person in planned.on_duty(name, at).people:
            if person.id in away:
                found.add(("on_leave", name, person.id))
        for person_id in people:
            if verified is not None and person_id not in verified:
                found.add(("no_contact", name, person_id))
    for person_id in here["trois"] & (here["un"] | here["deux"]):
        found.add(("two_places", "trois", person_id))
    return found
