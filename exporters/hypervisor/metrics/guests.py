"""The guests of one hypervisor in one scrape -> families whose lines are ready. No I/O."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from typing import Any

from exporters.hypervisor.measures import (
    BLOCK,
    GUEST,
    MEMORY_BANDWIDTH,
    NET,
    PERF,
    VCPU,
    Measure,
)
from exporters.hypervisor.metrics.fleet import fleet_families
from exporters.hypervisor.metrics.plan import Plan, Templates, device_keys, shape_of
from exporters.hypervisor.metrics.sheet import Sheet
from exporters.hypervisor.model import DomainFacts, GuestStats, Identity
from exporters.hypervisor.reading import Reading
from exporters.hypervisor.states import reason_word, state_word
from exporters.toolkit.text_family import TextFamily, labelled

MEASURES: tuple[Measure, ...] = (*GUEST, *VCPU, *BLOCK, *NET, PERF, MEMORY_BANDWIDTH)

_P = "hypervisor_domain_"
SAID: dict[str, str] = {
    _P + "info": "A guest, whose it is and what it serves; always 1.",
    _P + "state": "The present state of a domain and libvirt's reason for it; always 1.",
    _P + "should_run": "Whether the domain is meant to run: as the inventory declares, else its"
    " autostart flag.",
    _P
    + "monitor_responsive": "Whether the QEMU of a running or paused guest answers libvirt on its"
    " monitor.",
    _P
    + "monitor_stuck_seconds": "For how long the QEMU of a stuck guest has not answered; only for"
    " such a guest.",
}
"""Gauges that say what a guest is, beside what is measured of it."""


class _Kept:
    """What stays of a guest from scrape to scrape."""

    __slots__ = ("_places", "_sheets", "facts", "identity", "plan", "raw", "said")

    def __init__(
        self, plan: Plan, facts: DomainFacts | None, identity: Identity, sheets: Mapping[str, Sheet]
    ) -> None:
        self.plan, self.facts, self.identity = plan, facts, identity
        self._sheets = sheets
        self._places: dict[str, int] = {}
        self.said: tuple[int, int, bool | None, float | None] | None = None
        self.raw: Mapping[str, Any] | None = None
        """The statistics this was made of, where they may come again: of guests at rest."""

    def say(self, name: str, line: str) -> None:
        """Write the guest's only line of a family, "" for none."""
        if line or name in self._places:
            if name not in self._places:
                self._places[name] = self._sheets[name].place()
            self._sheets[name].put(self._places[name], line)

    def leave(self) -> None:
        """Take all its lines away."""
        self.plan.leave()
        for name, place in self._places.items():
            self._sheets[name].leave(place)


class GuestMetrics:
    """Renders the guests of one hypervisor. Not thread-safe: one scrape at a time.

    `identity` (name, uuid) is only asked again when a guest's name or facts change.
    """

    def __init__(self, hypervisor: str, identity: Callable[[str, str], Identity]) -> None:
        self._hypervisor = hypervisor
        self._identity = identity
        self._kept: dict[str, _Kept] = {}
        self._templates: Templates = {}
        self._schedstats = False
        self._sheets = {name: Sheet(name, "gauge", text) for name, text in SAID.items()}
        self._sheets.update((m.metric, Sheet(m.metric, m.kind, m.help)) for m in MEASURES)

    def families(self, reading: Reading, facts: Mapping[str, DomainFacts]) -> Iterator[TextFamily]:
        """Every family of this scrape that has a sample."""
        guests = reading.guests or ()
        # A kernel without scheduler statistics says 0 for everybody, for ever.
        self._schedstats = self._schedstats or any(g.raw.get("vcpu.0.wait") for g in guests)
        identities = {}
        for guest in guests:
            kept = self._keep(guest, facts.get(guest.uuid))
            identities[guest.uuid] = kept.identity
            if kept.raw is not guest.raw:
                kept.plan.render(guest.raw)
                kept.raw = guest.raw if guest.run == -1 else None
            self._say(guest, kept)
        yield from fleet_families(self._hypervisor, reading, facts, identities)
        if reading.guests is None:
            return
        for uuid in self._kept.keys() - identities.keys():
            self._kept.pop(uuid).leave()
        for sheet in self._sheets.values():
            if family := sheet.family():
                yield family

    def _keep(self, guest: GuestStats, facts: DomainFacts | None) -> _Kept:
        kept = self._kept.get(guest.uuid)
        if kept is not None and kept.raw is guest.raw and kept.facts is facts:
            return kept
        same = kept is not None and (kept.facts is facts or kept.facts == facts)
        if kept is not None and same:
            shape = shape_of(guest.name, guest.raw, self._schedstats, kept.plan.device_keys)
            if shape == kept.plan.shape:
                return kept
        if kept is not None and same and guest.name == kept.plan.shape.name:
            identity = kept.identity
        else:
            identity = self._identity(guest.name, guest.uuid)
        if kept is not None:
            kept.leave()
        return self._compile(guest, facts, identity)

    def _compile(self, guest: GuestStats, facts: DomainFacts | None, identity: Identity) -> _Kept:
        raw = guest.raw
        shape = shape_of(guest.name, raw, self._schedstats, device_keys(raw))
        plan = Plan(
            self._hypervisor, raw, shape, facts, sheets=self._sheets, templates=self._templates
        )
        kept = self._kept[guest.uuid] = _Kept(plan, facts, identity, self._sheets)
        owner = (("uuid", guest.uuid), ("member", identity.member), ("service", identity.service))
        kept.say(_P + "info", self._line(_P + "info", guest, owner) + "1\n")
        wanted = identity.should_run
        if wanted is None and facts is not None:
            wanted = facts.autostart
        if wanted is not None:
            kept.say(_P + "should_run", f"{self._line(_P + 'should_run', guest)}{wanted:d}\n")
        return kept

    def _say(self, guest: GuestStats, kept: _Kept) -> None:
        now = (
            guest.raw.get("state.state", 0),
            guest.raw.get("state.reason", 0),
            guest.responsive,
            guest.stuck_seconds,
        )
        if now == kept.said:
            return
        kept.said = now
        words = (("state", state_word(now[0])), ("reason", reason_word(*now[:2])))
        kept.say(_P + "state", self._line(_P + "state", guest, words) + "1\n")
        for name, value in (
            (
                _P + "monitor_responsive",
                None if guest.responsive is None else int(guest.responsive),
            ),
            (_P + "monitor_stuck_seconds", guest.stuck_seconds),
        ):
            kept.say(name, "" if value is None else f"{self._line(name, guest)}{value}\n")

    def _line(self, name: str, guest: GuestStats, more: tuple[tuple[str, str], ...] = ()) -> str:
        return labelled(name, (("hypervisor", self._hypervisor), ("domain", guest.name), *more))
