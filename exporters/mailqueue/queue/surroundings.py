"""What the queues live in: the file system of the spool, the limits in Postfix's main.cf."""

from __future__ import annotations

import os
from dataclasses import dataclass
from pathlib import Path

from exporters.mailqueue.main_cf import UnresolvedParameter, parse_main_cf, resolve
from exporters.mailqueue.queue.snapshot import ReadFailed
from inventory.config import reason


@dataclass(frozen=True, slots=True)
class Surroundings:
    """Bytes and inodes of the spool's file system, free for those without privileges.

    `inodes` is 0 where the file system has no fixed number. `minfree` is ``queue_minfree``
    in bytes; Postfix takes no mail below it, 0 when it is not set or there is no Postfix.
    `active_limit` is ``qmgr_message_active_limit``, None where there is no Postfix.
    """

    free_bytes: int
    bytes: int
    free_inodes: int
    inodes: int
    minfree: int
    active_limit: int | None


def surroundings(spool: Path, config: Path | None) -> Surroundings:
    """Ask the system and read the main.cf in `config`, if any. Raise ReadFailed."""
    minfree, active_limit = (0, None) if config is None else _limits(config / "main.cf")
    try:
        disk = os.statvfs(spool)
    except OSError as error:
        raise ReadFailed(f"{spool} illisible : {reason(error)}") from None
    return Surroundings(
        free_bytes=disk.f_bavail * disk.f_frsize,
        bytes=disk.f_blocks * disk.f_frsize,
        free_inodes=disk.f_favail,
        inodes=disk.f_files,
        minfree=minfree,
        active_limit=active_limit,
    )


def _limits(path: Path) -> tuple[int, int]:
    try:
        values = parse_main_cf(path.read_text(encoding="utf-8", errors="replace"))
    except OSError as error:
        raise ReadFailed(f"{path} illisible : {reason(error)}") from None
    return (
        _number(path, values, "queue_minfree", "0"),
        _number(path, values, "qmgr_message_active_limit", "20000"),
    )


def _number(path: Path, values: dict[str, str], name: str, default: str) -> int:
    try:
        text = resolve(values, name, default)
        return int(text)
    except UnresolvedParameter as error:
        raise ReadFailed(f"{path} : « {error} » n'est pas un nombre écrit en clair") from None
    except ValueError:
        raise ReadFailed(f"{path} : {name} = « {text} » ; attendu : un nombre") from None
