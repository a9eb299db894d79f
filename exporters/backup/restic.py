"""The collector ``restic``: snapshots of restic repositories, read without their lock.

restic since 0.17 writes a summary into each snapshot: then sizes, changes and the end are known.
"""

from __future__ import annotations

import json
import re
from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated, Any, Self

from pydantic import AfterValidator, Field, model_validator

from exporters.backup.contents import Contents, Glance, Lock, RecoveryPoint, Volume
from exporters.backup.errors import Damaged, Reason, Unreadable
from exporters.backup.local_folder import dated, glance_of, identity_of, names_in
from exporters.backup.process import Finished, ToolProcess, inherited_environment
from exporters.backup.settings import BackupSettings, RepositoryEntry, distinct, faults
from exporters.backup.watching import BackupCollector
from exporters.toolkit.collector import Collector, CollectorPlugin, Context
from inventory.config import SecretFile


class ResticRepository(RepositoryEntry):
    """A restic repository and the file that holds its password.

    Without one it is watched keyless, in its folder: how many snapshots, and when each came.
    """

    password_file: SecretFile | None = Field(
        None,
        description="fichier du mot de passe,",
        examples=["/etc/vigie/restic-central.password"],
    )

    @model_validator(mode="after")
    def _keyless_is_local(self) -> Self:
        if self.password_file is None and self.path is None:
            raise ValueError(
                f"dépôt « {self.id} » : ni password_file ni path ; attendu : password_file, ou"
                " path pour ne lire que les noms de son dossier"
            )
        return self


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


def _point(one: dict[str, Any]) -> RecoveryPoint:
    summary = one.get("summary") or {}
    volume = Volume()
    if summary:
        volume = Volume(
            size_bytes=summary["total_bytes_processed"],
            added_bytes=summary["data_added"],
            stored_bytes=summary.get("data_added_packed"),
            files=summary["total_files_processed"],
            changed_files=summary["files_new"] + summary["files_changed"],
        )
    return RecoveryPoint(
        parse_time(one["time"]),
        id=one["id"],
        host=one.get("hostname", ""),
        tags=tuple(one.get("tags") or ()),
        end=parse_time(summary["backup_end"]) if summary.get("backup_end") else None,
        volume=volume,
    )


def parse_snapshots(output: str) -> tuple[RecoveryPoint, ...]:
    """The snapshots in the output of ``restic snapshots --json``. Raise Unreadable ("parse").

    Other lines are ignored: restic 0.19 puts progress there.
    """
    lines = [line for line in output.splitlines() if line.startswith(("[", "null"))]
    try:
        snapshots: list[dict[str, Any]] = json.loads(lines[-1]) or []
        return tuple(map(_point, snapshots))
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
        """The names in the folder of snapshots; each name is the hash of a snapshot.

        A lock's file is written anew every five minutes by whoever holds it.
        """
        folder = self._entry.path
        if folder is None:
            return Glance()
        names = names_in(folder / "snapshots", folder)
        there = (folder / "locks").is_dir()  # a copy of a repository may lack an empty folder
        locks = [Lock(since) for _, since in dated(folder / "locks", folder)] if there else []
        return glance_of(folder, names, tuple(locks))

    def read(self) -> Contents:
        """Its snapshots, whoever made them."""
        if self._entry.password_file is None and self._entry.path is not None:
            return self._keyless(self._entry.path)
        env = {
            **inherited_environment(),
            "RESTIC_REPOSITORY": self._entry.location,
            "RESTIC_PASSWORD_FILE": str(self._entry.password_file),
        }
        finished = self.process.run(self._command, env, self._seconds)
        if finished.status:
            raise Unreadable(why(finished), finished.errors.strip()[-300:])
        contents = self._contents(parse_snapshots(finished.output))
        if _LOST.search(finished.errors):  # with status 0 all the same
            raise Damaged(contents, finished.errors.strip()[-300:])
        return contents

    def _keyless(self, folder: Path) -> Contents:
        """What the names tell: a snapshot's file is written when its backup ends."""
        found = dated(folder / "snapshots", folder)
        return self._contents(tuple(RecoveryPoint(at, id=name) for name, at in found))

    def _contents(self, points: tuple[RecoveryPoint, ...]) -> Contents:
        folder = self._entry.path
        identity = identity_of(folder / "config") if folder is not None else ""
        return Contents(points, identity=identity, encrypted=True)


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
