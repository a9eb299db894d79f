"""The collector ``dumps``: files a program leaves in a folder, each a copy of something."""

from __future__ import annotations

from pathlib import Path
from time import monotonic
from typing import Annotated, Self

from pydantic import AfterValidator, Field, model_validator

from exporters.backup.contents import Contents, Glance, RecoveryPoint, Volume
from exporters.backup.dumps.checking import Checking
from exporters.backup.dumps.folder import DumpFile, checksums_in, files_in
from exporters.backup.dumps.manifest import is_manifest
from exporters.backup.errors import Damaged
from exporters.backup.local_folder import glance_of
from exporters.backup.settings import BackupSettings, RepositoryEntry, distinct, faults
from exporters.backup.watching import BackupCollector
from exporters.toolkit.collector import Collector, CollectorPlugin, Context
from inventory.process import Clock


class DumpFolder(RepositoryEntry):
    """A folder of this machine; `checksums`: a file counts only once a manifest names it."""

    checksums: bool = Field(False, description="exiger une somme de contrôle")

    @model_validator(mode="after")
    def _local(self) -> Self:
        if self.path is None:
            raise ValueError(f"dossier « {self.id} » : url ; attendu : path, un dossier d'ici")
        return self


class Settings(BackupSettings):
    """The block ``collectors.dumps``. `timeout` bounds how long checksums are compared at once."""

    repositories: Annotated[tuple[DumpFolder, ...], AfterValidator(distinct)] = Field(
        description="les dossiers, un par entrée,", min_length=1
    )


class Dumps:
    """One folder. A file's data are at most as old as its last byte: that is its instant."""

    def __init__(self, entry: DumpFolder, settings: Settings, clock: Clock) -> None:
        self._folder = Path(entry.location)
        self._needs_sums = entry.checksums
        self._checking = Checking(
            self._folder, settings.timeout.total_seconds(), clock, now=monotonic
        )

    def glance(self) -> Glance:
        """Names, sizes and times of its files. Raise Unreadable.

        It changes too when a reading left checksums to compare: they are gone on with.
        """
        return glance_of(self._folder, (files_in(self._folder), self._checking.turns), ())

    def read(self) -> Contents:
        """Its files, those that are wrong left out. Raise Unreadable."""
        found = files_in(self._folder)
        sums = checksums_in(self._folder, found)
        dumps = [file for file in found if not is_manifest(file.name) and file.size]
        if self._needs_sums:
            dumps = [file for file in dumps if file.name in sums]
        self._checking.go_on(dumps, sums)
        wrong = self._checking.wrong()
        check = self._checking.check(dumps)
        contents = Contents(
            tuple(_point(file) for file in dumps if file not in wrong),
            checks=(check,) if check is not None else (),
            size_bytes=sum(file.size for file in found),
        )
        if wrong:
            names = ", ".join(sorted(file.name for file in wrong))
            raise Damaged(contents, f"somme de contrôle fausse : {names[:200]}")
        return contents


def _point(file: DumpFile) -> RecoveryPoint:
    volume = Volume(size_bytes=file.size, files=1)
    return RecoveryPoint(
        file.written, id=file.name, name=file.name, end=file.written, volume=volume
    )


def _build(settings: Settings, context: Context) -> Collector:
    folders = {entry.id: Dumps(entry, settings, context.clock) for entry in settings.repositories}
    return BackupCollector("dumps", folders, settings, context)


PLUGIN = CollectorPlugin(
    name="dumps",
    summary="âge et sommes de contrôle des dumps d'un dossier",
    settings=Settings,
    build=_build,
    check=lambda settings, inventory: faults(
        "dumps", settings.repositories, inventory, ("archive_prefix", "job_name")
    ),
)
