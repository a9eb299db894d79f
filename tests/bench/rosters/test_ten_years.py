"""Ten years of shifts for twenty people and four layers, and "who now", as the processor sees them.

Run with -s to see the table. Seconds of processor time of this thread: other processes wait
beside, they do not count. No absolute time is asserted, only what grows with what.
"""

from __future__ import annotations

import statistics
import time
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from alertmanager.rosters import RosterBook, load_rosters
from alertmanager.rosters.changes import Change, Leave

START = datetime(2026, 1, 1, tzinfo=UTC)
YEAR = timedelta(days=365)
TEN_YEARS = 10 * YEAR
_NAMES = [f"agent{number:02d}" for number in range(20)]
_ALL, _DAY, _SUMMER = (", ".join(part) for part in (_NAMES, _NAMES[:10], _NAMES[10:]))
_PEOPLE = "\n".join(
    f'  - {{id: {name}, name: Agent {name[-2:]}, phone: "+33 6 39 98 20 {name[-2:]}"}}'
    for name in _NAMES
)
TEXT = f"""
timezone: Europe/Paris
support_hours: {{days: [monday, tuesday, wednesday, thursday, friday], from: "08:00", to: "18:00"}}
calendars:
  - id: ete
    name: été
    ranges: [{", ".join(f"{{from: {y}-07-04, to: {y}-08-31}}" for y in range(2026, 2036))}]
people:
{_PEOPLE}
rosters:
  - id: astreinte
    name: Astreinte
    layers:
      - id: feries
        name: jours fériés
        when: {{days: [holiday]}}
        eve: "18:00"
        rotation:
          every: day
          handover: {{at: "18:00"}}
          start: 2025-12-01
          order: fair
          people: [{_ALL}]
      - id: jour
        name: permanence de jour
        when: support_hours
        rotation:
          every: day
          handover: {{at: "08:00"}}
          start: 2025-12-01
          people: [{_DAY}]
      - id: ete
        name: nuits d'été
        when: {{from: "18:00", to: "08:00", calendar: ete}}
        rotation:
          every: {{days: 2}}
          handover: {{at: "18:00"}}
          start: 2025-12-01
          people: [{_SUMMER}]
      - id: semaine
        name: astreinte
        rotation:
          every: week
          handover: {{day: friday, at: "18:00"}}
          start: 2025-12-05
          order: fair
          people: [{_ALL}]
"""


@pytest.fixture
def fresh(tmp_path: Path) -> Callable[[], RosterBook]:
    """A book that has answered nothing yet."""
    path = tmp_path / "rosters.yml"
    path.write_text(TEXT, encoding="utf-8")
    return lambda: load_rosters(path)


def _seconds(call: Callable[[], object]) -> float:
    before = time.thread_time()
    call()
    return time.thread_time() - before


def test_ten_years_of_shifts(fresh: Callable[[], RosterBook]) -> None:
    def cold(span: timedelta) -> float:
        books = [fresh() for _ in range(3)]
        return min(
            _seconds(lambda b=book: b.shifts("astreinte", START, START + span)) for book in books
        )

    one, ten = cold(YEAR), cold(TEN_YEARS)
    book = fresh()
    first = _seconds(lambda: book.on_duty("astreinte", START + YEAR))
    shifts = book.shifts("astreinte", START, START + TEN_YEARS)
    again = min(
        _seconds(lambda: book.shifts("astreinte", START, START + TEN_YEARS)) for _ in range(3)
    )
    print(
        f"\n20 people, 4 layers: {len(shifts)} shifts over ten years in {ten:.2f} s"
        f" (one year {one:.2f} s; asked again {again:.2f} s; the first answer {first * 1e3:.0f} ms)"
    )
    assert sum((s.end - s.start for s in shifts), timedelta()) == TEN_YEARS
    assert ten < 25 * one  # the cost follows the span, not its square


def test_who_now(fresh: Callable[[], RosterBook]) -> None:
    plain = fresh()
    changes = [
        Change(
            id=f"c{n}",
            roster="astreinte",
            start=START + n * timedelta(days=7),
            end=START + n * timedelta(days=7) + timedelta(days=1),
            people=(_NAMES[n % 20],),
            kind="swap",
            instead_of=None,
            created_at=START,
        )
        for n in range(100)
    ]
    leaves = [
        Leave(
            f"l{n}",
            _NAMES[n % 20],
            START + n * timedelta(days=5),
            START + (n + 1) * timedelta(days=5),
            "test",
        )
        for n in range(100)
    ]
    changed = plain.with_changes(changes, leaves)
    instants = [START + n * timedelta(minutes=8117) for n in range(2000)]  # over thirty years
    report = []
    for name, book in (("the file alone", plain), ("100 changes, 100 leaves", changed)):
        book.on_duty("astreinte", instants[-1])  # a fair order deals out its turns once
        new = [_seconds(lambda b=book, at=at: b.on_duty("astreinte", at)) for at in instants]
        now = [_seconds(lambda b=book: b.on_duty("astreinte", START + YEAR)) for _ in range(2000)]
        report.append((name, new, now))
    print()
    for name, new, now in report:
        print(
            f"who at an instant, {name}: median {statistics.median(now) * 1e6:.0f} µs of now,"
            f" {statistics.median(new) * 1e6:.0f} µs of one never asked,"
            f" 99 % {sorted(new)[1980] * 1e6:.0f} µs"
        )
    plain_now, changed_now = (statistics.median(now) for _, _, now in report)
    assert changed_now < 20 * plain_now
