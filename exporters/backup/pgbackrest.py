"""The collector ``pgbackrest``: backups of PostgreSQL clusters, by repository and stanza.

Source: ``pgbackrest info --output=json`` (its user guide), which takes no lock, costs a hundredth
of a second, and ends with status 0 whatever it found.
"""

from __future__ import annotations

import json
import re
from datetime import UTC, datetime
from itertools import count
from typing import Annotated, Any

from pydantic import AfterValidator, BaseModel, ConfigDict, Field

from exporters.backup.contents import Contents, Glance, RecoveryPoint, Volume
from exporters.backup.errors import Reason, Unreadable
from exporters.backup.process import ToolProcess, inherited_environment
from exporters.backup.settings import BackupSettings, faults
from exporters.backup.watching import BackupCollector
from exporters.toolkit.collector import Collector, CollectorPlugin, Context
from inventory.config import ConfigPath, Identifier


class PgbackrestRepository(BaseModel):
    """One repository: the configuration that knows it, and its number there (``repo1-path``: 1)."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    id: Identifier = Field(description="nom du dépôt dans l'inventaire,", examples=["pg-central"])
    config: ConfigPath = Field(
        description="sa configuration,", examples=["/etc/pgbackrest/pgbackrest.conf"]
    )
    repo: int = Field(1, ge=1, le=256)
    stanza: str | None = Field(
        None, pattern=r"^[A-Za-z0-9_.-]+$", description="cette stanza seulement,", examples=["main"]
    )


def _distinct(
    entries: tuple[PgbackrestRepository, ...],
) -> tuple[PgbackrestRepository, ...]:
    for keys in (
        [one.id for one in entries],
        [(one.config, one.repo, one.stanza) for one in entries],
    ):
        if len(set(keys)) < len(keys):
            raise ValueError("dépôt déclaré deux fois ; attendu : chaque nom et place une fois")
    return entries


class Settings(BackupSettings):
    """The block ``collectors.pgbackrest``."""

    command: str = Field("pgbackrest", min_length=1, examples=["/usr/bin/pgbackrest"])
    repositories: Annotated[tuple[PgbackrestRepository, ...], AfterValidator(_distinct)] = Field(
        description="les dépôts, un par entrée,", min_length=1
    )


_SOUND, _NO_BACKUP, _OTHER = 0, 2, 99
_GONE = (1, 3)  # the stanza's path, or its data
_WORDS: tuple[tuple[Reason, str], ...] = (  # its error classes first, then what it says
    ("auth", r"\[crypto|cipher|decrypt|access ?denied|403"),
    ("unreachable", r"permission denied|\[(host|service|protocol)|unable to (connect|get address)"),
    ("missing", r"\[(file|path)missing|missing file|no such file"),
    ("corrupt", r"\[(format|checksum)|checksum|invalid|corrupt|unable to (open|load|parse)"),
)
_NOISE = re.compile("\N{REPLACEMENT CHARACTER}|outside of section at line 1:")


def why(said: str, *, encrypted: bool = False) -> Reason:
    """The reason in what pgBackRest says of a repository it could not read.

    A wrong passphrase makes noise of an `encrypted` file, from its first line on, and that is
    what it says: of 300 wrong ones 296 gave bytes that are no text, 4 a few that are.
    """
    if encrypted and _NOISE.search(said):
        return "auth"
    text = said.lower()
    return next((reason for reason, words in _WORDS if re.search(words, text)), "unreachable")


def parse_info(output: str, repo: int) -> Contents:
    """What ``info`` says of one repository. Raise Unreadable, also of one stanza of several."""
    try:
        # Not strict: what it says of a file it cannot read may hold anything.
        stanzas: list[dict[str, Any]] = json.loads(output, strict=False)
        points: list[RecoveryPoint] = []
        bad: list[tuple[Reason, str]] = []
        ciphers = set()
        for stanza in stanzas:
            here = [one for one in stanza["repo"] if one["key"] == repo]
            for found in here:
                ciphers.add(found["cipher"])
                state = found["status"]
                if state["code"] not in (_SOUND, _NO_BACKUP):
                    encrypted = found["cipher"] != "none"
                    said = state["message"].partition("\n")[0]  # the rest may be noise
                    reason = why(state["message"], encrypted=encrypted)
                    bad.append(("missing" if state["code"] in _GONE else reason, said))
            points += [
                _point(stanza["name"], one)
                for one in stanza["backup"]
                if one["database"]["repo-key"] == repo
            ]
    except (KeyError, TypeError, ValueError, AttributeError) as error:
        raise Unreadable("parse", f"{type(error).__name__}: {output[:80]!r}") from None
    contents = Contents(
        tuple(points), encrypted=ciphers != {"none"} if ciphers - {"mixed"} else None
    )
    if bad:
        raise Unreadable(*bad[0])
    return contents


def _point(stanza: str, one: dict[str, Any]) -> RecoveryPoint:
    info = one["info"]
    return RecoveryPoint(
        _instant(one["timestamp"]["start"]),
        id=one["label"],
        name=stanza,
        end=_instant(one["timestamp"]["stop"]),
        level=one["type"],
        volume=Volume(
            size_bytes=info["size"],
            added_bytes=info["delta"],
            stored_bytes=info["repository"].get("delta"),
            errors=int(bool(one.get("error"))),
        ),
    )


def _instant(seconds: float) -> datetime:
    return datetime.fromtimestamp(seconds, UTC)


class Pgbackrest:
    """One repository. Nothing is written there, and no backup is held up."""

    def __init__(self, entry: PgbackrestRepository, settings: Settings) -> None:
        self.process = ToolProcess()
        self._repo = entry.repo
        self._seconds = settings.timeout.total_seconds()
        self._looks = count()
        self._command = [
            settings.command,
            f"--config={entry.config}",
            f"--repo={entry.repo}",
            "--output=json",
            "--log-level-console=off",
            "--log-level-file=off",
            "--log-level-stderr=error",
            *((f"--stanza={entry.stanza}",) if entry.stanza else ()),
            "info",
        ]

    def glance(self) -> Glance:
        """Asking is as cheap as looking would be: it is asked at each poll."""
        return Glance(next(self._looks))

    def read(self) -> Contents:
        """Its backups, of every stanza. Raise Unreadable."""
        finished = self.process.run(self._command, inherited_environment(), self._seconds)
        if finished.status:
            raise Unreadable(why(finished.errors), finished.errors.strip()[-300:])
        if not finished.output.strip("[] \n"):
            raise Unreadable("missing", "aucune stanza dans ce dépôt")
        return parse_info(finished.output, self._repo)


def _build(settings: Settings, context: Context) -> Collector:
    repositories = {entry.id: Pgbackrest(entry, settings) for entry in settings.repositories}
    processes = [repository.process for repository in repositories.values()]
    return BackupCollector("pgbackrest", repositories, settings, context, processes=processes)


PLUGIN = CollectorPlugin(
    name="pgbackrest",
    summary="sauvegardes PostgreSQL de pgBackRest",
    settings=Settings,
    build=_build,
    check=lambda settings, inventory: faults(
        "pgbackrest", settings.repositories, inventory, ("job_name",)
    ),
)
