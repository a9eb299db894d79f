"""One way mail leaves the queue, judged apart: where it goes slowly while all others go fast. Pure.

Nearly all mail of a town hall is for its own mailboxes: a relay that is slow holds one delivery
in eight.
"""

from __future__ import annotations

from typing import Any, NamedTuple

from exporters.mailqueue.detector.lately import Lately, Share
from exporters.mailqueue.detector.window import RecentSet, SlidingSums

WINDOW = 300
SENDERS = 5
"""A newsletter that waits for its own turn is one sender; a jam is everybody's."""
IDS = 4096
"""Queue ids of deferred messages remembered, so that a retry counts once."""
_SLOW, _DEFERRED = 1, 2


class Kind(NamedTuple):
    """What is slow on this way.

    `seconds` between the queue manager and an agent, for so many deliveries in `WINDOW`; so many
    messages deferred in it; to so many domains, where one that is dead is not our jam.
    """

    seconds: float
    slow: int
    deferred: int
    domains: int


OUT = Kind(seconds=20, slow=SENDERS, deferred=30, domains=5)
"""Mail of accounts to elsewhere. A destination can take 20 of the queue manager's 100 agents: while
most senders and most domains wait, none is free."""
HERE = Kind(seconds=60, slow=30, deferred=60, domains=0)
"""To mailboxes. All go to one place, and 3,000 payslips may keep it busy for a minute."""
THROUGH = Kind(seconds=60, slow=30, deferred=60, domains=0)
"""Mail that came in and goes on: to a server behind this one, or for clients without log-in."""


def is_local(agent: bytes) -> bool:
    """Whether it puts mail into mailboxes here (a transport's name of Exim, too)."""
    return b"smtp" not in agent and agent not in (b"error", b"retry")


class Way:
    """What was tried on it lately."""

    def __init__(self, kind: Kind) -> None:
        self._kind = kind
        self._done = SlidingSums(WINDOW, 1)
        # Of the second `_at`, to be added at once: every delivery comes through here.
        self._done_now = self._at = 0
        self._senders, self._domains = Lately(), Lately()
        self._slow = SlidingSums(WINDOW, 1)
        self._slow_at = 0
        self._deferred_ids = RecentSet(WINDOW, IDS)

    def tried(self, time: int, sender: str, domain: str, *, in_queue: float, deferred: str) -> None:
        """A delivery was tried; `deferred`: the queue id of a message that waits on."""
        if time != self._at:
            self._settle(time)
        outcome = 0
        if in_queue >= self._kind.seconds:
            outcome = _SLOW
            self._slow.add(time, 1)
            self._slow_at = time
        if deferred:
            outcome |= _DEFERRED
            self._deferred_ids.add(deferred, time)
        else:
            self._done_now += 1
        self._senders.add(sender, time, outcome)
        if self._kind.domains:
            self._domains.add(domain, time, outcome)

    def slow(self, now: int) -> tuple[float, int]:
        """The percentage of senders whose mail waits, and when the last was seen; 0: no jam."""
        share = self._senders.share(_SLOW, now)
        self._slow.forget(now)
        # Of few, all that are remembered must do.
        enough = self._kind.slow <= SENDERS or self._slow.totals[0] >= self._kind.slow
        if not enough or not self._is_wide(share, _SLOW, now):
            return 0.0, 0
        return round(100 * share.those / share.of, 1), self._slow_at

    def deferred(self, now: int) -> float:
        """The percentage of messages that were put off; 0: no jam."""
        self._settle(now)
        self._done.forget(now)
        waiting, done = self._deferred_ids.count(now), self._done.totals[0]
        share = self._senders.share(_DEFERRED, now)
        if waiting < max(self._kind.deferred, done):
            return 0.0
        if not self._is_wide(share, _DEFERRED, now):
            return 0.0
        return round(100 * waiting / (waiting + done), 1)

    def _is_wide(self, senders: Share, bit: int, now: int) -> bool:
        """Several senders and domains, and most of those seen."""
        if senders.those < SENDERS or not senders.most:
            return False
        domains = self._domains.share(bit, now)
        return not self._kind.domains or (domains.those >= self._kind.domains and domains.most)

    def _settle(self, time: int) -> None:
        if self._done_now:
            self._done.add(self._at, self._done_now)
            self._done_now = 0
        self._at = time

    def save(self) -> list[Any]:
        """For `restore`: JSON."""
        self._settle(self._at)
        return [
            self._done.save(), self._slow.save(), self._slow_at,
            self._senders.save(), self._domains.save(), self._deferred_ids.save(),
        ]  # fmt: skip

    def restore(self, saved: list[Any]) -> None:
        """What `save` gave."""
        done, slow, self._slow_at, senders, domains, ids = saved
        self._done, self._slow = SlidingSums(WINDOW, 1, done), SlidingSums(WINDOW, 1, slow)
        self._senders, self._domains = Lately(senders), Lately(domains)
        self._deferred_ids = RecentSet(WINDOW, IDS, ids)
