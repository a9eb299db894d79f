"""The collector ``borg``: archives of Borg repositories."""

from __future__ import annotations

import configparser
import json
import re
import shlex
import shutil
import tempfile
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated, Any

from pydantic import AfterValidator, Field

from exporters.backup.contents import Contents, Glance, Lock, RecoveryPoint
from exporters.backup.errors import Reason, Unreadable
from exporters.backup.local_folder import glance_of, names_in, no_repository, written
from exporters.backup.process import Finished, ToolProcess, inherited_environment
from exporters.backup.settings import BackupSettings, RepositoryEntry, distinct, faults
from exporters.backup.watching import BackupCollector
from exporters.toolkit.collector import Collector, CollectorPlugin, Context
from inventory.config import SecretFile


class BorgRepository(RepositoryEntry):
    """A Borg repository and the file of its passphrase; without one, it is not encrypted."""

    passphrase_file: SecretFile | None = Field(
        None,
        description="fichier de la phrase de passe,",
        examples=["/etc/vigie/borg-central.passphrase"],
    )


class Settings(BackupSettings):
    """The block ``collectors.borg``."""

    command: str = Field("borg", min_length=1, examples=["/usr/bin/borg"])
    repositories: Annotated[tuple[BorgRepository, ...], AfterValidator(distinct)] = Field(
        description="les dépôts, un par entrée,", min_length=1
    )


# Message ids of ``--log-json`` (Borg's internals documentation), the same in 1.2 and 1.4.
_MESSAGES: dict[str, Reason] = {
    "LockTimeout": "locked",
    "LockError": "unreachable",
    "LockErrorT": "unreachable",
    "PassphraseWrong": "auth",
    "PasscommandFailure": "auth",
    "NoPassphraseFailure": "auth",
    "PasswordRetriesExceeded": "auth",
    "RepoKeyNotFoundError": "auth",
    "KeyfileNotFoundError": "auth",
    "Repository.DoesNotExist": "missing",
    "Repository.PathPermissionDenied": "unreachable",
    "ConnectionClosed": "unreachable",
    "ConnectionClosedWithHint": "unreachable",
    "Repository.InvalidRepository": "corrupt",
    "Repository.InvalidRepositoryConfig": "corrupt",
    "Repository.CheckNeeded": "corrupt",
    "Repository.ObjectNotFound": "corrupt",
    "Cache.RepositoryReplay": "corrupt",
    "Manifest.NoManifestError": "corrupt",
    "NoManifestError": "corrupt",
    "IntegrityError": "corrupt",
    "DataIntegrityError": "corrupt",
    "FileIntegrityError": "corrupt",
}
_CHECKPOINT = re.compile(r"\.checkpoint(\.\d+)?\Z")
_GENERATION = ("index.", "hints.", "integrity.")


def _messages(errors: str) -> Iterator[tuple[str, str]]:
    for line in errors.splitlines():
        try:
            message = json.loads(line[max(0, line.find('{"type"')) :])  # a prompt may precede
            yield str(message.get("msgid") or ""), str(message.get("message", ""))
        except (ValueError, AttributeError):
            yield "", line


def why(finished: Finished) -> Reason:
    """The reason of a Borg process that failed, from the message ids of its log."""
    for identifier, message in _messages(finished.errors):
        if identifier in _MESSAGES:
            return _MESSAGES[identifier]
        if re.search(r"passphrase supplied in .* is incorrect", message):
            return "auth"
        if re.search(r"integrity|inconsistent|configparser", message, re.IGNORECASE):
            return "corrupt"
    return "unreachable"


def parse_archives(output: str) -> tuple[RecoveryPoint, ...]:
    """The archives in the output of ``borg list --json`` run in UTC. Raise Unreadable ("parse").

    Checkpoints of interrupted backups are no recovery points.
    """
    return parse_list(output).points


def parse_list(output: str) -> Contents:
    """The archives, and what the list says of the repository. Raise Unreadable ("parse")."""
    try:
        answer = json.loads(output)
        archives: list[dict[str, Any]] = answer["archives"]
        points = tuple(
            RecoveryPoint(
                datetime.fromisoformat(one["start"]).replace(tzinfo=UTC),
                id=one["id"],
                name=one["name"],
            )
            for one in archives
            if not _CHECKPOINT.search(one["name"])
        )
        mode = (answer.get("encryption") or {}).get("mode")
        identity = str((answer.get("repository") or {}).get("id", ""))
    except (KeyError, TypeError, ValueError, AttributeError) as error:
        raise Unreadable("parse", f"{type(error).__name__}: {output[:80]!r}") from None
    return Contents(points, identity=identity, encrypted=None if mode is None else mode != "none")


def locks_in(repository: Path) -> tuple[Lock, ...]:
    """Who holds it: a folder for the one that writes, a list for those that only read."""
    found = []
    since = written(repository / "lock.exclusive")
    if since is not None:
        found.append(Lock(since, exclusive=True))
    since = written(repository / "lock.roster")
    if since is not None:
        try:
            shared = json.loads((repository / "lock.roster").read_text(encoding="utf-8"))["shared"]
            found += [Lock(since, exclusive=False)] * len(shared)
        except (OSError, ValueError, KeyError, TypeError):
            found.append(Lock(since))
    return tuple(found)


def append_only_of(repository: Path) -> bool | None:
    """What the repository's own ``config`` says; None: it says nothing that can be read."""
    parser = configparser.ConfigParser(interpolation=None)
    try:
        parser.read_string((repository / "config").read_text(encoding="utf-8"))
        return parser.getboolean("repository", "append_only")
    except (OSError, ValueError, configparser.Error):
        return None


class Borg:
    """One Borg repository. Borg takes a shared lock to list it, and writes nothing else there."""

    def __init__(self, entry: BorgRepository, settings: Settings, base: Path) -> None:
        self.process = ToolProcess()
        self._entry = entry
        self._base = base
        self._seconds = settings.timeout.total_seconds()
        self._command = [settings.command, "--log-json", "--lock-wait", "1", "list", "--json"]

    def glance(self) -> Glance:
        """The names of the repository's index files; they carry the number of the last commit."""
        if self._entry.path is None:
            return Glance()
        names = names_in(self._entry.path, self._entry.path)
        if "config" not in names:
            raise no_repository(self._entry.path)
        mark = frozenset(name for name in names if name.startswith(_GENERATION))
        return glance_of(self._entry.path, mark, locks_in(self._entry.path))

    def read(self) -> Contents:
        """Its archives, whoever made them."""
        finished = self.process.run(self._command, self._environment(), self._seconds)
        if finished.status not in (0, 1):  # 1: a warning, the list is complete
            said = "; ".join(text for _, text in _messages(finished.errors))
            raise Unreadable(why(finished), said[:300])
        contents = parse_list(finished.output)
        folder = self._entry.path
        append_only = append_only_of(folder) if folder is not None else None
        if append_only is None:
            return contents
        return replace(contents, append_only=append_only, append_only_evidence="config")

    def _environment(self) -> dict[str, str]:
        env = {
            **inherited_environment(),
            "BORG_REPO": self._entry.location,
            "BORG_BASE_DIR": str(self._base),
            # Nobody is there to answer; reading an unknown or moved repository harms nothing.
            "BORG_UNKNOWN_UNENCRYPTED_REPO_ACCESS_IS_OK": "yes",
            "BORG_RELOCATED_REPO_ACCESS_IS_OK": "yes",
            "BORG_EXIT_CODES": "legacy",
            "TZ": "UTC",  # Borg writes local times without an offset
        }
        if self._entry.passphrase_file is not None:
            env["BORG_PASSCOMMAND"] = f"cat {shlex.quote(str(self._entry.passphrase_file))}"
        return env


def _build(settings: Settings, context: Context) -> Collector:
    # Borg insists on a folder for what it remembers of repositories.
    kept = context.state_directory
    base = kept / "base" if kept is not None else Path(tempfile.mkdtemp(prefix="vigie-borg-"))

    def forget() -> None:
        if kept is None:
            shutil.rmtree(base, ignore_errors=True)

    repositories = {entry.id: Borg(entry, settings, base) for entry in settings.repositories}
    processes = [repository.process for repository in repositories.values()]
    return BackupCollector(
        "borg", repositories, settings, context, processes=processes, on_close=forget
    )


PLUGIN = CollectorPlugin(
    name="borg",
    summary="âge des sauvegardes Borg",
    settings=Settings,
    build=_build,
    check=lambda settings, inventory: faults(
        "borg", settings.repositories, inventory, ("archive_prefix",)
    ),
)
