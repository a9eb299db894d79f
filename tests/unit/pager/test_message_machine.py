"""The table of a message's states."""

from __future__ import annotations

import pytest

from alertmanager.delivery.machine import (
    TRANSITIONS,
    Event,
    IllegalTransition,
    State,
    admits,
    after,
    before,
)
from alertmanager.store.tables import MESSAGE_STATES


def test_the_table_and_the_database_know_the_same_states() -> None:
    assert {state.value for state in State} == set(MESSAGE_STATES)


@pytest.mark.parametrize("state", list(State))
@pytest.mark.parametrize("event", list(Event))
def test_what_is_not_in_the_table_is_refused(state: State, event: Event) -> None:
    if (state, event) in TRANSITIONS:
        assert after(state.value, event) == TRANSITIONS[state, event]
        assert admits(state.value, event)
        assert state.value in before(event)
        return
    assert not admits(state.value, event)
    assert state.value not in before(event)
    with pytest.raises(IllegalTransition, match=f"{event.value} in state {state.value}"):
        after(state.value, event)


def test_every_state_can_be_reached_and_proof_ends_all() -> None:
    reached = {State.PENDING}
    while True:
        more = {new for (old, _), new in TRANSITIONS.items() if old in reached} - reached
        if not more:
            break
        reached |= more
    assert reached == set(State)
    assert not any(state == State.DELIVERED for state, _ in TRANSITIONS)
    for state in set(State) - {State.DELIVERED}:
        assert after(state, Event.DELIVER) == State.DELIVERED


def test_a_message_never_leaves_again_once_it_was_taken_or_given_up() -> None:
    over = {state for state in State if state not in (State.PENDING, State.LEASED)}
    assert not {new for (old, _), new in TRANSITIONS.items() if old in over} - over
