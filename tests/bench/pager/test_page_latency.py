"""From the webhook's POST to the message in the gateway's hand, idle and under 200 posts a second.

The floor, in the same run: two durable commits on the same kind of database and one POST to the
same gateway, with nothing in between. Times are printed; asserted are ratios.
"""

from __future__ import annotations

import json
import os
import shutil
import sqlite3
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import psycopg
import pytest
import requests
from pager_proof.lab import Lab, alert
from pager_proof.stores import PostgresStores, SqliteStores

from deploy.estate.child import wait_until
from deploy.estate.ports import LOOPBACK, Ports, free_base
from deploy.estate.postgres import PostgresServer

LOAD = 200.0  # posts a second
AN_HOUR_LATER = 4200.0  # seconds: no storm is remembered, each page is a first one
NEVER = {"steps": [{"roster": "astreinte", "wait": "9000h"}]}


@pytest.fixture(params=["SQLite", "PostgreSQL"])
def bench(request: pytest.FixtureRequest) -> Iterator[tuple[str, Lab, Callable[[int], None]]]:
    """(name, a running pager, durable commits on a database of the same kind)."""
    folder = Path(tempfile.mkdtemp(prefix="vb-", dir="/tmp"))
    folder.chmod(0o755)
    ports = Ports(free_base())
    server: PostgresServer | None = None
    floor: Any
    if request.param == "SQLite":
        stores: Any = SqliteStores(folder / "db")
        floor = sqlite3.connect(folder / "floor.sqlite3", isolation_level=None)
        floor.execute("PRAGMA journal_mode=WAL")
        floor.execute("PRAGMA synchronous=FULL")
    else:
        server = PostgresServer(folder / "pg", ports["postgresql"])
        server.start()
        stores = PostgresStores(server, "bench")
        name = server.create_database("floor").rpartition("/")[2]
        floor = psycopg.connect(
            host=LOOPBACK, port=server.port, user="vigie", dbname=name, autocommit=True
        )
    floor.execute("CREATE TABLE rows (id INTEGER, body TEXT)")

    def commit(number: int) -> None:
        floor.execute(f"INSERT INTO rows VALUES ({number}, '{'x' * 1000}')")

    lab = Lab(folder / "lab", ports, stores, escalation=NEVER)
    lab.begin()
    lab.start()
    yield request.param, lab, commit
    lab.end()
    lab.close()
    floor.close()
    if server is not None:
        server.stop()
    shutil.rmtree(folder, ignore_errors=True)


def page(lab: Lab, number: int) -> float:
    """Seconds from the POST to the gateway's taking the message."""
    lab.control.jump += AN_HOUR_LATER
    before = len(lab.gateway.taken())
    start = time.time()
    assert lab.post(alert(number))
    wait_until(lambda: len(lab.gateway.taken()) > before, "a page", 30, every=0.005)
    time.sleep(0.05)  # its report comes back meanwhile
    return lab.gateway.taken()[before].at - start


def bare(lab: Lab, session: requests.Session, commit: Callable[[int], None], number: int) -> float:
    """The same end, with nothing but two commits before it."""
    start = time.time()
    commit(number)
    commit(number)
    headers = {"X-Kannel-To": "+33639981003"}
    session.post(lab.gateway.url, data=b"VIGIE", headers=headers, timeout=10).raise_for_status()
    return lab.gateway.taken()[-1].at - start


def measure(
    lab: Lab, commit: Callable[[int], None], numbers: range
) -> tuple[list[float], list[float]]:
    """(pages, floors), in turn, each sorted."""
    with requests.Session() as session:
        session.trust_env = False
        pairs = [(page(lab, n), bare(lab, session, commit, n)) for n in numbers]
    return sorted(p for p, _ in pairs), sorted(f for _, f in pairs)


def start_load(lab: Lab) -> subprocess.Popen[str]:
    made = Path(__file__).parents[2] / "made"
    command = [sys.executable, "-m", "pager_proof.load", LOOPBACK, str(lab.ports["webhook"])]
    return subprocess.Popen(
        [*command, lab.token, str(LOAD)],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
        env={**os.environ, "PYTHONPATH": str(made)},
    )


@pytest.mark.series
@pytest.mark.timeout(600)
def test_a_page_leaves_within_a_small_multiple_of_two_commits_and_a_post(
    bench: tuple[str, Lab, Callable[[int], None]], long: bool, record_property: Any
) -> None:
    name, lab, commit = bench
    count = 200 if long else 30
    measure(lab, commit, range(900_000, 900_003))  # warm
    idle = measure(lab, commit, range(count))
    load = start_load(lab)
    time.sleep(2)
    busy = measure(lab, commit, range(count, 2 * count))
    said, _ = load.communicate("")
    posts = json.loads(said)

    lines = [
        f"{'POST to gateway, ms, on ' + name:<44}{'p50':>8}{'p99':>8}{'floor p50':>11}{'p99':>8}"
    ]
    for title, (pages, floors) in (("idle", idle), (f"{posts['per_second']:.0f} posts/s", busy)):
        cells = [at(pages, 0.5), at(pages, 0.99), at(floors, 0.5), at(floors, 0.99)]
        a, b, c, d = (seconds * 1e3 for seconds in cells)
        lines.append(f"{title:<44}{a:>8.1f}{b:>8.1f}{c:>11.1f}{d:>8.1f}")
    answered = f"the load's own posts, {posts['refused']} refused"
    lines.append(f"{answered:<44}{posts['p50'] * 1e3:>8.1f}{posts['p99'] * 1e3:>8.1f}")
    report = "\n".join(lines)
    print(f"\n{report}")
    record_property("series", report)

    assert posts["refused"] == 0
    assert at(idle[0], 0.5) < 40 * at(idle[1], 0.5)
    assert at(busy[0], 0.5) < 60 * at(busy[1], 0.5)


def at(ordered: list[float], share: float) -> float:
    return ordered[min(len(ordered) - 1, int(len(ordered) * share))]
