"""Proxmox VE's states and locks -> libvirt's states and reasons. Pure.

The words of QEMU's ``query-status`` (RunState, which the API hands on as ``qmpstatus``) become
the pair that libvirt's QEMU driver makes of them; locks are those of a guest's configuration
(``lock`` in pve-docs qm.conf(5) and pct.conf(5)).
"""

from __future__ import annotations

from collections.abc import Mapping

Pair = tuple[int, int]
"""virDomainState and the reason of that state."""

RUNNING, PAUSED, SHUTOFF, CRASHED, SUSPENDED = 1, 3, 5, 6, 7

_BY_QEMU: Mapping[str, Pair] = {
    "running": (RUNNING, 0),
    "colo": (RUNNING, 0),
    "paused": (PAUSED, 1),
    "debug": (PAUSED, 0),
    "prelaunch": (PAUSED, 11),
    "inmigrate": (PAUSED, 2),
    "postmigrate": (PAUSED, 2),
    "finish-migrate": (PAUSED, 2),
    "save-vm": (PAUSED, 3),
    "restore-vm": (PAUSED, 0),
    "io-error": (PAUSED, 5),
    "watchdog": (PAUSED, 6),
    "internal-error": (PAUSED, 0),
    "shutdown": (PAUSED, 8),
    "guest-panicked": (CRASHED, 1),
    "suspended": (SUSPENDED, 0),
}

_PAUSED_BY_LOCK = {
    "migrate": 2,
    "suspending": 3,
    "snapshot": 9,
    "snapshot-delete": 9,
    "rollback": 7,
}
"""What holds a paused guest that QEMU only calls paused."""

OPERATIONS = {
    "backup": "backup",
    "clone": "clone",
    "create": "create",
    "disk": "disk",
    "fstrim": "fstrim",
    "migrate": "migration_out",
    "mounted": "mounted",
    "rollback": "snapshot_revert",
    "snapshot": "snapshot",
    "snapshot-delete": "snapshot_delete",
    "suspending": "save",
}
"""Locks that are an operation under way -> its word. ``suspended`` is a state, not one."""

SAVED_LOCK = "suspended"
"""Hibernated: shut off, resumes where it was at its next start."""


def state_of(status: str, qemu: str, lock: str) -> Pair:
    """The state of a guest.

    `status` is the API's running or stopped, ``unknown`` for a node that is out of reach;
    `qemu` is ``qmpstatus``, "" where QEMU was not asked. A word of QEMU that is not known
    leaves the guest running, for unknown reasons.
    """
    if status == "stopped":
        return SHUTOFF, (5 if lock == SAVED_LOCK else 0)
    if status not in ("running", "paused", "suspended"):
        return 0, 0
    state, reason = _BY_QEMU.get(qemu or status, (RUNNING, 0))
    if (state, reason) == (PAUSED, 1):
        reason = _PAUSED_BY_LOCK.get(lock, 1)
    return state, reason
