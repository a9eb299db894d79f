"""What the pager stands on fails while alerts come: nothing is lost, nothing is sent twice.

./tests/run --long tests/integration/pager/test_faults.py      every fault on both databases
"""

from __future__ import annotations

import contextlib
import sqlite3
import subprocess
import tempfile
import threading
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from pager_proof.gateway import Mood
from pager_proof.lab import PATIENCE, Lab, alert
from pager_proof.scenarios import Scenario
from pager_proof.stores import PostgresStores, SqliteStores

from deploy.estate.ports import Ports, free_base
from deploy.estate.postgres import PostgresServer

BEFORE, DURING, AFTER = 3, 4, 3
HELD = 6.0  # seconds: longer than the pager waits for its database, or a gateway is gone
ALERTS = BEFORE + DURING + AFTER
IN_THE_END = Scenario(
    "faults", act=lambda _: None, points=(), alerts=ALERTS, pages=ALERTS, nudges=True
)

Fault = Callable[[Lab], contextlib.AbstractContextManager[None]]


def gateway_in(mood: Mood) -> Fault:
    @contextlib.contextmanager
    def fault(lab: Lab) -> Iterator[None]:
        lab.gateway.mood = mood
        yield
        time.sleep(HELD)
        lab.gateway.mood = "takes"

    return fault


@contextlib.contextmanager
def gateway_down(lab: Lab) -> Iterator[None]:
    lab.gateway.down()
    yield
    time.sleep(HELD)
    lab.gateway.start()


@contextlib.contextmanager
def locked(lab: Lab) -> Iterator[None]:
    """Somebody's backup holds the write lock of the file."""
    holder = sqlite3.connect(str(lab.store.url.database), isolation_level=None, timeout=10)
    holder.execute("BEGIN IMMEDIATE")
    yield
    time.sleep(HELD)
    holder.execute("ROLLBACK")
    holder.close()


GATEWAY_FAULTS: dict[str, Fault] = {
    "gateway down": gateway_down,
    "gateway slow (8 s)": gateway_in("slow"),
    "gateway: 200, error in the body": gateway_in("body"),
    "gateway silent": gateway_in("silent"),
    "gateway takes, never answers": gateway_in("mute"),
    "gateway flapping": gateway_in("flaps"),
}


def live_through(lab: Lab, name: str, fault: Fault, allowed: int = 0) -> str:
    """Alerts before, during and after; the row of the table. AssertionError if any is lost."""
    lab.begin()
    try:
        lab.start()
        numbers = iter(range(1, ALERTS + 1))

        def post(count: int) -> None:
            for _ in range(count):
                lab.post(alert(next(numbers)))
                time.sleep(0.1)

        post(BEFORE)
        with fault(lab):
            poster = threading.Thread(target=post, args=(DURING,))
            poster.start()
        poster.join(60)
        refused = sum(not answered for answered in lab.answered())
        post(AFTER)
        lab.ask_again()
        lost = IN_THE_END.wait(lab, 2 * PATIENCE)
        repeats = lab.gateway.repeats()
        assert not lost, f"{name}: {lost}\n{lab.tail()}"
        assert repeats <= allowed, f"{name}: {repeats} sent twice\n{lab.tail()}"
        assert lab.pager is not None
        assert not lab.pager.dead()
        return f"{name:<44}{ALERTS:>7}{refused:>13}{0:>6}{repeats:>6}"
    finally:
        lab.end()


def record(record_property: Callable[[str, str], None], *rows: str) -> None:
    head = f"{'fault':<44}{'alerts':>7}{'answered 503':>13}{'lost':>6}{'twice':>6}"
    report = "\n".join([head, *rows])
    record_property("series", report)
    print(f"\n{report}")


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    """On SQLite; with --long on PostgreSQL as well."""
    if "kind" in metafunc.fixturenames:
        long = metafunc.config.getoption("--long")
        metafunc.parametrize("kind", ["SQLite", "PostgreSQL"] if long else ["SQLite"])


@pytest.fixture
def small_disk() -> Iterator[Callable[[int], Path]]:
    """Makes file systems of so many megabytes."""
    made: list[Path] = []

    def make(megabytes: int) -> Path:
        folder = Path(tempfile.mkdtemp(prefix="vd-", dir="/tmp"))
        size = f"size={megabytes}m,mode=755"
        subprocess.run(["mount", "-t", "tmpfs", "-o", size, "tmpfs", folder], check=True)
        made.append(folder)
        return folder

    yield make
    for folder in made:
        subprocess.run(["umount", "-l", folder], check=True)
        folder.rmdir()


def full(folder: Path) -> Fault:
    @contextlib.contextmanager
    def fault(_: Lab) -> Iterator[None]:
        ballast = folder / "ballast"
        with ballast.open("wb", buffering=0) as file, contextlib.suppress(OSError):
            while file.write(b"x" * 65536):
                pass
            while file.write(b"x" * 512):
                pass
        yield
        time.sleep(HELD)
        ballast.unlink()

    return fault


@pytest.mark.series
def test_the_gateway_fails_and_nothing_is_lost(
    kind: str,
    estate_folder: Path,
    request: pytest.FixtureRequest,
    record_property: Callable[[str, str], None],
) -> None:
    server: PostgresServer | None = None
    if kind == "PostgreSQL":
        server = request.getfixturevalue("postgres")

    labs = []
    for number in range(len(GATEWAY_FAULTS)):
        folder = estate_folder / f"{number}"
        databases = f"faults_{number}"
        stores = PostgresStores(server, databases) if server else SqliteStores(folder / "db")
        labs.append(Lab(folder / "lab", Ports(free_base()), stores))

    def trial(lab: Lab, name: str) -> str:
        return live_through(lab, f"{name}, on {kind}", GATEWAY_FAULTS[name])

    try:
        # Side by side: each spends its time waiting.
        with ThreadPoolExecutor(len(labs)) as pool:
            record(record_property, *pool.map(trial, labs, GATEWAY_FAULTS))
    finally:
        for lab in labs:
            lab.close()


@pytest.mark.series
def test_sqlite_is_locked_and_nothing_is_lost(
    estate_folder: Path, ports: Ports, record_property: Callable[[str, str], None]
) -> None:
    lab = Lab(estate_folder / "lab", ports, SqliteStores(estate_folder / "db"))
    try:
        record(record_property, live_through(lab, "SQLite locked for 6 s", locked))
    finally:
        lab.close()


@pytest.mark.series
def test_the_disk_of_sqlite_is_full_and_nothing_is_lost(
    estate_folder: Path,
    ports: Ports,
    small_disk: Callable[[int], Path],
    record_property: Callable[[str, str], None],
) -> None:
    disk = small_disk(4)
    lab = Lab(estate_folder / "lab", ports, SqliteStores(disk / "db"))
    try:
        record(record_property, live_through(lab, "SQLite's disk full", full(disk)))
    finally:
        lab.close()


@pytest.mark.series
@pytest.mark.parametrize("how", ["restarted", "killed"])
def test_postgresql_goes_away_under_load_and_nothing_is_lost(
    how: str,
    estate_folder: Path,
    ports: Ports,
    postgres: PostgresServer,
    record_property: Callable[[str, str], None],
) -> None:
    @contextlib.contextmanager
    def away(_: Lab) -> Iterator[None]:
        yield
        for _ in range(3):
            time.sleep(0.3)
            (postgres.stop if how == "restarted" else postgres.kill)()
            time.sleep(0.5)
            postgres.start()

    lab = Lab(estate_folder / "lab", ports, PostgresStores(postgres, f"away_{how}"))
    try:
        record(record_property, live_through(lab, f"PostgreSQL {how} three times", away))
    finally:
        lab.close()


@pytest.mark.series
def test_the_disk_of_postgresql_is_full_and_nothing_is_lost(
    estate_folder: Path,
    ports: Ports,
    small_disk: Callable[[int], Path],
    record_property: Callable[[str, str], None],
) -> None:
    disk = small_disk(160)
    server = PostgresServer(disk / "pg", Ports(free_base())["postgresql"])
    server.start()
    lab = Lab(estate_folder / "lab", ports, PostgresStores(server, "full"))

    @contextlib.contextmanager
    def full_and_restarted(lab: Lab) -> Iterator[None]:
        with full(disk)(lab):
            yield
        if not server.ready():  # it could not write its log ahead, and gave up
            server.kill()
            server.start()

    try:
        row = live_through(lab, "PostgreSQL's disk full", full_and_restarted)
        record(record_property, row)
    finally:
        lab.close()
        server.stop()
