"""What happened to each domain of one hypervisor, counted. No I/O.

The uuid is the key, so that a renamed domain keeps its counters. A domain that is no more
is remembered for a month, in case it comes back (a migration, a restoration), and shown for a
quarter of an hour. Both are bounded by number too: where guests are made by the minute (a
cloud that builds), what went first goes first.
"""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass, field
from math import inf

from exporters.hypervisor.libvirtd.events import PAUSED_BY_IO_ERROR, Event

FORGOTTEN_AFTER, MOST_REMEMBERED = 30 * 86400.0, 1000
"""What is kept of domains that are no more, 0.5 kB each."""

SHOWN_AFTER_ITS_END, MOST_SHOWN = 900.0, 250
"""A domain that vanished is told of for as long as the longest `increase` over its counters in
the rules: its last events would never be seen else. The number is that of a host being emptied;
one that is left out is still remembered, so that its counters go on if it returns."""

SAME_ACCIDENT = 2.0
"""An I/O error and the pause it causes come together; further apart they are two."""

MOST_DOMAINS = 10_000


@dataclass(slots=True)
class DomainHistory:
    """One domain. Times are Unix seconds; `state` and `run` (libvirt's id) are the last seen;
    `arriving` that a migration to here has begun."""

    name: str
    counts: dict[str, int] = field(default_factory=dict)
    changed_at: float | None = None
    state: int | None = None
    run: int | None = None
    gone_at: float | None = None
    arriving: bool = False
    io_error_at: float | None = None

    def heard(self, at: float) -> None:
        """An event told of it. One that comes and goes unseen is gone since the last one."""
        if self.gone_at is not None:
            self.gone_at = at


@dataclass(slots=True)
class History:
    """Every domain by uuid, and how many times events may have been missed."""

    domains: dict[str, DomainHistory] = field(default_factory=dict)
    gaps: int = 0

    def record(self, event: Event) -> None:
        """Count one event.

        A migration is told at its beginning, and is only counted when the guest is seen to go
        on here. libvirt says "failed" of an arrival that failed and of a QEMU that died.
        """
        domain = self._domain(event.uuid, event.name)
        domain.heard(event.at)
        words = list(event.counted)
        if words == ["migrated_in"]:
            domain.arriving, words = True, []
        elif event.changes_state:
            if words == ["failed"]:
                words = ["arrival_failed" if domain.arriving else "crashed"]
            elif domain.arriving:
                words.append("migrated_in")
            domain.arriving = False
        if PAUSED_BY_IO_ERROR in words:
            words.remove(PAUSED_BY_IO_ERROR)
            heard = domain.io_error_at
            if heard is None or event.at - heard > SAME_ACCIDENT:
                words.append("io_error")
        if "io_error" in words:
            domain.io_error_at = event.at
        for word in words:
            domain.counts[word] = domain.counts.get(word, 0) + 1
        if event.changes_state:
            domain.changed_at = event.at

    def saw(self, uuid: str, name: str, now_is: tuple[int, int], found_at: float | None) -> None:
        """A domain is there, in that (state, run).

        `found_at`: when it was found so, if no event told of it; a change since it was last
        seen then happened at that time, as far as we know.
        """
        domain = self._domain(uuid, name)
        domain.name, domain.gone_at = name, None
        before = domain.state, domain.run
        domain.state, domain.run = now_is
        if found_at is not None and before[0] is not None and before != now_is:
            domain.changed_at = found_at

    def gone(self, uuid: str, now: float) -> bool:
        """A domain is no more. True when that is news."""
        domain = self.domains.get(uuid)
        if domain is None or domain.gone_at is not None:
            return False
        domain.gone_at, domain.state, domain.run = now, None, None
        return True

    def only(self, present: Collection[str], now: float) -> bool:
        """These domains exist and no others. True when another did. Old ones are forgotten."""
        news = [self.gone(uuid, now) for uuid in self.domains if uuid not in present]
        return self.forget(now) or any(news)

    def forget(self, now: float) -> bool:
        """Let go those that went long ago, and the first ones gone of too many. True if any."""
        dropped = [
            uuid
            for number, (at, uuid) in enumerate(self._gone())
            if number >= MOST_REMEMBERED or now - at > FORGOTTEN_AFTER
        ]
        for uuid in dropped:
            del self.domains[uuid]
        return bool(dropped)

    def shown(self, now: float) -> list[DomainHistory]:
        """Those to tell of, one a name: the present ones, and the last that vanished just now."""
        by_name: dict[str, DomainHistory] = {}
        for domain in self.domains.values():
            if domain.gone_at is None:
                by_name.setdefault(domain.name, domain)
        for _, uuid in self._recent(now):
            by_name.setdefault(self.domains[uuid].name, self.domains[uuid])
        return list(by_name.values())

    def shown_until(self, now: float) -> float:
        """When one of those that vanished will have been shown for long enough."""
        return min((at for at, _ in self._recent(now)), default=inf) + SHOWN_AFTER_ITS_END

    def _gone(self) -> list[tuple[float, str]]:
        """Those that are no more: since when, and uuid, the last one first."""
        gone = ((one.gone_at, uuid) for uuid, one in self.domains.items())
        return sorted(((at, uuid) for at, uuid in gone if at is not None), reverse=True)

    def _recent(self, now: float) -> list[tuple[float, str]]:
        return [one for one in self._gone()[:MOST_SHOWN] if now - one[0] <= SHOWN_AFTER_ITS_END]

    def _domain(self, uuid: str, name: str) -> DomainHistory:
        if uuid not in self.domains:
            if len(self.domains) >= MOST_DOMAINS:
                self._forget_one()
            self.domains[uuid] = DomainHistory(name)
        return self.domains[uuid]

    def _forget_one(self) -> None:
        """The one gone longest; when all are present, the one known longest."""
        oldest = min(self.domains, key=lambda uuid: self.domains[uuid].gone_at or inf)
        del self.domains[oldest]
