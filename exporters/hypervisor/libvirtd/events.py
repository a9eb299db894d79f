"""libvirt's events and what each means for us: tables and translation. Pure.

The numbers are those of libvirt's ``virDomainEvent*`` enumerations; a test compares the
tables with the installed library.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

STANDING = ("started", "stopped", "crashed", "panicked", "io_error", "watchdog")
"""Counted from zero for every domain: an alert on the first one needs the zero before it."""

LIFECYCLE: Mapping[tuple[int, int], str] = {
    (0, 0): "defined",
    (0, 1): "redefined",
    (0, 2): "renamed",
    (0, 3): "redefined",
    (1, 0): "undefined",
    (2, 0): "started",
    (2, 1): "migrated_in",
    (2, 2): "restored",
    (2, 3): "started",
    (2, 4): "woken",
    (3, 0): "suspended",
    (3, 2): "suspended",
    (3, 3): "suspended",
    (3, 5): "suspended",
    (3, 6): "suspended",
    (3, 8): "postcopy_failed",
    (4, 0): "resumed",
    (4, 2): "resumed",
    (4, 4): "postcopy_failed",
    (5, 0): "stopped",
    (5, 1): "stopped",
    (5, 2): "crashed",
    (5, 3): "migrated_out",
    (5, 4): "saved",
    (5, 5): "failed",
    (5, 6): "stopped",
    (7, 0): "sleeping",
    (7, 1): "sleeping",
    (8, 0): "panicked",
    (8, 1): "crash_kernel_loaded",
}
"""(``virDomainEventType``, detail) -> the event counted. What is absent is a step of something
counted under another name: the pauses and resumptions of a migration or of a restoration, the
beginning of a shutdown, the old name of a renamed domain."""

PAUSED_BY_IO_ERROR = "paused_by_io_error"
"""Not counted itself: stands for the I/O error where libvirt tells the pause alone, as its
protocol does (up to 9.0 at least) of a disk without a path."""

_SUSPENDED_BY_IO_ERROR = (3, 2)
_STARTED = 2
_CHANGES_STATE = (2, 3, 4, 5, 6, 7, 8)


@dataclass(frozen=True, slots=True)
class Event:
    """Something that happened to a domain. `counted`: the names it is counted under.

    `at` is when we heard of it, Unix seconds; `changes_state` whether the domain has another
    state since; `starts` whether its process began.
    """

    uuid: str
    name: str
    at: float
    counted: tuple[str, ...] = ()
    changes_state: bool = False
    starts: bool = False


def lifecycle(uuid: str, name: str, at: float, kind: int, detail: int) -> Event:
    """The event of a ``virConnectDomainEventCallback``."""
    word = LIFECYCLE.get((kind, detail))
    counted = (word,) if word else ()
    if (kind, detail) == _SUSPENDED_BY_IO_ERROR:
        counted = (*counted, PAUSED_BY_IO_ERROR)
    return Event(uuid, name, at, counted, kind in _CHANGES_STATE, kind == _STARTED)


def _named(*words: str) -> Callable[..., tuple[str, ...]]:
    return lambda *_: words


def _io_error(_path: str, _alias: str, _action: int, reason: str) -> tuple[str, ...]:
    return ("io_error", "no_space") if reason == "enospc" else ("io_error",)


def _agent(state: int, reason: int) -> tuple[str, ...]:
    if state == 1:
        return ("agent_connected",)
    # At each start libvirt says that the agent is not there yet: nothing was lost.
    return () if reason == 1 else ("agent_disconnected",)


def _block_job(_disk: str, _kind: int, status: int) -> tuple[str, ...]:
    words = {0: "block_job_completed", 1: "block_job_failed", 2: "block_job_canceled"}
    return (words[status],) if status in words else ()


def _threshold(disk: str, *_: Any) -> tuple[str, ...]:
    # Of the top image libvirt tells twice: once as "vda", once as "vda[2]".
    return () if "[" in disk else ("block_threshold",)


OTHERS: Mapping[str, Callable[..., tuple[str, ...]]] = {
    "REBOOT": _named("rebooted"),
    "WATCHDOG": _named("watchdog"),
    "IO_ERROR_REASON": _io_error,
    "CONTROL_ERROR": _named("control_error"),
    "BLOCK_JOB_2": _block_job,
    "DISK_CHANGE": _named(),
    "TRAY_CHANGE": _named(),
    "TUNABLE": _named(),
    "DEVICE_ADDED": _named("device_added"),
    "DEVICE_REMOVED": _named("device_removed"),
    "DEVICE_REMOVAL_FAILED": _named("device_removal_failed"),
    "AGENT_LIFECYCLE": _agent,
    "JOB_COMPLETED": _named("job_completed"),
    "METADATA_CHANGE": _named("metadata_changed"),
    "BLOCK_THRESHOLD": _threshold,
    "MEMORY_FAILURE": _named("memory_failure"),
}
"""``VIR_DOMAIN_EVENT_ID_…`` -> what its callback's arguments, after the domain, count as.
Those that count as nothing only have the domain's facts read again."""

EVENTS = (frozenset(LIFECYCLE.values()) - {"failed"}) | {
    "arrival_failed",
    "rebooted",
    "watchdog",
    "io_error",
    "no_space",
    "control_error",
    "block_job_completed",
    "block_job_failed",
    "block_job_canceled",
    "device_added",
    "device_removed",
    "device_removal_failed",
    "agent_connected",
    "agent_disconnected",
    "job_completed",
    "metadata_changed",
    "block_threshold",
    "memory_failure",
}
"""Every value the label ``event`` may have."""


def other(kind: str, uuid: str, name: str, at: float, arguments: tuple[Any, ...]) -> Event:
    """The event of a callback of `OTHERS`."""
    return Event(uuid, name, at, OTHERS[kind](*arguments))
