"""The states of a libvirt domain and their reasons, as words.

The numbers are those of ``virDomainState`` and of the ``virDomain*Reason``
enumerations of libvirt; a test compares the tables with the installed library.
"""

from __future__ import annotations

SHUTOFF, CRASHED = 5, 6

STATES = {
    0: "nostate",
    1: "running",
    2: "blocked",
    3: "paused",
    4: "shutdown",
    5: "shutoff",
    6: "crashed",
    7: "pmsuspended",
}

REASONS: dict[int, dict[int, str]] = {
    1: {
        1: "booted",
        2: "migrated",
        3: "restored",
        4: "from_snapshot",
        5: "unpaused",
        6: "migration_canceled",
        7: "save_canceled",
        8: "wakeup",
        9: "crashed",
        10: "postcopy",
        11: "postcopy_failed",
    },
    3: {
        1: "user",
        2: "migration",
        3: "save",
        4: "dump",
        5: "ioerror",
        6: "watchdog",
        7: "from_snapshot",
        8: "shutting_down",
        9: "snapshot",
        10: "crashed",
        11: "starting_up",
        12: "postcopy",
        13: "postcopy_failed",
    },
    4: {1: "user"},
    5: {
        1: "shutdown",
        2: "destroyed",
        3: "crashed",
        4: "migrated",
        5: "saved",
        6: "failed",
        7: "from_snapshot",
        8: "daemon",
    },
    6: {1: "panicked"},
}


def state_word(state: int) -> str:
    """The word for a ``virDomainState``; a number newer than this table stays visible."""
    return STATES.get(state, f"state_{state}")


def reason_word(state: int, reason: int) -> str:
    """The word for the reason of a state; 0 is libvirt's own "unknown" in every state."""
    if reason == 0:
        return "unknown"
    return REASONS.get(state, {}).get(reason, f"reason_{reason}")


def is_active(state: int) -> bool:
    """Whether a domain in that state has a running process, hence counters of its own."""
    return state not in (SHUTOFF, CRASHED)
