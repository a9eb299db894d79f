"""Bacula for real: jobs of each level and state, a restore, and each fault of the catalogue."""

from __future__ import annotations

import sqlite3
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from bacula_site import BaculaSite

from exporters.backup.bacula.collector import PLUGIN
from exporters.toolkit.collector import Context, Deadline
from inventory import BackupJob, Inventory
from inventory.process import system_clock

Told = dict[tuple[str, ...], float]
JOBS = {"boites": "Sauvegarde-imap1", "vide": "Sauvegarde-vide", "mort": "Sauvegarde-mort"}


@pytest.fixture
def site(tmp_path: Path) -> Iterator[BaculaSite]:
    folder = tmp_path / "bacula"
    folder.mkdir()
    made = BaculaSite(folder)
    made.start()
    for number in range(20):
        (made.source / f"{number}.txt").write_text(f"lettre {number}\n" * 200)
    yield made
    made.stop()


@pytest.fixture
def told(example_inventory: Inventory) -> Iterator[Callable[[Path], Told]]:
    """(series, job, status or reason) -> value, of the catalogue in a file."""
    jobs = tuple(
        BackupJob.model_validate(
            {
                "id": name,
                "tool": "bacula",
                "repository": "bacula-central",
                "max_age": "26h",
                "job_name": job,
                "host": "imap1",
                "client": "mort-fd" if name == "mort" else BaculaSite.client,
            }
        )
        for name, job in JOBS.items()
    )
    ours = example_inventory.syndicate.model_copy(update={"backup_jobs": jobs, "timezone": "UTC"})
    inventory = example_inventory.model_copy(update={"syndicate": ours})
    built = []

    def read(path: Path) -> Told:
        entry = {"id": "bacula-central", "catalogue": str(path)}
        settings = PLUGIN.settings.model_validate({"repositories": [entry]})
        built.append(PLUGIN.build(settings, Context(inventory, system_clock)))
        found: Told = {}
        for family in built[-1].collect(Deadline.after(20)):
            for sample in family.samples:
                labels = sample.labels
                which = labels.get("status") or labels.get("reason", "")
                found[sample.name, labels.get("backup_job", ""), which] = sample.value
        return found

    yield read
    for collector in built:
        collector.close()


def test_full_and_incremental_and_a_night_in_which_nothing_changed(
    site: BaculaSite, told: Callable[[Path], Told]
) -> None:
    before = time.time()
    site.run("Sauvegarde-imap1")
    full = told(site.catalogue)
    assert full["backup_job_recovery_points", "boites", ""] == 1
    assert full["backup_job_last_files", "boites", ""] == 21  # with their folder
    assert full["backup_job_last_status", "boites", "success"] == 1
    newest = full["backup_job_newest_recovery_point_timestamp_seconds", "boites", ""]
    assert before - 2 <= newest <= time.time() + 2
    (site.source / "3.txt").write_text("une autre\n")
    site.run("Sauvegarde-imap1", "Incremental")
    changed = told(site.catalogue)
    assert changed["backup_job_last_files", "boites", ""] == 1
    assert ("backup_job_usual_size_bytes", "boites", "") not in changed
    site.run("Sauvegarde-imap1", "Incremental")
    nothing = told(site.catalogue)
    assert nothing["backup_job_last_files", "boites", ""] == 0
    assert nothing["backup_job_recovery_points", "boites", ""] == 3
    assert nothing["backup_job_last_status", "boites", "success"] == 1
    assert nothing["backup_repository_up", "", ""] == 1


def test_a_full_of_nothing_is_no_recovery_point_whatever_bacula_calls_it(
    site: BaculaSite, told: Callable[[Path], Told]
) -> None:
    site.run("Sauvegarde-vide")
    assert site.count("Name='Sauvegarde-vide' AND JobStatus='T'") == 1
    found = told(site.catalogue)
    assert found["backup_job_recovery_points", "vide", ""] == 0
    assert found["backup_job_last_status", "vide", "partial"] == 1
    assert found["backup_job_last_success_timestamp_seconds", "vide", ""] == 0
    assert found["backup_job_last_errors", "vide", ""] == 1


def test_a_job_that_waits_for_a_dead_client_runs_then_failed(
    site: BaculaSite, told: Callable[[Path], Told]
) -> None:
    site.run("Sauvegarde-mort", wait=False)
    site.until("Name='Sauvegarde-mort' AND JobStatus='R'")
    waiting = told(site.catalogue)
    assert waiting["backup_job_last_status", "mort", "running"] == 1
    start = waiting["backup_job_current_start_timestamp_seconds", "mort", ""]
    assert time.time() - 60 < start <= time.time() + 2
    site.until("Name='Sauvegarde-mort' AND JobStatus IN ('E', 'f')", 90)
    over = told(site.catalogue)
    assert over["backup_job_last_status", "mort", "failed"] == 1
    assert over["backup_job_last_success_timestamp_seconds", "mort", ""] == 0
    assert over["backup_job_current_start_timestamp_seconds", "mort", ""] == 0
    assert over["backup_job_recovery_points", "mort", ""] == 0


def test_a_restore_is_the_proof_of_the_jobs_of_its_client(
    site: BaculaSite, told: Callable[[Path], Told]
) -> None:
    site.run("Sauvegarde-imap1")
    site.console(f"restore client={site.client} fileset=Tout select current all done yes", "wait")
    site.until("Type='R' AND JobStatus='T'")
    found = told(site.catalogue)
    assert found["backup_restore_test_last_result", "boites", ""] == 1
    assert found["backup_restore_test_restored_bytes", "boites", ""] > 0
    assert ("backup_restore_test_last_result", "mort", "") not in found
    assert len(list((site.folder / "restored").rglob("*.txt"))) == 20


def _spoil(path: Path) -> Any:
    data = bytearray(path.read_bytes())
    data[:100] = bytes(100)
    path.write_bytes(data)


def _lock(path: Path) -> Any:
    holder = sqlite3.connect(path, isolation_level=None)
    holder.execute("BEGIN EXCLUSIVE")
    return holder


def _another(path: Path) -> Any:
    path.unlink()
    with sqlite3.connect(path) as base:
        base.execute("CREATE TABLE Autre (x)")
    base.close()


@pytest.mark.parametrize(
    ("spoil", "reason"),
    [
        (lambda path: path.unlink(), "missing"),
        (_spoil, "corrupt"),
        (_lock, "locked"),
        (_another, "missing"),
    ],
)
def test_each_fault_has_its_reason(
    site: BaculaSite,
    told: Callable[[Path], Told],
    tmp_path: Path,
    spoil: Callable[[Path], Any],
    reason: str,
) -> None:
    copy = tmp_path / "bacula.db"
    with sqlite3.connect(site.catalogue) as base, sqlite3.connect(copy) as target:
        base.backup(target)
    base.close()
    target.close()
    held = spoil(copy)
    found = told(copy)
    if held is not None:
        held.close()
    assert [key[2] for key, value in found.items() if "_error" in key[0] and value] == [reason]
    assert ("backup_job_recovery_points", "boites", "") not in found
