"""What becomes of a tool that hangs, is absent, or looks around: with scripts in its place."""

from __future__ import annotations

import json
import time
from pathlib import Path

import psutil
import pytest


def _script(path: Path, text: str) -> str:
    path.write_text(f"#!/bin/sh\n{text}\n", encoding="utf-8")
    path.chmod(0o755)
    return str(path)


@pytest.fixture
def repository(tmp_path):
    folder = tmp_path / "depot"
    (folder / "snapshots").mkdir(parents=True)
    (folder / "config").touch()
    secret = tmp_path / "secret"
    secret.write_text("motdepasse\n", encoding="utf-8")
    secret.chmod(0o600)
    return {"id": "restic-central", "path": str(folder), "password_file": str(secret)}


def test_a_tool_that_hangs_is_killed_with_its_children_and_hides_no_other(
    tmp_path, repository, build, scrape, until
):
    other = tmp_path / "autre"
    (other / "snapshots").mkdir(parents=True)
    pids = tmp_path / "pids"
    script = _script(
        tmp_path / "faux-restic",
        f'case "$RESTIC_REPOSITORY" in *autre) echo "[]"; exit 0;; esac\n'
        f"sleep 1000 & echo $! >> {pids}; echo $$ >> {pids}; wait",
    )
    collector = build(
        "restic",
        repository,
        {**repository, "id": "autre", "path": str(other)},
        command=script,
        timeout="1s",
    )
    start = time.monotonic()
    found = scrape(collector)
    assert time.monotonic() - start < 5
    assert found.reasons == {"restic-central": "timeout", "autre": "none"}
    assert found.up == {"restic-central": 0, "autre": 1}
    gone = [int(pid) for pid in pids.read_text(encoding="utf-8").split()]
    assert len(gone) >= 2
    end = time.monotonic() + 5
    while any(
        psutil.pid_exists(pid) and psutil.Process(pid).status() != "zombie" for pid in gone[:2]
    ):
        assert time.monotonic() < end
        time.sleep(0.05)


def test_a_scrape_never_waits_beyond_its_deadline_for_a_tool(tmp_path, repository, build, scrape):
    collector = build("restic", repository, command=_script(tmp_path / "lent", "sleep 1000"))
    for seconds in (1, 0.5):
        start = time.monotonic()
        found = scrape(collector, seconds=seconds)
        assert time.monotonic() - start < seconds
        assert (found.up, found.jobs) == ({}, {})


def test_closing_kills_the_tool_at_once(tmp_path, repository, build, scrape):
    pid = tmp_path / "pid"
    collector = build(
        "restic", repository, command=_script(tmp_path / "lent", f"echo $$ > {pid}; sleep 1000")
    )
    scrape(collector, seconds=1)
    process = psutil.Process(int(pid.read_text(encoding="utf-8")))
    start = time.monotonic()
    collector.close()
    process.wait(5)
    assert time.monotonic() - start < 3


def test_a_tool_that_is_not_installed_is_told_as_such(repository, build, scrape):
    assert scrape(build("restic", repository, command="restic-absent")).reasons == {
        "restic-central": "tool_missing"
    }


def test_at_most_one_tool_runs_at_a_time_at_the_lowest_priority(
    tmp_path, repository, build, scrape
):
    entries = []
    for number in range(4):
        folder = tmp_path / f"depot{number}"
        (folder / "snapshots").mkdir(parents=True)
        entries.append({**repository, "id": f"d{number}", "path": str(folder)})
    log = tmp_path / "log"
    script = _script(
        tmp_path / "faux", f"echo debut $(nice) >> {log}; sleep 0.2; echo fin >> {log}; echo '[]'"
    )
    found = scrape(build("restic", *entries, command=script))
    assert set(found.up.values()) == {1}
    lines = log.read_text(encoding="utf-8").split("\n")[:8]
    assert lines == ["debut 19", "fin"] * 4


@pytest.mark.parametrize("tool", ["restic", "borg"])
def test_the_secret_is_neither_in_the_arguments_nor_in_the_environment(
    tmp_path, repository, build, scrape, monkeypatch, capfd, tool
):
    monkeypatch.setenv("RESTIC_PASSWORD", "autre-secret")
    monkeypatch.setenv("BORG_PASSPHRASE", "autre-secret")
    entry = dict(repository)
    if tool == "borg":
        entry["passphrase_file"] = entry.pop("password_file")
    seen = tmp_path / "vu.json"
    python = "import json,os,sys; json.dump([sys.argv, dict(os.environ)], open(sys.argv[1], 'w'))"
    script = _script(
        tmp_path / "faux", f'python3 -c "{python}" {seen} "$@"; echo motus >&2; exit 2'
    )
    scrape(build(tool, entry, command=script))
    argv, env = json.loads(seen.read_text(encoding="utf-8"))
    told = json.dumps([argv, env]) + "".join(capfd.readouterr())
    assert "motdepasse" not in told
    assert "autre-secret" not in told
    assert entry["path"] not in argv
    if tool == "restic":
        assert env["RESTIC_PASSWORD_FILE"] == entry["password_file"]
        assert "--no-lock" in argv
    else:
        assert env["BORG_PASSCOMMAND"] == f"cat {entry['passphrase_file']}"
        assert env["TZ"] == "UTC"
