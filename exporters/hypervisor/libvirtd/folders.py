"""The room in folders of this machine, asked of the kernel: libvirt tells of its last refresh.

A network file system whose server is gone holds whoever touches it, for good. So each folder
is touched in a thread of its own, which is left behind when it does not come back in time.
"""

from __future__ import annotations

import errno
import os
import stat
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from threading import Thread
from time import monotonic

from inventory.process.logs import get_logger

PATIENCE = 2.0
"""Seconds one round waits for all folders together."""

_log = get_logger("vigie.hypervisor")


@dataclass(frozen=True, slots=True)
class Room:
    """Bytes of a file system. `available` is what a process without privileges can still take.

    `capacity` and `allocation` are what libvirt's own refresh computes of the same folder. It
    calls available all that is free, what the file system keeps for root included: QEMU is
    refused a write before that is used up.
    """

    capacity: int
    allocation: int
    available: int


def room_in(folder: str) -> Room:
    """The room in the file system a folder is on, by statvfs(3). Raise OSError.

    systemd masks what a unit shall not see (ProtectHome=) by an empty folder without any
    right, on another file system: that one is refused.
    """
    if not stat.S_IMODE(Path(folder).stat().st_mode):
        raise PermissionError(errno.EACCES, "masked", folder)
    told = os.statvfs(folder)
    return Room(
        told.f_blocks * told.f_frsize,
        (told.f_blocks - told.f_bfree) * told.f_frsize,
        told.f_bavail * told.f_frsize,
    )


class _Look(Thread):
    """One look at one folder. A daemon: it must not keep the process from ending."""

    def __init__(self, folder: str) -> None:
        super().__init__(name="vigie-folder", daemon=True)
        self.folder = folder
        self.room: Room | None = None

    def run(self) -> None:
        """See Thread."""
        try:
            self.room = room_in(self.folder)
        except OSError:
            return  # not there, or not for us: libvirt's figures stay


class Folders:
    """What was last seen of folders. One thread looks, at most one look is out for a folder."""

    def __init__(self, hypervisor: str, patience: float = PATIENCE) -> None:
        self._hypervisor, self._patience = hypervisor, patience
        self._looks: dict[str, _Look] = {}
        self._hung: frozenset[str] = frozenset()

    def look(self, folders: Iterable[str]) -> None:
        """See all of them anew, side by side. One that has not answered in time hangs."""
        looks = {folder: look for folder, look in self._looks.items() if look.is_alive()}
        fresh = [_Look(folder) for folder in dict.fromkeys(folders) if folder not in looks]
        for look in fresh:
            look.start()
        end = monotonic() + self._patience
        for look in fresh:
            look.join(max(0.0, end - monotonic()))
        self._looks = {**looks, **{look.folder: look for look in fresh}}
        hung = frozenset(folder for folder, look in self._looks.items() if look.is_alive())
        for folder in sorted(hung - self._hung):
            _log.warning("dossier sans réponse", hypervisor=self._hypervisor, path=folder)
        for folder in sorted(self._hung - hung):
            _log.info("dossier de nouveau lisible", hypervisor=self._hypervisor, path=folder)
        self._hung = hung

    def room(self, folder: str) -> Room | None:
        """The room in a folder; None when it hung, or could not be read."""
        look = self._looks.get(folder)
        return None if look is None or self.hangs(folder) else look.room

    def hangs(self, path: str) -> bool:
        """Whether a path is, as it is written, in a folder that hung at the last look."""
        written = f"{os.path.normpath(path)}/"
        return any(written.startswith(f"{folder.rstrip('/')}/") for folder in self._hung)

    def canonical(self, path: str) -> str:
        """The path without symbolic links; as it is written where following them would hang."""
        return os.path.normpath(path) if self.hangs(path) else os.path.realpath(path)
