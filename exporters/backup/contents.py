"""What every backup tool is reduced to: points one can restore, runs, locks, checks. Pure."""

from __future__ import annotations

from collections.abc import Hashable
from dataclasses import dataclass
from datetime import datetime
from typing import Literal, get_args

from inventory.backup import Depth

Status = Literal["success", "partial", "failed", "running", "cancelled", "unknown"]
STATUSES: tuple[Status, ...] = get_args(Status)
Method = Literal["file", "db_load", "vm_boot"]
"""How a restore was tried: files compared, a dump loaded, a machine image opened."""


@dataclass(frozen=True, slots=True)
class Volume:
    """The amounts of one run; None: the tool does not tell.

    `size_bytes` of the source, `added_bytes` new before and `stored_bytes` after compression,
    `changed_files` new or modified, `errors` what could not be read.
    """

    size_bytes: float | None = None
    added_bytes: float | None = None
    stored_bytes: float | None = None
    files: int | None = None
    changed_files: int | None = None
    errors: int | None = None


@dataclass(frozen=True, slots=True)
class RecoveryPoint:
    """One copy one can restore. `start` is when the backup began, hence the age of its data.

    `id` is the tool's own, for ever the same point; `name` its name of the job or the archive,
    `host` of the machine, empty when the tool's list does not tell. `level` is the tool's word
    (full, incr, diff), empty where each run is alike. `until` is the last instant one can
    restore to, where a log is kept (WAL).
    """

    start: datetime
    id: str = ""
    name: str = ""
    host: str = ""
    tags: tuple[str, ...] = ()
    end: datetime | None = None
    level: str = ""
    volume: Volume = Volume()
    until: datetime | None = None

    @property
    def data_at(self) -> datetime:
        """The instant of its newest data."""
        return self.until or self.start


@dataclass(frozen=True, slots=True)
class Run:
    """One try to make a backup, whatever came of it. `end` is None while it runs."""

    start: datetime
    status: Status
    end: datetime | None = None
    id: str = ""
    name: str = ""
    host: str = ""
    tags: tuple[str, ...] = ()
    level: str = ""
    volume: Volume = Volume()


@dataclass(frozen=True, slots=True)
class Lock:
    """Someone holds the repository. `exclusive` is None when only its key could tell."""

    since: datetime
    exclusive: bool | None = None


@dataclass(frozen=True, slots=True)
class Check:
    """A verification of the repository that ended. `ratio`: the share of the data it read."""

    depth: Depth
    at: datetime
    succeeded: bool
    errors: int | None = None
    ratio: float | None = None


@dataclass(frozen=True, slots=True)
class Restore:
    """A restore that was tried: the proof that a job's copies can be used."""

    start: datetime
    succeeded: bool
    method: Method = "file"
    end: datetime | None = None
    restored_bytes: float | None = None
    name: str = ""
    host: str = ""
    tags: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Glance:
    """What costs microseconds, taken at each poll.

    `mark` changes whenever the recovery points do; None if only the tool can tell. `locks` is
    None when they cannot be seen so.
    """

    mark: Hashable = None
    locks: tuple[Lock, ...] | None = None
    free_bytes: float | None = None
    capacity_bytes: float | None = None


@dataclass(frozen=True, slots=True)
class Contents:
    """All that one reading of a repository told.

    `runs` is None for tools that keep no record of them: then each point was a good run.
    `identity` is the repository's own, which changes when another one takes its place.
    `append_only` with how that is known. `faults`: parts that could not be read (French), the
    rest being complete.
    """

    points: tuple[RecoveryPoint, ...] = ()
    runs: tuple[Run, ...] | None = None
    locks: tuple[Lock, ...] | None = None
    checks: tuple[Check, ...] = ()
    restores: tuple[Restore, ...] = ()
    size_bytes: float | None = None
    free_bytes: float | None = None
    capacity_bytes: float | None = None
    identity: str = ""
    encrypted: bool | None = None
    append_only: bool | None = None
    append_only_evidence: Literal["", "config"] = ""
    version: str = ""
    configuration: tuple[tuple[str, str], ...] = ()
