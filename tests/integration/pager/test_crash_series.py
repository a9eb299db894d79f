"""kill -9 at every step, on both databases: no page lost, at most one sent twice.

    ./tests/run --long tests/integration/pager/test_crash_series.py      1,000 trials, the tables

A trial forks the real pager (store, loops, HTTP server), kills it while it works, starts another
on the same database, and asks again what was not answered, as Alertmanager and Kannel do. The real
program with the real Kannel dies in `test_crash.py`.
"""

from __future__ import annotations

import random
from collections import defaultdict
from collections.abc import Iterator
from pathlib import Path

import pytest
from pager_proof.lab import Lab
from pager_proof.scenarios import SCENARIOS, Point, Scenario, Verdict, count, crash
from pager_proof.stores import PostgresStores, SqliteStores, Stores

from deploy.estate.ports import Ports
from deploy.estate.postgres import PostgresServer

TRIALS = 500  # of each database
WHEN = ("before", "after")
GATEWAY_TIMES, INSTANTS = 4, 14


@pytest.fixture(params=["sqlite", "postgresql"])
def stores(request: pytest.FixtureRequest, estate_folder: Path) -> Stores:
    if request.param == "sqlite":
        return SqliteStores(estate_folder / "db")
    server: PostgresServer = request.getfixturevalue("postgres")
    return PostgresStores(server, "crash")


@pytest.fixture
def lab(estate_folder: Path, ports: Ports, stores: Stores) -> Iterator[Lab]:
    lab = Lab(estate_folder / "lab", ports, stores)
    yield lab
    lab.close()


def points(
    scenario: Scenario, counted: tuple[int, int, float], chance: random.Random
) -> dict[str, list[Point]]:
    """Every place where it may be killed, by kind, each kind in random order."""
    statements, commits, seconds = counted
    kinds = {
        "named": [Point(name, when) for name in scenario.points for when in WHEN],
        "commit": [Point("commit", w, n) for n in range(1, commits + 1) for w in WHEN],
        "gateway": [Point("gateway")] * GATEWAY_TIMES,
        "instant": [
            Point("instant", delay=chance.uniform(0, 1.2 * seconds)) for _ in range(INSTANTS)
        ],
        "statement": [Point("statement", w, n) for n in range(1, statements + 1) for w in WHEN],
    }
    for found in kinds.values():
        chance.shuffle(found)
    return kinds


def plan(lab: Lab, chance: random.Random, *, whole: bool) -> list[tuple[Scenario, Point]]:
    """The trials: of a sample one of each kind for each scenario; of the whole, all but statements.

    Those fill it up, evenly over the scenarios.
    """
    chosen, statements = [], []
    for scenario in SCENARIOS:
        kinds = points(scenario, count(lab, scenario), chance)
        if not whole:
            chosen += [(scenario, found[0]) for found in kinds.values()]
            continue
        chosen += [
            (scenario, p) for kind, found in kinds.items() if kind != "statement" for p in found
        ]
        statements.append([(scenario, point) for point in kinds["statement"]])
    while whole and len(chosen) < TRIALS:
        for row in statements:
            if row and len(chosen) < TRIALS:
                chosen.append(row.pop())
    return chosen


def table(title: str, verdicts: dict[tuple[str, str], list[Verdict]]) -> str:
    """Points by trials, killed there, lost, sent twice."""
    head = f"{title:<62}{'trials':>7}{'killed':>7}{'lost':>6}{'twice':>6}{'most':>5}"
    lines, everything = [head], []
    for (scenario, row), found in sorted(verdicts.items()):
        lines.append(_row(f"{scenario}: {row}", found))
        everything += found
    return "\n".join([*lines, _row("all", everything)])


def _row(name: str, found: list[Verdict]) -> str:
    reached, lost = sum(v.reached for v in found), sum(bool(v.lost) for v in found)
    twice, most = sum(v.repeats for v in found), max(v.repeats for v in found)
    return f"{name:<62}{len(found):>7}{reached:>7}{lost:>6}{twice:>6}{most:>5}"


@pytest.mark.series
@pytest.mark.timeout(3600)
def test_no_page_is_lost_and_at_most_one_sent_twice_a_crash(
    lab: Lab, stores: Stores, long: bool, record_property: pytest.FixtureRequest
) -> None:
    chance = random.Random(1905)
    verdicts: dict[tuple[str, str], list[Verdict]] = defaultdict(list)
    lost, not_reached = [], set()
    for scenario, point in plan(lab, chance, whole=long):
        verdict = crash(lab, scenario, point)
        verdicts[scenario.name, point.row].append(verdict)
        if verdict.lost:
            lost.append(f"{scenario.name}, {point}:\n  " + "\n  ".join(verdict.lost))
        if not verdict.reached and ":" in point.name:
            not_reached.add(f"{scenario.name}: {point.name}")
    title = f"kill -9 on {type(stores).__name__.removesuffix('Stores')}"
    report = table(title, verdicts)
    print(f"\n{report}")
    record_property("series", report)
    assert not lost, "\n\n".join(lost)
    assert max(v.repeats for found in verdicts.values() for v in found) <= 1
    assert not not_reached, f"no longer on the way of its scenario: {sorted(not_reached)}"
