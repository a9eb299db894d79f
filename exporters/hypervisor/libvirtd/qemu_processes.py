"""The QEMU processes of this machine: when each began, and when its program was installed.

Needs no privilege: the command line and the start of a process are everybody's to read,
unless /proc is mounted with ``hidepid``; then nothing is known.
"""

from __future__ import annotations

from pathlib import Path

import psutil


def started_at() -> dict[str, float]:
    """Domain uuid -> Unix time at which its QEMU process began.

    Two may have the same for a moment, where a guest moves between two daemons of one
    machine: the younger is told.
    """
    found: dict[str, float] = {}
    for process in psutil.process_iter():
        try:
            words = process.cmdline()
            if "-uuid" not in words[1:]:
                continue
            uuid = words[words.index("-uuid") + 1]
            found[uuid] = max(found.get(uuid, 0.0), process.create_time())
        except (psutil.Error, IndexError, OSError):
            continue
    psutil.process_iter.cache_clear()  # else it keeps every process of the machine for next time
    return found


def installed_at(emulator: str) -> float | None:
    """Unix time at which the program at that path was put there (its inode's ctime: a
    package keeps the date of its build as the modification time)."""
    try:
        return Path(emulator).stat().st_ctime if emulator else None
    except (OSError, ValueError):
        return None
