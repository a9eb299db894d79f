"""Fifty repositories of a thousand snapshots in which nothing changed: what a look costs.

The floor is what no exporter can do without: one list of names a repository.
"""

from __future__ import annotations

import os
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from exporters.backup.restic import Restic, ResticRepository, Settings
from exporters.backup.watch import Watch
from exporters.backup.watching import BackupCollector
from exporters.toolkit.collector import Context, Deadline
from inventory import BackupJob, Inventory
from inventory.process import system_clock

REPOSITORIES, SNAPSHOTS, ROUNDS = 50, 1000, 5


@pytest.fixture(scope="module")
def folders(tmp_path_factory: pytest.TempPathFactory) -> list[Path]:
    """Their folders, as restic lays them out; keyless, so that no tool hides the cost."""
    found = []
    for number in range(REPOSITORIES):
        folder = tmp_path_factory.mktemp(f"r{number}-")
        for name in ("snapshots", "locks"):
            (folder / name).mkdir()
        (folder / "config").write_bytes(b"x" * 155)
        for snapshot in range(SNAPSHOTS):
            (folder / "snapshots" / f"{number:032x}{snapshot:032x}").touch()
        found.append(folder)
    return found


def cpu(work: Callable[[], object]) -> float:
    """Milliseconds of CPU, the least of some rounds."""
    spent = []
    for _ in range(ROUNDS):
        before = time.process_time()
        work()
        spent.append((time.process_time() - before) * 1e3)
    return min(spent)


def test_a_look_at_all_costs_little_more_than_their_lists_and_a_scrape_less(
    folders: list[Path], example_inventory: Inventory, record_property: Callable[..., None]
) -> None:
    entries = [ResticRepository(id=f"r{n}", path=folder) for n, folder in enumerate(folders)]
    settings = Settings(repositories=tuple(entries))
    reads: list[str] = []
    watches = []
    for entry in entries:
        watch = Watch(
            entry.id,
            Restic(entry, settings, None),
            settings,
            system_clock,
            on_read=lambda _, name=entry.id: reads.append(name),
        )
        watch.poll()
        watches.append(watch)
    assert len(reads) == REPOSITORIES

    def look() -> None:
        for watch in watches:
            watch.poll()

    def floor() -> None:
        for folder in folders:
            with os.scandir(folder / "snapshots") as names:
                sum(1 for _ in names)

    bare, ours = cpu(floor), cpu(look)
    assert len(reads) == REPOSITORIES  # nothing changed: nothing was read again
    (folders[7] / "snapshots" / ("f" * 64)).touch()
    look()
    assert reads[REPOSITORIES:] == ["r7"]

    jobs = tuple(
        BackupJob(id=entry.id, tool="restic", repository=entry.id, max_age="26h")  # type: ignore[arg-type]
        for entry in entries
    )
    ours_too = example_inventory.syndicate.model_copy(update={"backup_jobs": jobs})
    site = example_inventory.model_copy(update={"syndicate": ours_too, "members": ()})
    collector = BackupCollector(
        "restic",
        {entry.id: Restic(entry, settings, None) for entry in entries},
        settings,
        Context(site, system_clock),
    )
    try:
        samples = [
            one for family in collector.collect(Deadline.after(60)) for one in family.samples
        ]
        scrape = cpu(lambda: list(collector.collect(Deadline.after(60))))
    finally:
        collector.close()
    record_property(
        "series",
        f"{REPOSITORIES} repositories of {SNAPSHOTS} snapshots, nothing changed, ms of CPU:"
        f" a look {ours:.0f} (their lists alone {bare:.0f}),"
        f" a scrape of {len(samples)} samples {scrape:.0f}",
    )
    assert ours < 6 * bare
