"""From what is wrong to who is paged: once, again while nobody answers, and told at its end.

Pure but for the tokens of messages: it changes the state it is given, at the instant it is given.
"""

from __future__ import annotations

import secrets
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Literal
from zoneinfo import ZoneInfo

from alertmanager.sentinel import texts
from alertmanager.sentinel.findings import CANARY_LATE, CANARY_LOST, Finding, Findings
from alertmanager.sentinel.state import Message, State, Trouble

_MOST_ROUNDS = {CANARY_LOST: 3, CANARY_LATE: 1}
"""Of what lasts until the next canary whatever people do."""
_KEPT = 300
"""Messages that are over, kept as proof of what was said."""
_MAY_HAVE_ARRIVED = ("sending", "accepted", "delivered", "unconfirmed")


@dataclass(frozen=True)
class Rules:
    """Whom to page, how often, and when a trouble counts as over."""

    people: Sequence[str]
    repeat: timedelta
    calm_after: timedelta
    zone: ZoneInfo


def note_beat(state: State, within: timedelta, now: datetime) -> None:
    """A beat came; after a silence it begins a new series."""
    if state.last_beat is None or state.beating_since is None or now - state.last_beat > within:
        state.beating_since = now
    state.last_beat = now


def decide(state: State, findings: Findings, rules: Rules, now: datetime) -> None:
    """Open, repeat and close troubles, with the messages that say so."""
    _bound(state, now)
    for name, finding in findings.items():
        trouble = state.troubles.get(name)
        if finding is not None and trouble is None:
            since, detail = finding.since, finding.detail
            state.troubles[name] = Trouble(since=since, detail=detail, paged_at=now)
            _page(state, name, finding, rules, now, again=False)
        elif finding is not None and trouble is not None:
            trouble.calm_since = None
            _repeat(state, name, trouble, rules, now)
        elif trouble is not None:
            trouble.calm_since = trouble.calm_since or now
            if now - trouble.calm_since >= rules.calm_after:
                _close(state, name, trouble, rules, now)


def _repeat(state: State, name: str, trouble: Trouble, rules: Rules, now: datetime) -> None:
    spent = trouble.rounds >= _MOST_ROUNDS.get(name, trouble.rounds + 1)
    if trouble.answered_by or spent or now - trouble.paged_at < rules.repeat:
        return
    trouble.paged_at, trouble.rounds = now, trouble.rounds + 1
    _cancel(state, now, trouble=name)
    _page(state, name, Finding(trouble.since, trouble.detail), rules, now, again=True)


def _page(
    state: State, name: str, finding: Finding, rules: Rules, now: datetime, *, again: bool
) -> None:
    text = texts.page_text(name, finding.detail, finding.since, now, rules.zone, again=again)
    for person in rules.people:
        _say(state, "page", name, person, text, now=now)


def _close(state: State, name: str, trouble: Trouble, rules: Rules, now: datetime) -> None:
    told = _told(state, name)
    _cancel(state, now, trouble=name)
    text = texts.over_text(name, trouble.since, trouble.calm_since or now, rules.zone)
    for person in rules.people:
        if person in told:
            _say(state, "resolution", name, person, text, now=now)
    for message in state.messages:
        if message.trouble == name:
            message.trouble = ""  # of a trouble that is over: not of the next one of that name
    del state.troubles[name]


def _told(state: State, name: str) -> set[str]:
    """Those who may have read a page of it."""
    return {
        message.person
        for message in state.messages
        if message.trouble == name
        and message.kind == "page"
        and (message.state in _MAY_HAVE_ARRIVED or message.maybe_sent)
    }


def _cancel(state: State, now: datetime, *, trouble: str) -> None:
    """Pages that did not leave are not needed any more."""
    for message in state.messages:
        if message.trouble == trouble and message.kind == "page" and message.state == "pending":
            message.state, message.ended_at = "cancelled", now


def answer(state: State, person: str, people: Iterable[str], zone: ZoneInfo, now: datetime) -> bool:
    """Somebody takes all that is wrong; whether there was anything that nobody had taken."""
    taken = [name for name, trouble in state.troubles.items() if not trouble.answered_by]
    told: set[str] = set()
    for name in taken:
        state.troubles[name].answered_by = person
        told |= _told(state, name)
        _cancel(state, now, trouble=name)
    if not taken:
        return False
    _say(state, "confirmation", "", person, texts.confirmation_text(now, zone), now=now)
    for other in people:
        if other != person and other in told:
            _say(state, "taken", "", other, texts.taken_text(person, now, zone), now=now)
    return True


def _say(
    state: State,
    kind: Literal["page", "resolution", "confirmation", "taken"],
    trouble: str,
    person: str,
    text: str,
    *,
    now: datetime,
) -> None:
    state.messages.append(
        Message(
            token=secrets.token_urlsafe(24),
            kind=kind,
            trouble=trouble,
            person=person,
            text=text,
            created_at=now,
            next_at=now,
        )
    )


def _bound(state: State, now: datetime) -> None:
    """Forget the oldest of what is over; a clock set back leaves no instant in the future."""
    if state.last_beat is not None and state.last_beat > now:
        state.last_beat = state.beating_since = now
    for trouble in state.troubles.values():
        trouble.paged_at = min(trouble.paged_at, now)
    for message in state.messages:
        if message.state == "pending" and message.next_at - now > timedelta(minutes=5):
            message.next_at = now
    over = [m for m in state.messages if m.ended_at is not None and not m.trouble]
    if len(over) > _KEPT:
        dropped = {id(m) for m in over[: len(over) - _KEPT]}
        state.messages[:] = [m for m in state.messages if id(m) not in dropped]
