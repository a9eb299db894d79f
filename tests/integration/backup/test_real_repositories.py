"""restic and Borg for real: sound repositories, and every way they can be unreadable."""

from __future__ import annotations

import os
import shutil
import subprocess
import time
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from deploy.estate.backups import Backups

TOOLS = ("restic", "borg")
JOBS = {
    "restic": {
        "messagerie-boites",
        "valmont-donnees",
        "saint-aubin-donnees",
        "la-roche-donnees",
        "villers-donnees",
    },
    "borg": {"annuaire-ldap", "brecourt-donnees", "montfleury-donnees", "haucourt-donnees"},
}


def test_the_repositories_of_the_example_are_made_in_a_moment(made):
    assert made[1] < 40  # 4.5 s on an idle machine of 2 cores; the others test at the same time


@pytest.mark.parametrize("tool", TOOLS)
def test_every_declared_job_has_the_age_of_its_last_copy_at_the_first_scrape(
    made, build, scrape, tool
):
    found = scrape(build(tool, *made[0].repositories()[tool]))
    assert set(found.jobs) == JOBS[tool]
    now = time.time()
    assert all(now - 300 < value <= now for value in found.jobs.values())
    assert set(found.points.values()) == {1}
    assert found.up == {f"{tool}-central": 1}
    assert found.reasons == {f"{tool}-central": "none"}


@pytest.mark.parametrize(
    ("tool", "job"), [("restic", "valmont-donnees"), ("borg", "brecourt-donnees")]
)
def test_a_new_copy_shows_and_an_older_one_dated_back_does_not(
    made, tmp_path, example_inventory, build, scrape, until, tool, job
):
    shutil.copytree(made[0]._folder, tmp_path / "own")
    backups = Backups(tmp_path / "own", example_inventory)
    backups.start()  # finds everything there and fresh
    collector = build(tool, *backups.repositories()[tool])
    first = scrape(collector).jobs[job]
    backups.back_up(job, datetime.now(UTC) - timedelta(hours=30))
    found = until(collector, lambda s: s.points[job] == 2)
    assert found.jobs[job] == first
    backups.back_up(job)
    found = until(collector, lambda s: s.points[job] == 3)
    assert first < found.jobs[job] <= time.time()


@pytest.mark.parametrize("tool", TOOLS)
def test_a_wrong_password_is_told_as_such(copies, build, scrape, tmp_path, tool):
    wrong = tmp_path / "wrong"
    wrong.write_text("faux\n", encoding="utf-8")
    wrong.chmod(0o600)
    key = {"restic": "password_file", "borg": "passphrase_file"}[tool]
    found = scrape(build(tool, {**copies[tool], key: str(wrong)}))
    assert found.reasons == {f"{tool}-central": "auth"}
    assert found.up == {f"{tool}-central": 0}
    assert found.jobs == {}


@pytest.mark.parametrize("tool", TOOLS)
def test_a_repository_that_is_not_there_is_missing_and_hides_no_other(
    copies, build, scrape, tmp_path, tool
):
    absent = {**copies[tool], "id": "absent", "path": str(tmp_path / "nulle-part")}
    found = scrape(build(tool, absent, copies[tool]))
    assert found.reasons == {"absent": "missing", f"{tool}-central": "none"}
    assert set(found.jobs) == JOBS[tool]


@pytest.mark.parametrize("tool", TOOLS)
def test_a_repository_that_vanishes_keeps_its_values_until_they_are_stale(
    copies, build, scrape, until, tool
):
    collector = build(tool, copies[tool], stale_after="3s", recheck_interval="1s")
    before = scrape(collector).jobs
    path = Path(copies[tool]["path"])
    path.rename(path.with_name("parti"))
    name = f"{tool}-central"
    found = until(collector, lambda s: s.reasons == {name: "missing"})
    assert found.up == {name: 0}
    assert found.jobs in (before, {})
    until(collector, lambda s: s.jobs == {})
    path.with_name("parti").rename(path)
    until(collector, lambda s: s.up == {name: 1} and s.jobs == before)


def test_restic_is_read_while_a_backup_holds_its_lock(copies, build, scrape):
    entry = copies["restic"]
    env = {**os.environ, "RESTIC_PASSWORD_FILE": entry["password_file"]}
    command = ["restic", "-r", entry["path"], "--no-cache", "backup", "--stdin"]
    backup = subprocess.Popen(command, env=env, stdin=subprocess.PIPE, stdout=subprocess.DEVNULL)
    try:
        end = time.monotonic() + 10
        while not list(Path(entry["path"], "locks").iterdir()):
            assert time.monotonic() < end
            time.sleep(0.05)
        assert scrape(build("restic", entry)).reasons == {"restic-central": "none"}
    finally:
        backup.stdin.close()
        backup.wait(20)


def test_borg_held_by_a_backup_is_locked_yet_up_and_keeps_its_values(copies, build, scrape, until):
    entry = copies["borg"]
    collector = build("borg", entry, recheck_interval="1s")
    before = scrape(collector)
    lock = Path(entry["path"], "lock.exclusive")
    lock.mkdir()
    (lock / "ailleurs@1.2-3").touch()
    found = until(collector, lambda s: s.reasons == {"borg-central": "locked"})
    assert found.up == {"borg-central": 1}
    assert found.jobs == before.jobs
    (lock / "ailleurs@1.2-3").unlink()
    lock.rmdir()
    until(collector, lambda s: s.reasons == {"borg-central": "none"})


def test_borg_that_was_locked_from_the_start_is_down(copies, build, scrape):
    lock = Path(copies["borg"]["path"], "lock.exclusive")
    lock.mkdir()
    (lock / "ailleurs@1.2-3").touch()
    found = scrape(build("borg", copies["borg"]))
    assert (found.reasons, found.up) == ({"borg-central": "locked"}, {"borg-central": 0})


def test_a_snapshot_that_cannot_be_read_is_corruption_and_the_others_still_count(
    copies, build, scrape
):
    snapshots = Path(copies["restic"]["path"], "snapshots")
    spoiled = min(snapshots.iterdir())
    spoiled.chmod(0o600)
    spoiled.write_bytes(b"xx")
    found = scrape(build("restic", copies["restic"]))
    assert (found.reasons, found.up) == ({"restic-central": "corrupt"}, {"restic-central": 0})
    assert sorted(found.points.values()) == [0, 1, 1, 1, 1]


@pytest.mark.parametrize("tool", TOOLS)
def test_a_spoiled_configuration_of_a_repository_is_corruption(copies, build, scrape, tool):
    config = Path(copies[tool]["path"], "config")
    config.chmod(0o600)
    config.write_bytes(
        bytes(byte ^ 255 for byte in config.read_bytes()) if tool == "restic" else b"ruine"
    )
    assert scrape(build(tool, copies[tool])).reasons == {f"{tool}-central": "corrupt"}


@pytest.mark.parametrize("tool", TOOLS)
def test_nothing_is_written_in_the_home_nor_in_the_repository(
    copies, build, scrape, tmp_path, monkeypatch, tool
):
    home = tmp_path / "home"
    home.mkdir()
    monkeypatch.setenv("HOME", str(home))
    monkeypatch.delenv("XDG_CACHE_HOME", raising=False)
    before = {str(p) for p in Path(copies[tool]["path"]).rglob("*")}
    for state in (True, False):
        assert scrape(build(tool, copies[tool], state=state)).up == {f"{tool}-central": 1}
    assert list(home.iterdir()) == []
    assert {str(p) for p in Path(copies[tool]["path"]).rglob("*")} - {
        copies[tool]["path"] + "/lock.roster"
    } == before
