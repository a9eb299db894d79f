"""When the next message may leave for one person by one channel, so that a storm is read. Pure.

A page leaves at once, or waits with others in one digest. In any five minutes at most two
ordinary messages leave, a minute apart (further apart once digests went out), and one more is kept
for a *new critical* page: of a kind (alert name) that is critical and that the person was not
told of and is not waiting to be told of, or of an incident that pages anew. Hard caps of a quarter
of an hour and of an hour are over all of it, with one message of each kept for new criticals.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from itertools import pairwise

SPAN = timedelta(minutes=5)
"""What counts as the same storm: kinds told and messages sent within it."""
_QUARTER, _HOUR = timedelta(minutes=15), timedelta(hours=1)


@dataclass(frozen=True)
class Limits:
    """What one person may be sent by one channel, in messages.

    `windows`: the least time from one ordinary message to the next, after none, one, two...
    digests lately. `gather`: a new critical page waits that long for those that burst out with it.
    `storm_from`: pages in five minutes from which the reserved messages are kept strictly.
    """

    per_5m: int = 2
    reserved: int = 1
    per_15m: int | None = 6
    per_hour: int | None = 12
    windows: tuple[timedelta, ...] = (
        timedelta(seconds=60),
        timedelta(minutes=5),
        timedelta(minutes=10),
    )
    gather: timedelta = timedelta(seconds=3)
    storm_from: int = 5

    @property
    def caps(self) -> tuple[tuple[int, timedelta], ...]:
        """The hard caps: so many within so long."""
        both = ((self.per_15m, _QUARTER), (self.per_hour, _HOUR))
        return tuple((cap, span) for cap, span in both if cap is not None)

    @property
    def memory(self) -> timedelta:
        """How far back what was sent matters."""
        return max(_HOUR, 2 * self.windows[-1])


DEFAULT_LIMITS = Limits()
UNCAPPED = Limits(
    per_5m=5, reserved=25, per_15m=None, per_hour=None, windows=(timedelta(seconds=60),)
)
"""Where a message costs nobody their sleep (e-mail): the first at once, then one a minute."""

PATIENCE, CRITICAL_PATIENCE = timedelta(seconds=60), timedelta(seconds=10)
"""A page that would wait longer is sent by another channel as well."""


Kinds = frozenset[tuple[str, str]]
"""Critical kinds (alert names), each with the incident it is of; empty when it is of several."""


@dataclass(frozen=True)
class Sent:
    """A message that left at `at`. `digest`: of several pages. `critical`: what it told of.

    A `courtesy` (an incident is over, somebody has it) counts for the hard caps alone.
    """

    at: datetime
    digest: bool = False
    critical: Kinds = frozenset()
    courtesy: bool = False


@dataclass(frozen=True)
class Waiting:
    """The digest that waits, until `due`; `tried` once a first attempt was made."""

    due: datetime
    critical: Kinds = frozenset()
    tried: bool = False


@dataclass(frozen=True)
class Arrival:
    """A page to send: `kind` is the name of its incident's alert."""

    kind: str
    incident: str
    critical: bool

    @property
    def kinds(self) -> Kinds:
        """What a message tells of by carrying it."""
        return frozenset({(self.kind, self.incident)} if self.critical else ())


@dataclass(frozen=True)
class Plan:
    """When it leaves. `alone`: now, as a message of its own. `also`: by another channel as well.

    `moved`: what waited already now waits longer, so all of it goes by another channel as well.
    """

    at: datetime
    alone: bool
    also: bool
    moved: bool = False


@dataclass(frozen=True)
class Situation:
    """What one person was sent, oldest first, and waits for, by one channel.

    `sent` reaches back `Limits.memory`; `pages` is how many pages they were sent, or wait
    for, in the last five minutes, the one that arrives included.
    """

    sent: Sequence[Sent]
    waiting: Waiting | None
    pages: int


def plan(limits: Limits, situation: Situation, arrival: Arrival, now: datetime) -> Plan:
    """Where the page that arrives goes, and when it leaves."""
    waiting = situation.waiting
    caps = _Caps(limits, situation.sent, now)
    sent = [message for message in situation.sent if not message.courtesy]
    told = _told(sent, now)
    held = waiting.critical if waiting else frozenset()
    # That an incident pages again so soon is news, though its kind was told of: it got worse.
    new = arrival.critical and not any(
        kind == arrival.kind and incident != arrival.incident for kind, incident in told | held
    )
    soon = None
    if new:
        soon = max(_reserved(limits, sent, now, busy=waiting is not None), caps.free(kept=0))
    ordinary = _ordinary(limits, sent, now, storm=situation.pages >= limits.storm_from)
    ordinary = max(ordinary, caps.free(kept=limits.reserved))
    if waiting is None:
        at = ordinary if soon is None else min(soon, ordinary)
        alone = at <= now
    else:
        # What leads it fixed its instant; otherwise a storm that has grown may move it once.
        leads = {kind for kind, _ in held} - {kind for kind, _ in told}
        fixed = waiting.tried or waiting.due <= now or bool(leads)
        at = waiting.due if fixed else ordinary
        at, alone = (at if soon is None else min(soon, at)), False
    also = at - now > (CRITICAL_PATIENCE if new else PATIENCE)
    if waiting is None:
        return Plan(at, alone, also)
    return Plan(at, alone, also or waiting.tried, moved=at > waiting.due)


def _told(sent: Sequence[Sent], now: datetime) -> Kinds:
    lately = [message.critical for message in sent if message.at > now - SPAN]
    return frozenset[tuple[str, str]]().union(*lately)


def _ordinary(limits: Limits, sent: Sequence[Sent], now: datetime, *, storm: bool) -> datetime:
    """The first instant at which an ordinary message may leave."""
    if not sent:
        return now
    lately = [message for message in sent if message.at > now - SPAN]
    # Without a storm a reserved message that was used is not held against the ordinary ones.
    used = 0 if storm else min(limits.reserved, _hasty(limits, lately))
    digests = sum(message.digest for message in sent if message.at > now - 2 * limits.windows[-1])
    window = limits.windows[min(digests, len(limits.windows) - 1)]
    return max(
        sent[-1].at + window,
        _room(sent, limits.per_5m + used, SPAN, now),
    )


def _reserved(limits: Limits, sent: Sequence[Sent], now: datetime, *, busy: bool) -> datetime:
    """The first instant at which a new critical page may leave."""
    burst = busy or (bool(sent) and sent[-1].at > now - limits.windows[0])
    return max(
        now + limits.gather if burst else now,
        _room(sent, limits.per_5m + limits.reserved, SPAN, now),
    )


@dataclass(frozen=True)
class _Caps:
    limits: Limits
    sent: Sequence[Sent]
    now: datetime

    def free(self, *, kept: int) -> datetime:
        """The first instant at which the caps allow one more and still keep `kept`."""
        rooms = (
            _room(self.sent, max(1, cap - kept), span, self.now) for cap, span in self.limits.caps
        )
        return max(rooms, default=self.now)


def _room(sent: Sequence[Sent], most: int, span: timedelta, now: datetime) -> datetime:
    """The first instant at which fewer than `most` left within the span before it."""
    return max(now, sent[-most].at + span) if len(sent) >= most else now


def _hasty(limits: Limits, lately: Sequence[Sent]) -> int:
    """How many followed the one before too soon to be ordinary."""
    return sum(after.at - before.at < limits.windows[0] for before, after in pairwise(lately))
