"""What the settings of all backup collectors share, and how they fit the inventory."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from datetime import timedelta
from typing import Annotated, Protocol, Self
from urllib.parse import urlsplit
from zoneinfo import ZoneInfo

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, model_validator

from exporters.backup.job import jobs_of
from exporters.backup.policy.schedule import Schedule, ScheduleError
from exporters.toolkit.collector import SettingFault
from inventory import Inventory
from inventory.config import ConfigPath, Duration, Identifier
from inventory.process import system_clock


def _without_password(url: str) -> str:
    try:
        secret = urlsplit(url[url.find("http") :] if "http" in url else url).password
    except ValueError:
        secret = None
    if secret is not None:
        raise ValueError(
            "l'URL contient un mot de passe ; attendu : l'identifiant seul, et le mot de passe"
            " dans l'environnement du service"
        )
    return url


class RepositoryEntry(BaseModel):
    """One repository: the short name its metrics carry, and where it is."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    id: Identifier = Field(
        description="nom du dépôt dans l'inventaire,", examples=["restic-central"]
    )
    path: ConfigPath | None = Field(None, examples=["/srv/sauvegardes/central"])
    url: Annotated[str, AfterValidator(_without_password)] | None = Field(
        None, examples=["sftp:sauvegarde@serveur:/depot"]
    )

    @model_validator(mode="after")
    def _one_place(self) -> Self:
        if (self.path is None) == (self.url is None):
            found = "ni path ni url" if self.path is None else "path et url à la fois"
            raise ValueError(
                f"dépôt « {self.id} » : {found} ; attendu : path (dossier local) ou url, un seul"
            )
        return self

    @property
    def location(self) -> str:
        """The repository as its tool wants it named."""
        return str(self.path) if self.path is not None else str(self.url)


def distinct(entries: tuple[RepositoryEntry, ...]) -> tuple[RepositoryEntry, ...]:
    """The entries. Raise ValueError (French) if two share a name or a place."""
    for what, values in (
        ("nom", [entry.id for entry in entries]),
        ("emplacement", [entry.location for entry in entries]),
    ):
        for value, count in Counter(values).items():
            if count > 1:
                raise ValueError(
                    f"dépôt « {value} » déclaré {count} fois ;"
                    f" attendu : chaque {what} une seule fois"
                )
    return entries


class BackupSettings(BaseModel):
    """How often to look, how long to wait, when to stop showing what was last seen."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    poll_interval: Duration = Field(timedelta(minutes=1), examples=["1m"])
    recheck_interval: Duration = Field(timedelta(minutes=30), examples=["30m"])
    timeout: Duration = Field(timedelta(seconds=30), examples=["30s"])
    stale_after: Duration = Field(timedelta(hours=2), examples=["2h"])

    @model_validator(mode="after")
    def _usable(self) -> Self:
        for name in ("poll_interval", "recheck_interval", "timeout", "stale_after"):
            if getattr(self, name) < timedelta(seconds=1):
                raise ValueError(f"{name} trop court ; attendu : au moins 1s")
        slowest = max(self.poll_interval, self.recheck_interval)
        if self.stale_after < slowest:
            raise ValueError(
                "stale_after plus court que recheck_interval ou poll_interval ; attendu : plus long"
                " que les deux, sans quoi un dépôt sain paraîtrait périmé"
            )
        return self


class Identified(Protocol):
    """An entry of `repositories`, whatever else its tool wants to know."""

    @property
    def id(self) -> str: ...


def faults(
    tool: str,
    repositories: Sequence[Identified],
    inventory: Inventory,
    selectors: Sequence[str] = ("host", "tag"),
) -> Iterator[SettingFault]:
    """What in the inventory and the settings does not fit together.

    `selectors`: the keys of a job by which this tool's points are told apart.
    """
    jobs = [job.declared for job in jobs_of(tool, inventory)]
    known = {entry.id for entry in repositories}
    for name in sorted({job.repository for job in jobs} - known):
        missing = ", ".join(job.id for job in jobs if job.repository == name)
        yield (
            ("repositories",),
            f"dépôt « {name} » absent, alors que l'inventaire y attend : {missing}",
            f"une entrée de repositories dont l'id est {name}",
        )
    yield from _unreadable_schedules(tool, inventory)
    shared = Counter(job.repository for job in jobs)
    for job in jobs:
        chosen = [getattr(job, name) for name in selectors]
        if shared[job.repository] > 1 and not any(chosen):
            where = f"sauvegarde « {job.id} » : dépôt « {job.repository} »"
            yield (
                ("repositories",),
                f"{where} partagé, où rien ne distingue ses copies",
                f"{' ou '.join(selectors)} dans l'inventaire",
            )


def _unreadable_schedules(tool: str, inventory: Inventory) -> Iterator[SettingFault]:
    """Schedules that are none, or that never come again."""
    jobs = jobs_of(tool, inventory)
    found = [(f"sauvegarde « {job.declared.id} »", job.declared.schedule, job.zone) for job in jobs]
    for name in sorted({job.declared.repository for job in jobs}):
        removal = inventory.backup_repository(name).removal
        if removal is not None:
            zone = ZoneInfo(removal.timezone or inventory.syndicate.timezone)
            found.append((f"purge du dépôt « {name} »", removal.schedule, zone))
    for what, text, zone in found:
        if text is None:
            continue
        try:
            Schedule(text, zone).due_after(system_clock())
        except ScheduleError as error:
            problem, _, expected = str(error).partition(" ; attendu : ")
            yield ("repositories",), f"{what} : {problem}", expected
