"""The collector ``restic``: snapshots of restic repositories, read without their lock."""

from __future__ import annotations

import json
import re
from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated, Any

from pydantic import AfterValidator, Field

from exporters.backup.contents import Contents, Glance, RecoveryPoint
from exporters.backup.errors import Damaged, Reason, Unreadable
from exporters.backup.local_folder import names_in
from exporters.backup.process import Finished, ToolProcess, inherited_environment
from exporters.backup.settings import BackupSettings, RepositoryEntry, distinct, faults
from exporters.backup.watching import BackupCollector
from exporters.toolkit.collector import Collector, CollectorPlugin, Context
from inventory.config import SecretFile


class ResticRepository(RepositoryEntry):
    """A restic repository and the file that holds its password."""

    password_file: SecretFile = Field(
        description="fichier du mot de passe,", examples=["/etc/vigie/restic-central.password"]
    )


class Settings(BackupSettings):
    """The block ``collectors.restic``."""

    command: str = Field("restic", min_length=1, examples=["/usr/bin/restic"])
    repositories: Annotated[tuple[ResticRepository, ...], AfterValidator(distinct)] = Field(
        description="les dépôts, un par entrée,", min_length=1
    )


# restic < 0.17 ends with status 1 whatever the cause, so its words count too.
_STATUSES: dict[int, Reason] = {10: "missing", 11: "locked", 12: "auth"}
_WORDS: dict[Reason, str] = {  # in this order: restic asks "is there a repository" in most cases
    "unreachable": "connection refused|no such host|dial tcp|network is unreachable"
    "|permission denied|connection reset|i/o timeout|handshake",
    "auth": "wrong password|no key found|resolving password failed|empty password",
    "locked": "repository is already locked|unable to create lock",
    "missing": "is there a repository at|does not exist|no such file|specified key does not exist",
    "corrupt": "invalid data returned|ciphertext verification failed|invalid character"
    "|unexpected end|does not match|not authentic|corrupt|damaged|too short|hash mismatch",
}
_LOST = re.compile(r"could not load snapshot|ignoring .*snapshot", re.IGNORECASE)
_TIME = re.compile(r"(.*T\d\d:\d\d:\d\d)(\.\d{1,6})?\d*(Z|[+-]\d\d:\d\d)")


def why(finished: Finished) -> Reason:
    """The reason of a restic process that failed, from its status and what it said."""
    if finished.status in _STATUSES:
        return _STATUSES[finished.status]
    said = finished.errors.lower()
    return next(
        (reason for reason, words in _WORDS.items() if re.search(words, said)), "unreachable"
    )


def parse_time(text: str) -> datetime:
    """An instant as restic writes it (RFC 3339 with up to nine decimals), in UTC."""
    found = _TIME.fullmatch(text)
    if found is None:
        raise Unreadable("parse", f"ce n'est pas une date : {text[:40]!r}")
    zone = "+00:00" if found[3] == "Z" else found[3]
    return datetime.fromisoformat(f"{found[1]}{found[2] or ''}{zone}").astimezone(UTC)


def parse_snapshots(output: str) -> tuple[RecoveryPoint, ...]:
    """The snapshots in the output of ``restic snapshots --json``. Raise Unreadable ("parse").

    Other lines are ignored: restic 0.19 puts progress there.
    """
    lines = [line for line in output.splitlines() if line.startswith(("[", "null"))]
    try:
        snapshots: list[dict[str, Any]] = json.loads(lines[-1]) or []
        return tuple(
            RecoveryPoint(
                parse_time(one["time"]),
                id=one["id"],
                host=one.get("hostname", ""),
                tags=tuple(one.get("tags") or ()),
            )
            for one in snapshots
        )
    except (IndexError, KeyError, TypeError, AttributeError, ValueError) as error:
        raise Unreadable("parse", f"{type(error).__name__}: {output[:80]!r}") from None


class Restic:
    """One restic repository. It is listed by name and read with ``--no-lock``, never written to."""

    def __init__(self, entry: ResticRepository, settings: Settings, cache: Path | None) -> None:
        self.process = ToolProcess()
        self._entry = entry
        self._seconds = settings.timeout.total_seconds()
        cached = ["--cache-dir", str(cache)] if cache is not None else ["--no-cache"]
        self._command = [settings.command, "snapshots", "--json", "--no-lock", *cached]

    def glance(self) -> Glance:
        """The names in the folder of snapshots; each name is the hash of a snapshot."""
        if self._entry.path is None:
            return Glance()
        return Glance(names_in(self._entry.path / "snapshots", self._entry.path))

    def read(self) -> Contents:
        """Its snapshots, whoever made them."""
        env = {
            **inherited_environment(),
            "RESTIC_REPOSITORY": self._entry.location,
            "RESTIC_PASSWORD_FILE": str(self._entry.password_file),
        }
        finished = self.process.run(self._command, env, self._seconds)
        if finished.status:
            raise Unreadable(why(finished), finished.errors.strip()[-300:])
        points = parse_snapshots(finished.output)
        if _LOST.search(finished.errors):  # with status 0 all the same
            raise Damaged(Contents(points), finished.errors.strip()[-300:])
        return Contents(points)


def _build(settings: Settings, context: Context) -> Collector:
    cache = context.state_directory / "cache" if context.state_directory else None
    repositories = {entry.id: Restic(entry, settings, cache) for entry in settings.repositories}
    processes = [repository.process for repository in repositories.values()]
    return BackupCollector("restic", repositories, settings, context, processes=processes)


PLUGIN = CollectorPlugin(
    name="restic",
    summary="âge des sauvegardes restic",
    settings=Settings,
    build=_build,
    check=lambda settings, inventory: faults("restic", settings.repositories, inventory),
)
