"""The collector ``bacula``: jobs of one or more directors, from their catalogues."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path
from typing import Annotated
from zoneinfo import ZoneInfo

from pydantic import AfterValidator, BaseModel, ConfigDict, Field

from exporters.backup.bacula import catalogue
from exporters.backup.bacula.jobs import contents_of
from exporters.backup.contents import Contents, Glance
from exporters.backup.settings import BackupSettings, faults
from exporters.backup.watching import BackupCollector
from exporters.toolkit.collector import Collector, CollectorPlugin, Context
from inventory.config import ConfigPath, Duration, Identifier, TimeZone
from inventory.process import Clock


class Catalogue(BaseModel):
    """One director's catalogue, in SQLite. `timezone` is that of the director's machine."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    id: Identifier = Field(
        description="nom du dépôt dans l'inventaire,", examples=["bacula-central"]
    )
    catalogue: ConfigPath = Field(
        description="le fichier du catalogue,", examples=["/var/lib/bacula/bacula.db"]
    )
    timezone: TimeZone | None = None


def _distinct(entries: tuple[Catalogue, ...]) -> tuple[Catalogue, ...]:
    for keys in ({one.id for one in entries}, {one.catalogue for one in entries}):
        if len(keys) < len(entries):
            raise ValueError(
                "catalogue déclaré deux fois ; attendu : chaque nom et fichier une fois"
            )
    return entries


class Settings(BackupSettings):
    """The block ``collectors.bacula``; `history` bounds what is asked of a large catalogue."""

    history: Duration = Field(timedelta(days=400), examples=["400d"])
    repositories: Annotated[tuple[Catalogue, ...], AfterValidator(_distinct)] = Field(
        description="les catalogues, un par entrée,", min_length=1
    )


class Bacula:
    """One catalogue."""

    def __init__(self, entry: Catalogue, settings: Settings, zone: ZoneInfo, clock: Clock) -> None:
        self._path = Path(entry.catalogue)
        self._zone, self._clock = zone, clock
        self._history = settings.history
        self._seconds = settings.timeout.total_seconds()

    def glance(self) -> Glance:
        """Whether its file changed. Raise Unreadable."""
        return catalogue.glance(self._path)

    def read(self) -> Contents:
        """Its jobs. Raise Unreadable."""
        since = self._clock() - self._history
        return contents_of(catalogue.rows(self._path, since, self._seconds), self._zone)


def _build(settings: Settings, context: Context) -> Collector:
    site = context.inventory.syndicate.timezone
    catalogues = {
        entry.id: Bacula(entry, settings, ZoneInfo(entry.timezone or site), context.clock)
        for entry in settings.repositories
    }
    return BackupCollector("bacula", catalogues, settings, context)


PLUGIN = CollectorPlugin(
    name="bacula",
    summary="tâches de Bacula, par son catalogue",
    settings=Settings,
    build=_build,
    check=lambda settings, inventory: faults(
        "bacula", settings.repositories, inventory, ("job_name", "host", "client")
    ),
)
