"""Messages of the sentinel, from pending to proof: which notifier is next, and when. Pure.

A message is `sending` on the disk before it is handed over: after a crash it may have left, and
is sent once more, at most.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from datetime import datetime, timedelta
from typing import Literal

from alertmanager.notifiers.contract import Accepted, PermanentFailure, Report, TemporaryFailure
from alertmanager.sentinel.state import Message, State

_FIRST_WAIT, _LONGEST_WAIT = timedelta(seconds=2), timedelta(seconds=60)
_GIVEN_UP_AFTER = timedelta(hours=1)
"""A courtesy that nobody took by then; a page is made anew by its repeats."""


def resume(state: State, now: datetime) -> int:
    """After a start: what was being sent may have left, and is sent again. How many."""
    cut_off = [message for message in state.messages if message.state == "sending"]
    for message in cut_off:
        message.state, message.maybe_sent, message.next_at = "pending", True, now
    return len(cut_off)


def claim(state: State, now: datetime) -> Message | None:
    """The next message that is due, now `sending`; pages first. A copy: the state goes on."""
    due = [m for m in state.messages if m.state == "pending" and m.next_at <= now]
    if not due:
        return None
    # Stable: in their order among those of the same kind. The end never overtakes its page,
    # which is cancelled if it has not left by then.
    chosen = min(due, key=lambda message: message.kind != "page")
    chosen.state, chosen.attempts = "sending", chosen.attempts + 1
    return chosen.model_copy(deep=True)


def candidates(
    message: Message, ways: Mapping[str, str], resting: Collection[str]
) -> list[tuple[str, str]]:
    """(notifier, address) to try for it, in order: those that just failed come last."""
    fresh = [(n, a) for n, a in ways.items() if n not in message.tried]
    return sorted(fresh or list(ways.items()), key=lambda way: way[0] in resting)


Attempt = tuple[str, Accepted | PermanentFailure | TemporaryFailure]


def note(
    state: State,
    token: str,
    attempts: Sequence[Attempt],
    deadlines: Mapping[str, timedelta | None],
    now: datetime,
) -> None:
    """Write down what became of it, if nothing else has ended it meanwhile."""
    message = find(state, token)
    if message is None or message.state != "sending":
        return
    for name, outcome in attempts:
        if isinstance(outcome, Accepted):
            deadline = deadlines.get(name)
            message.state, message.notifier = "accepted", name
            message.deadline_at = now + deadline if deadline is not None else None
            message.ended_at = now if deadline is None else None
            message.error = outcome.detail
            return
        message.error = str(outcome)[:200]
        if isinstance(outcome, TemporaryFailure):
            message.maybe_sent = message.maybe_sent or outcome.maybe_sent
    if attempts and all(isinstance(outcome, PermanentFailure) for _, outcome in attempts):
        message.state, message.ended_at = "failed", now
        return
    if not _wanted(state, message):
        message.state, message.ended_at = "cancelled", now
        return
    if message.kind != "page" and now - message.created_at > _GIVEN_UP_AFTER:
        message.state, message.ended_at = "failed", now
        return
    wait = min(_FIRST_WAIT * 2 ** min(message.attempts - 1, 6), _LONGEST_WAIT)
    message.state, message.next_at = "pending", now + wait


def report(
    state: State, report: Report, notifier: str, ways: Mapping[str, str], now: datetime
) -> None:
    """What a gateway says of it later on: proof, or that another must be tried."""
    message = find(state, report.token)
    if message is None or message.state in ("delivered", "cancelled"):
        return
    if report.outcome == "delivered":
        message.state, message.notifier = "delivered", notifier
        message.deadline_at, message.ended_at = None, now
    elif report.outcome == "failed" and message.state == "accepted":
        message.error = report.detail[:200]
        _try_another(state, message, "failed", ways, now)


def give_up_proofs(
    state: State, people_ways: Mapping[str, Mapping[str, str]], now: datetime
) -> None:
    """Messages whose proof did not come in time are brought by another notifier, if there is."""
    for message in state.messages:
        deadline = message.deadline_at
        if message.state == "accepted" and deadline is not None and deadline <= now:
            message.maybe_sent = True
            ways = people_ways.get(message.person, {})
            _try_another(state, message, "unconfirmed", ways, now)


def _try_another(
    state: State,
    message: Message,
    otherwise: Literal["failed", "unconfirmed"],
    ways: Mapping[str, str],
    now: datetime,
) -> None:
    message.deadline_at = None
    if message.notifier not in message.tried:
        message.tried.append(message.notifier)
    if set(ways) - set(message.tried) and _wanted(state, message):
        message.state, message.next_at = "pending", now
    else:
        message.state, message.ended_at = otherwise, now


def _wanted(state: State, message: Message) -> bool:
    """Whether a page is still of a trouble that nobody has taken; the rest always is."""
    trouble = state.troubles.get(message.trouble)
    return message.kind != "page" or (trouble is not None and not trouble.answered_by)


def find(state: State, token: str) -> Message | None:
    """The message of that token."""
    return next((message for message in state.messages if message.token == token), None)
