"""Folders of dumps on a real disk: complete files only, checksums compared, each fault told."""

from __future__ import annotations

import hashlib
import subprocess
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from exporters.backup.dumps.checking import Checking
from exporters.backup.dumps.collector import PLUGIN
from exporters.backup.dumps.folder import checksums_in, files_in
from exporters.toolkit.collector import Context, Deadline
from inventory import BackupJob, Inventory
from inventory.process import system_clock

Told = dict[tuple[str, str], float]


@pytest.fixture
def site(example_inventory: Inventory) -> Inventory:
    """The example's, whose syndicate dumps two databases each night."""
    jobs = tuple(
        BackupJob.model_validate(
            {
                "id": name,
                "tool": "dumps",
                "repository": "dumps",
                "max_age": "26h",
                "archive_prefix": f"{name}-",
            }
        )
        for name in ("annuaire", "grr")
    )
    ours = example_inventory.syndicate.model_copy(update={"backup_jobs": jobs})
    return example_inventory.model_copy(update={"syndicate": ours})


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    made = tmp_path / "dumps"
    made.mkdir()
    return made


@pytest.fixture
def read(site: Inventory, folder: Path) -> Iterator[Callable[..., Told]]:
    """(series, the label that tells it apart) -> value, by a collector of its own."""
    built = []

    def scrape(**entry: Any) -> Told:
        settings = PLUGIN.settings.model_validate(
            {"repositories": [{"id": "dumps", "path": str(folder), **entry}]}
        )
        built.append(PLUGIN.build(settings, Context(site, system_clock)))
        found: Told = {}
        for family in built[-1].collect(Deadline.after(20)):
            for sample in family.samples:
                labels = sample.labels
                which = labels.get("backup_job") or labels.get("reason") or labels.get("depth", "")
                if not sample.name.endswith(("_status", "_runs_total")):
                    found[sample.name, which] = sample.value
        return found

    yield scrape
    for collector in built:
        collector.close()


def write(folder: Path, name: str, text: str = "COPY agents FROM stdin;\n" * 99) -> Path:
    path = folder / name
    path.write_text(text)
    return path


def test_complete_files_are_points_of_the_job_whose_name_they_begin_with(
    folder: Path, read: Callable[..., Told]
) -> None:
    for day in (1, 2, 3):
        write(folder, f"annuaire-2026-05-0{day}.sql")
    write(folder, "annuaire-2026-05-04.sql.part")
    write(folder, "annuaire-2026-05-05.sql", "")
    write(folder, ".annuaire-2026-05-06.sql")
    newest = write(folder, "grr-2026-05-03.sql.gz")
    found = read()
    assert found["backup_job_recovery_points", "annuaire"] == 3
    assert found["backup_job_recovery_points", "grr"] == 1
    at = found["backup_job_newest_recovery_point_timestamp_seconds", "grr"]
    assert at == pytest.approx(newest.stat().st_mtime)
    assert found["backup_job_last_size_bytes", "grr"] == newest.stat().st_size
    assert found["backup_repository_up", ""] == 1
    assert ("backup_repository_verification_success", "full") not in found


def test_checksums_are_compared_and_a_flipped_bit_is_a_point_less(
    folder: Path, read: Callable[..., Told]
) -> None:
    for day in (1, 2):
        write(folder, f"annuaire-2026-05-0{day}.sql", f"{day}\n" * 5000)
    subprocess.run("sha256sum *.sql > SHA256SUMS", shell=True, cwd=folder, check=True)
    other = write(folder, "grr-1.sql")
    digest = hashlib.sha256(other.read_bytes()).hexdigest()
    write(folder, "grr-1.sql.sha256", f"{digest} *./tmp/grr.sql\n")
    found = read(checksums=True)
    assert found["backup_repository_verification_success", "full"] == 1
    assert found["backup_repository_verified_ratio", "full"] == 1
    assert found["backup_job_recovery_points", "annuaire"] == 2
    data = bytearray((folder / "annuaire-2026-05-02.sql").read_bytes())
    data[77] ^= 1
    (folder / "annuaire-2026-05-02.sql").write_bytes(data)
    found = read(checksums=True)
    assert found["backup_repository_error", "corrupt"] == 1
    assert found["backup_repository_up", ""] == 0
    assert found["backup_repository_verification_errors", "full"] == 1
    assert found["backup_job_recovery_points", "annuaire"] == 1
    assert found["backup_job_recovery_points", "grr"] == 1


def test_a_file_no_manifest_names_yet_is_none_where_checksums_are_wanted(
    folder: Path, read: Callable[..., Told]
) -> None:
    write(folder, "annuaire-1.sql")
    assert read(checksums=True)["backup_job_recovery_points", "annuaire"] == 0
    assert read()["backup_job_recovery_points", "annuaire"] == 1


@pytest.mark.parametrize(
    ("spoil", "reason"),
    [
        (lambda folder: folder.rmdir(), "missing"),
        (lambda folder: write(folder, "SHA256SUMS", "ceci n'est pas une somme\n"), "parse"),
        (lambda folder: (folder.rmdir(), folder.write_text("un fichier")), "missing"),
        (lambda folder: write(folder, "SHA256SUMS", "a" * (5 << 20)), "parse"),
    ],
)
def test_each_fault_has_its_reason(
    folder: Path, read: Callable[..., Told], spoil: Callable[[Path], object], reason: str
) -> None:
    spoil(folder)
    found = read()
    assert found["backup_repository_error", reason] == 1
    assert found["backup_repository_up", ""] == 0
    assert ("backup_job_recovery_points", "annuaire") not in found


def test_a_large_file_is_read_over_several_turns(folder: Path) -> None:
    large = folder / "grr-1.sql"
    large.write_bytes(b"x" * (24 << 20))
    digest = hashlib.sha256(large.read_bytes()).hexdigest()
    write(folder, "SHA256SUMS", f"{digest}  grr-1.sql\n")
    checking = Checking(folder, -1.0, system_clock, time.monotonic)  # no time at all
    files = [one for one in files_in(folder) if one.name == large.name]
    sums = checksums_in(folder, files_in(folder))
    turns = 0
    while checking.check(files) is None:
        checking.go_on(files, sums)
        turns += 1
        assert turns < 20
    assert turns == 7  # four megabytes each, and one to see its end
    assert checking.turns == 6
    assert not checking.wrong()
