"""What an incident may become. Pure.

IncidentError
└── IllegalTransition    the event makes no sense in that state: a bug, nothing is written
"""

from __future__ import annotations

from collections.abc import Mapping
from enum import StrEnum


class IncidentError(Exception):
    """A decision about an incident could not be taken."""


class IllegalTransition(IncidentError):
    """An event that the state does not admit."""


class State(StrEnum):
    """Where an incident stands.

    Open: nobody paged yet. Paging: waiting for somebody. Acknowledged: somebody has it, for a
    while. Snoozed: somebody put it off. Suppressed: announced work covers it. Resolved: over, and
    it may come back. Closed: over for good.
    """

    OPEN = "open"
    PAGING = "paging"
    ACKNOWLEDGED = "acknowledged"
    SNOOZED = "snoozed"
    SUPPRESSED = "suppressed"
    RESOLVED = "resolved"
    CLOSED = "closed"


OVER = frozenset({State.RESOLVED, State.CLOSED})


class Event(StrEnum):
    """What happens to an incident."""

    PAGE = "page"
    ACKNOWLEDGE = "acknowledge"
    SNOOZE = "snooze"
    SUPPRESS = "suppress"
    WAKE = "wake"
    RESOLVE = "resolve"
    REOPEN = "reopen"
    CLOSE = "close"


TRANSITIONS: Mapping[tuple[State, Event], State] = {
    (State.OPEN, Event.PAGE): State.PAGING,
    # Someone paged before it was reopened takes it before being paged again.
    (State.OPEN, Event.ACKNOWLEDGE): State.ACKNOWLEDGED,
    (State.OPEN, Event.SNOOZE): State.SNOOZED,
    (State.OPEN, Event.SUPPRESS): State.SUPPRESSED,
    (State.OPEN, Event.RESOLVE): State.RESOLVED,
    # The next step of the escalation.
    (State.PAGING, Event.PAGE): State.PAGING,
    (State.PAGING, Event.ACKNOWLEDGE): State.ACKNOWLEDGED,
    (State.PAGING, Event.SNOOZE): State.SNOOZED,
    (State.PAGING, Event.SUPPRESS): State.SUPPRESSED,
    (State.PAGING, Event.RESOLVE): State.RESOLVED,
    # A new critical alert joined, or whoever took it has had it for too long.
    (State.ACKNOWLEDGED, Event.PAGE): State.PAGING,
    # Somebody else takes it over.
    (State.ACKNOWLEDGED, Event.ACKNOWLEDGE): State.ACKNOWLEDGED,
    (State.ACKNOWLEDGED, Event.SNOOZE): State.SNOOZED,
    (State.ACKNOWLEDGED, Event.SUPPRESS): State.SUPPRESSED,
    (State.ACKNOWLEDGED, Event.WAKE): State.OPEN,
    (State.ACKNOWLEDGED, Event.RESOLVE): State.RESOLVED,
    # A more urgent alert, or the end of it.
    (State.SNOOZED, Event.PAGE): State.PAGING,
    (State.SNOOZED, Event.ACKNOWLEDGE): State.ACKNOWLEDGED,
    (State.SNOOZED, Event.SNOOZE): State.SNOOZED,
    (State.SNOOZED, Event.SUPPRESS): State.SUPPRESSED,
    (State.SNOOZED, Event.WAKE): State.OPEN,
    (State.SNOOZED, Event.RESOLVE): State.RESOLVED,
    # An alert that the work does not cover, or the end of the work.
    (State.SUPPRESSED, Event.PAGE): State.PAGING,
    (State.SUPPRESSED, Event.ACKNOWLEDGE): State.ACKNOWLEDGED,
    (State.SUPPRESSED, Event.SNOOZE): State.SNOOZED,
    (State.SUPPRESSED, Event.SUPPRESS): State.SUPPRESSED,
    (State.SUPPRESSED, Event.WAKE): State.OPEN,
    (State.SUPPRESSED, Event.RESOLVE): State.RESOLVED,
    (State.RESOLVED, Event.REOPEN): State.OPEN,
    (State.RESOLVED, Event.CLOSE): State.CLOSED,
}


def after(state: str, event: Event) -> State:
    """The state after the event. Raise IllegalTransition."""
    try:
        return TRANSITIONS[State(state), event]
    except KeyError:
        raise IllegalTransition(f"{event.value} in state {state}") from None
