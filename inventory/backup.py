"""What is promised of backups: jobs, repositories, copies, and who is exempt. No I/O."""

from __future__ import annotations

from datetime import date, timedelta
from functools import cache
from importlib.metadata import entry_points
from typing import Annotated, Literal

from pydantic import AfterValidator, BaseModel, ConfigDict, Field

from inventory.config.fields import Duration, Identifier, Text, TimeZone

Depth = Literal["structure", "sample", "full"]
"""How deep a verification went: the lists only, some of the data, all of it."""
DEPTHS: tuple[Depth, ...] = ("structure", "sample", "full")
Bucket = Literal["hourly", "daily", "weekly", "monthly", "yearly"]
BUCKETS: tuple[Bucket, ...] = ("hourly", "daily", "weekly", "monthly", "yearly")


@cache
def backup_tools() -> frozenset[str]:
    """Names of the installed collectors that may read backups: ours, and those of others."""
    found = entry_points(group="vigie.collectors")
    ours = "exporters."
    return frozenset(
        point.name
        for point in found
        if not point.value.startswith(ours) or point.value.startswith(f"{ours}backup.")
    ) - {"backup_coverage"}


def _tool(value: str) -> str:
    # A job of a tool that nobody reads would be promised and never looked at.
    if value not in backup_tools():
        known = ", ".join(sorted(backup_tools()))
        raise ValueError(f"« {value} » n'est pas admis ; attendu : {known}")
    return value


class _Entry(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class Retention(_Entry):
    """For how many of the last hours, days, ISO weeks, months and years a point is kept.

    As the tools count: periods without a backup are left out, not failed.
    """

    hourly: int = Field(0, ge=0)
    daily: int = Field(0, ge=0)
    weekly: int = Field(0, ge=0)
    monthly: int = Field(0, ge=0)
    yearly: int = Field(0, ge=0)

    def of(self, bucket: Bucket) -> int:
        """How many periods of that kind."""
        found: int = getattr(self, bucket)
        return found


class BackupJob(_Entry):
    """One thing backed up on a schedule, and what was promised of it.

    `max_age` is the declared recovery point objective, counted from the start of the last good
    backup. `host` is the machine it protects, by its name in this inventory; `client` the name
    the tool records for it, where that is another. `job_name` is the tool's own name of the job:
    a Bacula or Veeam job, a pgBackRest stanza, a file name's beginning in a folder of dumps.
    `schedule` is cron or systemd's OnCalendar, read in `timezone` (the syndicate's unless
    given); `grace` how late it may begin and end.
    """

    id: Identifier
    tool: Annotated[Identifier, AfterValidator(_tool)] = Field(
        description="l'outil,", examples=["restic"]
    )
    repository: Identifier
    max_age: Duration = Field(
        description="âge maximal de la dernière sauvegarde,", examples=["26h"]
    )
    host: Text | None = None
    client: Text | None = None
    tag: Text | None = None
    archive_prefix: Text | None = None
    job_name: Text | None = None
    service: Identifier | None = None
    criticality: Literal["low", "normal", "high"] = "normal"
    schedule: Text | None = None
    timezone: TimeZone | None = None
    grace: Duration = timedelta(hours=2)
    retention: Retention = Retention()
    min_recovery_points: int = Field(0, ge=0)
    min_retention: Duration | None = None
    restore_test_max_age: Duration | None = None


class Verification(_Entry):
    """How old the last successful verification of each depth may be."""

    structure: Duration | None = None
    sample: Duration | None = None
    full: Duration | None = None

    def of(self, depth: Depth) -> timedelta | None:
        """What is declared for that depth."""
        found: timedelta | None = getattr(self, depth)
        return found


class Removal(_Entry):
    """When points may go although `retention` keeps them: a declared clean-up.

    `schedule` as a job's; it lasts `during`.
    """

    schedule: Text
    timezone: TimeZone | None = None
    during: Duration = timedelta(hours=4)


class BackupRepository(_Entry):
    """Where copies are, and what protects them."""

    id: Identifier
    location: Literal["onsite", "offsite", "offline"] = "onsite"
    medium: Text = "disk"
    site: str = Field("", max_length=80)
    encrypted: bool | None = None
    immutable: Literal["append-only", "object-lock", "worm"] | None = None
    verification: Verification = Verification()
    removal: Removal | None = None


class Copies(_Entry):
    """How many repositories must hold a fresh copy of each machine (3-2-1, less the original)."""

    copies: int = Field(1, ge=0)
    offsite: int = Field(0, ge=0)
    immutable: int = Field(0, ge=0)


class BackupHost(_Entry):
    """A machine to back up that no hypervisor lists: a physical server, a hosted one."""

    name: Text
    service: Identifier | None = None


class BackupExemption(_Entry):
    """A machine nobody backs up, on purpose, until a day (its last)."""

    host: Text
    reason: Text = Field(description="pourquoi,", examples=["banc d'essai"])
    until: date = Field(description="dernier jour,", examples=["2027-06-30"])
