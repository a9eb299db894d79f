"""Real restic and borg repositories with a real copy for every backup job of an inventory.

Nothing runs afterwards: a repository is a folder. Starting again keeps the
repositories and takes a new copy only of the jobs whose last one is over an hour old.
"""

from __future__ import annotations

import os
import secrets
import shlex
import subprocess
from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from pathlib import Path

from deploy.estate.child import EstateError
from inventory import BackupJob, Inventory

FRESH = timedelta(hours=1)


def _run(tool: str, arguments: list[str | Path], env: Mapping[str, str], cwd: Path) -> None:
    """One tool process. Raise EstateError with what it said if it fails."""
    command = [tool, *(str(a) for a in arguments)]
    try:
        done = subprocess.run(
            command,
            env={**os.environ, **env},
            cwd=cwd,
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            timeout=60,
            check=False,
        )
    except FileNotFoundError:
        raise EstateError(f"{tool} : programme absent ; attendu : apt install {tool}") from None
    except subprocess.TimeoutExpired:
        raise EstateError(f"{tool} : pas fini après 60 s") from None
    if done.returncode:
        raise EstateError(f"{tool} a échoué ({done.returncode}) : {done.stderr.strip()[-500:]}")


class Backups:
    """The repositories of `inventory`, under `folder`, each with its own password file."""

    def __init__(self, folder: Path, inventory: Inventory) -> None:
        self._folder = folder.resolve()
        self._jobs = [job for _, job in inventory.backup_jobs()]

    def start(self) -> None:
        """Create what is missing and copy what is due. Raise EstateError naming the tool."""
        for job in self._jobs:
            source = self._source(job)
            source.mkdir(parents=True, exist_ok=True)
            (source / "délibérations.txt").write_text(f"{job.id}\n" * 50, encoding="utf-8")
        with ThreadPoolExecutor(2) as pool:  # the tools do not wait for each other
            list(pool.map(self._fill, ("restic", "borg")))

    def stop(self) -> None:
        """Nothing runs; here so that every part of the estate has the same shape."""

    def repositories(self) -> dict[str, list[dict[str, str]]]:
        """The `repositories` setting of each backup collector, by collector name."""
        keys = {"restic": "password_file", "borg": "passphrase_file"}
        found: dict[str, list[dict[str, str]]] = {}
        for tool, repository in sorted({(job.tool, job.repository) for job in self._jobs}):
            found.setdefault(tool, []).append(
                {
                    "id": repository,
                    "path": str(self.path(repository)),
                    keys[tool]: str(self._password(repository)),
                }
            )
        return found

    def path(self, repository: str) -> Path:
        """Where a repository is."""
        return self._folder / "repositories" / repository

    def back_up(self, identifier: str, at: datetime | None = None) -> None:
        """Take a new copy for one job now, dated `at` if given (a late backup, for tests)."""
        job = next((j for j in self._jobs if j.id == identifier), None)
        if job is None:
            raise EstateError(f"sauvegarde « {identifier} » inconnue de l'inventaire")
        when = (at or datetime.now(UTC)).astimezone(UTC)
        env, source = self._environment(job.repository), self._source(job)
        if job.tool == "restic":
            tag = ["--tag", job.tag] if job.tag else []
            stamp = ["--time", when.strftime("%Y-%m-%d %H:%M:%S")] if at else []
            host = ["--host", job.host or job.id]
            _run("restic", ["backup", "--quiet", *host, *tag, *stamp, "."], env, source)
        else:
            name = f"{job.archive_prefix or job.id + '-'}{when:%Y-%m-%dT%H:%M:%S.%f}"
            stamp = ["--timestamp", when.strftime("%Y-%m-%dT%H:%M:%S")] if at else []
            _run("borg", ["create", *stamp, f"::{name}", "."], env, source)
        stamp_file = self._stamp(job)
        stamp_file.touch()
        os.utime(stamp_file, (when.timestamp(), when.timestamp()))

    def _fill(self, tool: str) -> None:
        jobs = [job for job in self._jobs if job.tool == tool]
        for repository in sorted({job.repository for job in jobs}):
            if not (self.path(repository) / "config").exists():
                self._create(tool, repository)
        for job in jobs:
            stamp = self._stamp(job)
            age = datetime.now(UTC).timestamp() - stamp.stat().st_mtime if stamp.exists() else None
            if age is None or not 0 <= age < FRESH.total_seconds():
                self.back_up(job.id)

    def _create(self, tool: str, repository: str) -> None:
        self.path(repository).parent.mkdir(parents=True, exist_ok=True)
        password = self._password(repository)
        if not password.exists():
            password.touch(mode=0o600)
            password.write_text(secrets.token_urlsafe(24) + "\n", encoding="utf-8")
        for job in self._jobs:
            if job.repository == repository:
                self._stamp(job).unlink(missing_ok=True)
        encryption = ["--encryption", "repokey"] if tool == "borg" else ["--quiet"]
        _run(tool, ["init", *encryption], self._environment(repository), self._folder)

    def _source(self, job: BackupJob) -> Path:
        return self._folder / "sources" / job.id

    def _stamp(self, job: BackupJob) -> Path:
        return self._folder / "sources" / f"{job.id}.last"

    def _password(self, repository: str) -> Path:
        return self._folder / f"{repository}.password"

    def _environment(self, repository: str) -> dict[str, str]:
        """Repository and secret by environment: nothing of them in a process list."""
        password = self._password(repository)
        return {
            "RESTIC_REPOSITORY": str(self.path(repository)),
            "RESTIC_PASSWORD_FILE": str(password),
            "RESTIC_CACHE_DIR": str(self._folder / "restic-cache"),
            "BORG_REPO": str(self.path(repository)),
            "BORG_PASSCOMMAND": f"cat {shlex.quote(str(password))}",
            "BORG_BASE_DIR": str(self._folder / "borg-base"),
            "BORG_RELOCATED_REPO_ACCESS_IS_OK": "yes",  # somebody moved the folder of the demo
            "TZ": "UTC",
        }
