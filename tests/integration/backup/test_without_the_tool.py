"""What is seen of real repositories without their tool: locks, room, settings, keyless lists."""

from __future__ import annotations

import json
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from exporters.toolkit.collector import Deadline

Told = dict[tuple[str, str], float]


def read(collector: Any, job: str = "") -> Told:
    """(series, the label that tells it apart) -> value, of the repository and of one job."""
    found = {}
    for family in collector.collect(Deadline.after(20)):
        for sample in family.samples:
            labels = sample.labels
            if labels.get("backup_job", job) == job:
                told = ("evidence", "exclusive", "reason", "encrypted")
                which = next((labels[name] for name in told if name in labels), "")
                found[sample.name, which] = sample.value
    return found


def until(collector: Any, expected: Callable[[Told], bool]) -> Told:
    end = time.monotonic() + 20
    while not expected(found := read(collector)):
        assert time.monotonic() < end, found
        time.sleep(0.2)
    return found


def test_a_restic_repository_without_its_password_tells_how_many_and_when(
    copies: dict[str, dict[str, str]], build: Callable[..., Any]
) -> None:
    entry = {key: copies["restic"][key] for key in ("id", "path")}
    found = read(build("restic", entry), "messagerie-boites")
    assert found["backup_repository_up", ""] == 1
    assert found["backup_job_recovery_points", ""] == 5  # whose each is only the key could tell
    newest = found["backup_job_newest_recovery_point_timestamp_seconds", ""]
    files = Path(entry["path"], "snapshots").iterdir()
    assert newest == pytest.approx(max(path.stat().st_mtime for path in files))
    assert found["backup_repository_info", "true"] == 1
    assert found["backup_repository_free_bytes", ""] > 0
    assert (
        found["backup_repository_free_bytes", ""] <= found["backup_repository_capacity_bytes", ""]
    )


def test_a_lock_of_restic_is_seen_with_its_age(
    copies: dict[str, dict[str, str]], build: Callable[..., Any]
) -> None:
    collector = build("restic", copies["restic"])
    first = read(collector)
    assert first["backup_repository_locks", "unknown"] == 0
    assert ("backup_repository_oldest_lock_timestamp_seconds", "") not in first
    lock = Path(copies["restic"]["path"], "locks", "a" * 64)
    lock.write_bytes(b"opaque")
    found = until(collector, lambda told: told["backup_repository_locks", "unknown"] == 1)
    age = found["backup_repository_oldest_lock_timestamp_seconds", ""]
    assert age == pytest.approx(lock.stat().st_mtime)
    lock.unlink()
    until(collector, lambda told: told["backup_repository_locks", "unknown"] == 0)


def test_who_holds_a_borg_repository_and_whether_it_only_grows(
    copies: dict[str, dict[str, str]], build: Callable[..., Any]
) -> None:
    folder = Path(copies["borg"]["path"])
    collector = build("borg", copies["borg"])
    first = read(collector)
    assert first["backup_repository_append_only", "config"] == 0
    assert first["backup_repository_append_only", "declared"] == 0
    assert {first["backup_repository_locks", kind] for kind in ("true", "false")} == {0}
    roster = {"exclusive": [], "shared": [["host@1", 77, 0], ["host@1", 78, 0]]}
    (folder / "lock.roster").write_text(json.dumps(roster))
    (folder / "lock.exclusive").mkdir()
    found = until(collector, lambda told: told["backup_repository_locks", "true"] == 1)
    assert found["backup_repository_locks", "false"] == 2
    (folder / "lock.exclusive").rmdir()
    (folder / "lock.roster").unlink()
    config = folder / "config"
    config.write_text(config.read_text().replace("append_only = 0", "append_only = 1"))
    found = read(build("borg", copies["borg"], state=False))
    assert found["backup_repository_append_only", "config"] == 1


def test_another_repository_in_the_place_of_the_one_before_is_dated(
    copies: dict[str, dict[str, str]], build: Callable[..., Any]
) -> None:
    collector = build("restic", copies["restic"])
    changed = "backup_repository_config_changed_timestamp_seconds"
    assert read(collector)[changed, ""] == 0
    collector.close()
    path = Path(copies["restic"]["path"], "config")
    path.chmod(0o600)
    path.write_bytes(path.read_bytes()[::-1])
    entry = {key: copies["restic"][key] for key in ("id", "path")}
    before = time.time()
    assert read(build("restic", entry))[changed, ""] >= before - 1
