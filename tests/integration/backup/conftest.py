"""Real repositories of the example's jobs, made once; collectors that are closed again."""

from __future__ import annotations

import shutil
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from deploy.estate.backups import Backups
from exporters.backup import borg, restic
from exporters.toolkit.collector import Collector, Context, Deadline
from inventory import Inventory
from inventory.process import system_clock

PLUGINS = {"restic": restic.PLUGIN, "borg": borg.PLUGIN}


@pytest.fixture(scope="session")
def made(
    tmp_path_factory: pytest.TempPathFactory, example_inventory: Inventory
) -> tuple[Backups, float]:
    """The estate's repositories, and the seconds it took to make them. Not to be changed."""
    backups = Backups(tmp_path_factory.mktemp("backups"), example_inventory)
    start = time.monotonic()
    backups.start()
    return backups, time.monotonic() - start


@pytest.fixture
def copies(made: tuple[Backups, float], tmp_path: Path) -> dict[str, dict[str, str]]:
    """The entry of each tool's repository, in copies one may spoil."""
    entries = {}
    for tool, (entry,) in made[0].repositories().items():
        copy = tmp_path / tool
        shutil.copytree(entry["path"], copy)
        entries[tool] = {**entry, "path": str(copy)}
    return entries


@pytest.fixture
def build(example_inventory: Inventory, tmp_path: Path) -> Iterator[Callable[..., Collector]]:
    built: list[Collector] = []

    def make(tool: str, *entries: dict[str, str], state: bool = True, **settings: Any) -> Collector:
        plugin = PLUGINS[tool]
        model = plugin.settings.model_validate(
            {"repositories": list(entries), "poll_interval": "1s", **settings}
        )
        folder = tmp_path / f"state-{tool}"
        folder.mkdir(exist_ok=True)
        context = Context(example_inventory, system_clock, folder if state else None)
        built.append(plugin.build(model, context))
        return built[-1]

    yield make
    for collector in built:
        collector.close()


class Scrape:
    """One scrape: the values of jobs by job id, of repositories by repository id."""

    def __init__(self, collector: Any, seconds: float) -> None:
        self.jobs: dict[str, float] = {}
        self.points: dict[str, float] = {}
        self.up: dict[str, float] = {}
        self.reasons: dict[str, str] = {}
        for family in collector.collect(Deadline.after(seconds)):
            for sample in family.samples:
                labels, value = sample.labels, sample.value
                if sample.name == "backup_job_last_success_timestamp_seconds":
                    self.jobs[labels["backup_job"]] = value
                elif sample.name == "backup_job_recovery_points":
                    self.points[labels["backup_job"]] = value
                elif sample.name == "backup_repository_up":
                    self.up[labels["repository"]] = value
                elif sample.name == "backup_repository_error" and value:
                    assert labels["repository"] not in self.reasons
                    self.reasons[labels["repository"]] = labels["reason"]


@pytest.fixture
def scrape() -> Callable[..., Scrape]:
    return lambda collector, seconds=20: Scrape(collector, seconds)


@pytest.fixture
def until(scrape: Callable[..., Scrape]) -> Callable[..., Scrape]:
    """Scrape again and again until it shows what is expected."""

    def wait(collector: Any, expected: Callable[[Scrape], bool], seconds: float = 15) -> Scrape:
        end = time.monotonic() + seconds
        while not expected(found := scrape(collector)):
            assert time.monotonic() < end, vars(found)
            time.sleep(0.1)
        return found

    return wait
