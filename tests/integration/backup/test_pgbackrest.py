"""pgBackRest for real: a PostgreSQL that archives its log, two repositories, each fault told."""

from __future__ import annotations

import shutil
import subprocess
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from deploy.estate.ports import free_base
from deploy.estate.postgres import SYSTEM_USER, PostgresServer
from exporters.backup.pgbackrest import PLUGIN, Pgbackrest
from exporters.toolkit.collector import Context, Deadline
from inventory import BackupJob, Inventory
from inventory.process import system_clock

Told = dict[tuple[str, str], float]


class Cluster:
    """A PostgreSQL server whose stanza ``vigie`` goes to two repositories, the second encrypted."""

    def __init__(self, folder: Path) -> None:
        self.folder, port = folder, free_base()
        for name in ("one", "two", "socket", "spool", "log", "lock"):
            (folder / name).mkdir()
            shutil.chown(folder / name, SYSTEM_USER, SYSTEM_USER)
        self.config = folder / "pgbackrest.conf"
        self.config.write_text(
            f"[global]\nrepo1-path={folder}/one\nrepo2-path={folder}/two\n"
            "repo1-retention-full=9\nrepo2-retention-full=9\n"
            "repo2-cipher-type=aes-256-cbc\nrepo2-cipher-pass=secret\n"
            f"log-path={folder}/log\nlock-path={folder}/lock\nspool-path={folder}/spool\n"
            "start-fast=y\nlog-level-console=off\n"
            f"[vigie]\npg1-path={folder}/pg/data\npg1-port={port}\npg1-user=vigie\n"
            f"pg1-socket-path={folder}/socket\npg1-database=postgres\n"
        )
        push = f"pgbackrest --config={self.config} --stanza=vigie archive-push %p"
        settings = {
            "unix_socket_directories": str(folder / "socket"),
            "archive_mode": "on",
            "wal_level": "replica",
            "archive_command": push,
        }
        self.server = PostgresServer(folder / "pg", port, durable=False, settings=settings)

    def run(self, *arguments: str) -> None:
        user = ("setpriv", f"--reuid={SYSTEM_USER}", f"--regid={SYSTEM_USER}", "--clear-groups")
        command = [*user, "pgbackrest", f"--config={self.config}", "--stanza=vigie", *arguments]
        done = subprocess.run(command, capture_output=True, text=True, cwd="/", check=False)
        assert done.returncode == 0, done.stdout + done.stderr

    def back_up(self, level: str, repo: int) -> None:
        self.run(f"--type={level}", f"--repo={repo}", "backup")


@pytest.fixture
def cluster(open_folder: Path) -> Iterator[Cluster]:
    made = Cluster(open_folder)
    made.server.start()
    made.run("stanza-create")
    yield made
    made.server.stop()


@pytest.fixture
def read(example_inventory: Inventory, cluster: Cluster) -> Iterator[Callable[..., Told]]:
    """(series, the label that tells it apart) -> value, by a collector of its own."""
    job = {"id": "annuaire", "tool": "pgbackrest", "repository": "pg", "max_age": "26h"}
    ours = example_inventory.syndicate.model_copy(
        update={"backup_jobs": (BackupJob.model_validate({**job, "job_name": "vigie"}),)}
    )
    site = example_inventory.model_copy(update={"syndicate": ours})
    built = []

    def scrape(repo: int = 1, **settings: Any) -> Told:
        entry = {"id": "pg", "config": str(cluster.config), "repo": repo}
        model = PLUGIN.settings.model_validate({"repositories": [entry], **settings})
        built.append(PLUGIN.build(model, Context(site, system_clock)))
        found: Told = {}
        for family in built[-1].collect(Deadline.after(20)):
            for sample in family.samples:
                told = ("status", "reason", "encrypted")
                which = next((sample.labels[one] for one in told if one in sample.labels), "")
                found[sample.name, which] = sample.value
        return found

    yield scrape
    for collector in built:
        collector.close()


def test_backups_of_each_level_and_repository_are_its_own(
    cluster: Cluster, read: Callable[..., Told]
) -> None:
    empty = read()
    assert empty["backup_repository_up", ""] == 1
    assert empty["backup_job_recovery_points", ""] == 0
    assert empty["backup_job_newest_recovery_point_timestamp_seconds", ""] == 0
    before = time.time()
    cluster.back_up("full", 1)
    full = read()
    assert full["backup_job_recovery_points", ""] == 1
    assert full["backup_job_newest_recovery_point_timestamp_seconds", ""] >= before - 1
    assert full["backup_job_last_status", "success"] == 1
    assert full["backup_job_last_added_bytes", ""] == full["backup_job_last_size_bytes", ""]
    cluster.back_up("incr", 1)
    incremental = read()
    assert incremental["backup_job_recovery_points", ""] == 2
    whole = full["backup_job_last_size_bytes", ""]
    assert incremental["backup_job_last_size_bytes", ""] == pytest.approx(whole, rel=0.01)
    assert incremental["backup_job_last_added_bytes", ""] < full["backup_job_last_added_bytes", ""]
    assert ("backup_job_last_files", "") not in incremental
    assert ("backup_repository_info", "false") in incremental
    other = read(2)
    assert other["backup_job_recovery_points", ""] == 0
    assert ("backup_repository_info", "true") in other


def _gone(cluster: Cluster) -> None:
    shutil.rmtree(cluster.folder / "one")


def _spoilt(cluster: Cluster) -> None:
    info = cluster.folder / "one/backup/vigie/backup.info"
    for path in (info, info.with_suffix(".info.copy")):
        path.write_text(path.read_text()[: path.stat().st_size // 2])


def _another_key(cluster: Cluster) -> None:
    text = cluster.config.read_text()
    cluster.config.write_text(text.replace("cipher-pass=secret", "cipher-pass=autre"))


def _no_configuration(cluster: Cluster) -> None:
    cluster.config.unlink()


@pytest.mark.parametrize(
    ("spoil", "repo", "reason"),
    [
        (_gone, 1, "missing"),
        (_spoilt, 1, "corrupt"),
        (_another_key, 2, "auth"),
        (_no_configuration, 1, "missing"),
    ],
)
def test_each_fault_has_its_reason(
    cluster: Cluster,
    read: Callable[..., Told],
    spoil: Callable[[Cluster], None],
    repo: int,
    reason: str,
) -> None:
    spoil(cluster)
    found = read(repo)
    told = [which for (name, which), value in found.items() if "_error" in name and value]
    assert told == [reason]
    assert found["backup_repository_up", ""] == 0
    assert ("backup_job_recovery_points", "") not in found


def test_a_program_that_is_not_there_and_one_that_hangs(
    cluster: Cluster, read: Callable[..., Told], tmp_path: Path
) -> None:
    assert read(command="pgbackrest-absent")["backup_repository_error", "tool_missing"] == 1
    hangs = tmp_path / "pgbackrest"
    hangs.write_text("#!/bin/sh\nexec sleep 60\n")
    hangs.chmod(0o755)
    assert read(command=str(hangs), timeout="1s")["backup_repository_error", "timeout"] == 1


def test_it_is_asked_at_each_poll_for_that_is_cheap(cluster: Cluster) -> None:
    entry = {"id": "pg", "config": str(cluster.config)}
    settings = PLUGIN.settings.model_validate({"repositories": [entry]})
    repository = Pgbackrest(settings.repositories[0], settings)
    assert repository.glance() != repository.glance()
