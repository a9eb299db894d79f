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
    """Open: nobody paged yet. Paging: waiting for somebody. Acknowledged: somebody has it."""

    OPEN = "open"
    PAGING = "paging"
    ACKNOWLEDGED = "acknowledged"
    RESOLVED = "resolved"


class Event(StrEnum):
    """What happens to an incident."""

    PAGE = "page"
    ACKNOWLEDGE = "acknowledge"
    RESOLVE = "resolve"
    REOPEN = "reopen"


TRANSITIONS: Mapping[tuple[State, Event], State] = {
    (State.OPEN, Event.PAGE): State.PAGING,
    # Someone paged before it was reopened takes it before being paged again.
    (State.OPEN, Event.ACKNOWLEDGE): State.ACKNOWLEDGED,
    (State.OPEN, Event.RESOLVE): State.RESOLVED,
    # The next step of the escalation.
    (State.PAGING, Event.PAGE): State.PAGING,
    (State.PAGING, Event.ACKNOWLEDGE): State.ACKNOWLEDGED,
    (State.PAGING, Event.RESOLVE): State.RESOLVED,
    # A new critical alert joined: what was acknowledged is not all there is.
    (State.ACKNOWLEDGED, Event.PAGE): State.PAGING,
    (State.ACKNOWLEDGED, Event.RESOLVE): State.RESOLVED,
    (State.RESOLVED, Event.REOPEN): State.OPEN,
}


def after(state: str, event: Event) -> State:
    """The state after the event. Raise IllegalTransition."""
    try:
        return TRANSITIONS[State(state), event]
    except KeyError:
        raise IllegalTransition(f"{event.value} in state {state}") from None
