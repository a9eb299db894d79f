"""What a message may become. Pure.

DeliveryError
└── IllegalTransition    the event makes no sense in that state: a bug, nothing is written
"""

from __future__ import annotations

from collections.abc import Mapping
from enum import StrEnum


class DeliveryError(Exception):
    """Something about a message could not be written down."""


class IllegalTransition(DeliveryError):
    """An event that the state does not admit."""


class State(StrEnum):
    """Leased: somebody sends it now. Accepted: taken by a provider, which proves nothing."""

    PENDING = "pending"
    LEASED = "leased"
    ACCEPTED = "accepted"
    DELIVERED = "delivered"
    FAILED = "failed"
    UNCONFIRMED = "unconfirmed"
    CANCELLED = "cancelled"


class Event(StrEnum):
    """What happens to a message."""

    CLAIM = "claim"
    GIVE_BACK = "give_back"
    ACCEPT = "accept"
    DELIVER = "deliver"
    FAIL = "fail"
    GIVE_UP_PROOF = "give_up_proof"
    CANCEL = "cancel"


TRANSITIONS: Mapping[tuple[State, Event], State] = {
    (State.PENDING, Event.CLAIM): State.LEASED,
    (State.PENDING, Event.CANCEL): State.CANCELLED,
    # It may have left before we lost track of it: its report tells.
    (State.PENDING, Event.ACCEPT): State.ACCEPTED,
    (State.PENDING, Event.DELIVER): State.DELIVERED,
    (State.PENDING, Event.FAIL): State.FAILED,
    (State.LEASED, Event.GIVE_BACK): State.PENDING,
    (State.LEASED, Event.ACCEPT): State.ACCEPTED,
    # A report that is faster than our own note of the acceptance.
    (State.LEASED, Event.DELIVER): State.DELIVERED,
    (State.LEASED, Event.FAIL): State.FAILED,
    (State.ACCEPTED, Event.DELIVER): State.DELIVERED,
    (State.ACCEPTED, Event.FAIL): State.FAILED,
    (State.ACCEPTED, Event.GIVE_UP_PROOF): State.UNCONFIRMED,
    # Proof that comes late is proof; it was taken for lost, so others were paged meanwhile.
    (State.UNCONFIRMED, Event.DELIVER): State.DELIVERED,
    (State.FAILED, Event.DELIVER): State.DELIVERED,
    (State.CANCELLED, Event.DELIVER): State.DELIVERED,
}


def after(state: str, event: Event) -> State:
    """The state after the event. Raise IllegalTransition."""
    try:
        return TRANSITIONS[State(state), event]
    except KeyError:
        raise IllegalTransition(f"{event.value} in state {state}") from None


def admits(state: str, event: Event) -> bool:
    """Whether the event makes sense in that state."""
    return (State(state), event) in TRANSITIONS


def before(event: Event) -> list[str]:
    """The states that admit the event, for statements that change many rows."""
    return [state.value for state, known in TRANSITIONS if known == event]
