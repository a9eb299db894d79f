"""A current restic beside Debian 12's, in a folder and through its REST server."""

from __future__ import annotations

import subprocess
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from deploy.estate.child import start_child
from deploy.estate.ports import LOOPBACK, free_base, is_free
from exporters.toolkit.collector import Deadline

NEWER = Path(__file__).parents[3] / "build" / "newer"
RESTIC = NEWER / "restic/usr/bin/restic"
SERVER = NEWER / "restic-rest-server/usr/bin/restic-rest-server"
OLD = "/usr/bin/restic"
JOB = "valmont-donnees"
HOST = "valmont-web"


class Source:
    """Files to back up, and a password."""

    def __init__(self, folder: Path) -> None:
        self.files, self.password = folder / "source", folder / "password"
        self.files.mkdir()
        for number in range(40):
            text = f"délibération {number}, séance du conseil municipal\n" * 200
            (self.files / f"{number}.txt").write_text(text, encoding="utf-8")
        self.password.touch(mode=0o600)
        self.password.write_text("secret")

    def run(self, program: Path | str, repository: str, *arguments: str) -> str:
        command = [str(program), "-q", "--no-cache", "-r", repository, *arguments]
        env = {"RESTIC_PASSWORD_FILE": str(self.password), "PATH": "/usr/bin", "HOME": "/"}
        done = subprocess.run(command, env=env, capture_output=True, text=True, check=False)
        assert done.returncode == 0, done.stderr
        return done.stdout

    def back_up(self, program: Path | str, repository: str) -> None:
        self.run(program, repository, "backup", "--host", HOST, str(self.files))


@pytest.fixture
def source(tmp_path: Path) -> Source:
    assert RESTIC.exists(), "absent : tests/run l'installe (deploy/bootstrap/newer.sh)"
    return Source(tmp_path)


@pytest.fixture
def serve(tmp_path: Path) -> Iterator[Callable[..., str]]:
    """Starts a REST server, perhaps with --append-only; the repository's address."""
    started = []

    def start(*options: str) -> str:
        port = free_base() + len(started)
        command = [SERVER, "--path", tmp_path / "served", "--no-auth", *options]
        child = start_child(
            "rest-server",
            [*command, "--listen", f"{LOOPBACK}:{port}"],
            tmp_path / f"server{port}.log",
        )
        started.append(child)
        child.wait_ready(lambda: not is_free(port))
        return f"rest:http://{LOOPBACK}:{port}/"

    yield start
    for child in started:
        child.stop()


def read(collector: Any) -> dict[tuple[str, str], float]:
    """(series, the label that tells it apart) -> value, of the one repository and the one job."""
    found = {}
    for family in collector.collect(Deadline.after(20)):
        for sample in family.samples:
            if sample.labels.get("backup_job", JOB) == JOB:
                told = ("status", "evidence", "exclusive", "reason", "bucket")
                which = next((sample.labels[name] for name in told if name in sample.labels), "")
                found[sample.name, which] = sample.value
    return found


def test_sizes_changes_and_the_end_come_from_the_summary_of_a_current_restic(
    source: Source, build: Callable[..., Any], tmp_path: Path
) -> None:
    repository = tmp_path / "depot"
    source.run(OLD, str(repository), "init")
    source.back_up(OLD, str(repository))
    entry = {
        "id": "restic-central",
        "path": str(repository),
        "password_file": str(source.password),
    }
    for command in (OLD, str(RESTIC)):
        old = read(build("restic", entry, command=command))
        assert old["backup_job_recovery_points", ""] == 1
        assert ("backup_job_last_size_bytes", "") not in old
        assert old["backup_repository_up", ""] == 1
    (source.files / "3.txt").write_text("corrigée\n" * 300, encoding="utf-8")
    before = time.time()
    source.back_up(RESTIC, str(repository))
    size = sum(path.stat().st_size for path in source.files.iterdir())
    # The old one lists the new snapshot, and leaves out what it does not know.
    assert read(build("restic", entry, command=OLD))["backup_job_recovery_points", ""] == 2
    new = read(build("restic", entry, command=str(RESTIC)))
    assert new["backup_job_recovery_points", ""] == 2
    assert new["backup_job_last_files", ""] == 40
    assert new["backup_job_last_changed_files", ""] == 1
    assert new["backup_job_last_size_bytes", ""] == size
    assert 0 < new["backup_job_last_added_bytes", ""] < size
    assert new["backup_job_last_success_timestamp_seconds", ""] >= before
    assert new["backup_repository_free_bytes", ""] > 0


def test_a_lock_is_seen_without_the_tool_and_keyless_too(
    source: Source, build: Callable[..., Any], tmp_path: Path
) -> None:
    repository = tmp_path / "depot"
    source.run(RESTIC, str(repository), "init")
    source.back_up(RESTIC, str(repository))
    keyless = build("restic", {"id": "restic-central", "path": str(repository)})
    first = read(keyless)
    assert first["backup_repository_locks", "unknown"] == 0
    assert ("backup_repository_oldest_lock_timestamp_seconds", "") not in first
    assert abs(first["backup_job_newest_recovery_point_timestamp_seconds", ""] - time.time()) < 60
    (repository / "locks" / ("a" * 64)).write_bytes(b"opaque")
    end = time.monotonic() + 20
    while read(keyless)["backup_repository_locks", "unknown"] != 1:
        assert time.monotonic() < end
        time.sleep(0.2)
    assert read(keyless)["backup_repository_oldest_lock_timestamp_seconds", ""] > 0


@pytest.mark.parametrize(("options", "refused"), [((), 0), (("--append-only",), 1)])
def test_what_a_rest_server_refuses_to_remove_is_asked_and_nothing_is_removed(
    source: Source,
    build: Callable[..., Any],
    serve: Callable[..., str],
    options: tuple[str, ...],
    refused: float,
) -> None:
    url = serve(*options)
    source.run(RESTIC, url, "init")
    source.back_up(RESTIC, url)
    entry = {
        "id": "restic-central",
        "url": url,
        "password_file": str(source.password),
        "probe_append_only": True,
    }
    found = read(build("restic", entry, command=str(RESTIC)))
    assert found["backup_repository_up", ""] == 1
    assert found["backup_repository_append_only", "probed"] == refused
    assert found["backup_job_recovery_points", ""] == 1
    assert found["backup_job_last_files", ""] == 40
