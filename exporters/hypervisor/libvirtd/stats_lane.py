"""What each scrape asks of libvirt, so that no stuck guest and no frozen daemon holds it.

First the state of all guests, which needs no guest's monitor and is the truth of who
exists; then their statistics, by the Crew; then, of those who did not answer, whether
their monitor is held and since when. The Scout makes every call that no guest can hold up.
When one of those does not return, libvirtd itself does not answer: until it does, each
scrape is told so at once.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from threading import Condition
from time import monotonic, sleep
from typing import Any

from exporters.hypervisor.lane import LaneStatus
from exporters.hypervisor.libvirtd.caller import Caller, Link
from exporters.hypervisor.libvirtd.connection import HypervisorUnreachable
from exporters.hypervisor.libvirtd.crew import Batch, Crew, Outcome, batches
from exporters.hypervisor.libvirtd.resting import Resting
from exporters.hypervisor.libvirtd.site import Site
from exporters.hypervisor.libvirtd.statistics import Record, Statistics, census, held_for
from exporters.hypervisor.libvirtd.stuck import Watch
from exporters.hypervisor.model import GuestStats
from exporters.hypervisor.reading import Reading
from exporters.hypervisor.states import is_active
from exporters.toolkit.collector import Deadline
from inventory.process.logs import get_logger

_log = get_logger("vigie.hypervisor")

PATIENCE_SHARE, CENSUS_SHARE = 0.4, 0.6
"""Shares of a scrape's time: after which a batch is late, and a daemon does not answer."""

MARGIN_SHARE, MARGIN_SECONDS = 0.125, 0.25
"""Kept back to make the page of what is known."""

GRACE = 0.1
"""Seconds that a scrape waits for a call of an earlier one that is still out."""

PAUSES = (0.02, 0.05, 0.1)
"""Seconds between the questions to a guest that someone else is asking something."""

LOOK = 0.5
"""Seconds that finding out who is held may take."""


class StatsLane:
    """The scrapes of one hypervisor. `read` is never called twice at once."""

    def __init__(self, site: Site) -> None:
        self._site = site
        self._statistics = Statistics(site.settings.groups)
        self._resting = Resting()
        self._scout = self._hire(Condition())
        self._crew = Crew(self._hire, self._statistics)
        self._watch = Watch(site.stuck)
        self._vanished = 0
        self._complaint = self._gap = ""
        self._status = LaneStatus("stats", False, None, None, 0.0, 0)

    def read(self, deadline: Deadline) -> Reading:
        """The guests now. Returns before the deadline, whatever libvirt does."""
        total = deadline.remaining()
        began = monotonic()
        guests, partial = None, False
        try:
            guests, partial = self._read(began, total)
            self._tell("")
        except Exception as error:  # noqa: BLE001 - one hypervisor must not spoil the others
            self._tell(str(error) or type(error).__name__)
        self._note(guests is not None, monotonic() - began)
        return Reading(guests, partial, self._vanished, self.outstanding)

    @property
    def outstanding(self) -> int:
        """How many calls have not returned."""
        return self._crew.outstanding + (self._scout.call is not None)

    def status(self) -> LaneStatus:
        """How the last scrape went."""
        return self._status

    def close(self) -> None:
        """Let the connections go."""
        self._crew.close()
        self._scout.retire()

    def _hire(self, changed: Condition) -> Caller:
        return Caller(f"hv-{self._site.name}", self._site.door(), changed)

    def _read(self, began: float, total: float) -> tuple[list[GuestStats], bool]:
        end = began + total - min(MARGIN_SECONDS, total * MARGIN_SHARE)
        patience = min(self._site.settings.stuck_after.total_seconds(), total * PATIENCE_SHARE)
        listed = {record[1]: record for record in self._ask(census, total * CENSUS_SHARE)}
        running = self._resting.due(listed)
        outcome = self._crew.read(batches(running), patience, end)
        self._resting.keep(outcome.records.values())
        self._complain(outcome)
        silent = self._silent(outcome, listed)
        held: Mapping[str, float | None] = {}
        looked = True
        if silent:
            held, looked = self._held(silent, end)
            busy = [
                uuid
                for uuid in silent
                if uuid not in held or not self._stuck(uuid, held[uuid], patience)
            ]
            if busy and not outcome.caught:
                self._ask_again(busy, outcome, patience, end)
        if outcome.caught and outcome.unread:
            self._settle_for_less(outcome, end)
        stuck = self._watch.update(
            {uuid: s for uuid, s in held.items() if self._stuck(uuid, s, patience)},
            set(silent),
            set(listed),
            looked=looked,
        )
        self._vanished += len(outcome.vanished - outcome.records.keys())
        return self._guests(listed, outcome, stuck)

    def _ask_again(
        self, busy: Sequence[str], outcome: Outcome, patience: float, end: float
    ) -> None:
        """Someone else was asking them something at that instant, a late call of ours perhaps.

        One by one, so that a guest which is slow to answer (it migrates) does not take the
        others along; a few times, because whoever was there may need some milliseconds more.
        """
        for pause in (0.0, *PAUSES):
            if pause >= end - monotonic():
                return
            sleep(pause)
            alone = [Batch((uuid,), active=True) for uuid in busy]
            again = self._crew.read(alone, patience, end)
            told = {u: r for u, r in again.records.items() if self._crew.complete(r)}
            outcome.records.update(told)
            outcome.unread -= told.keys()
            busy = [uuid for uuid in busy if uuid not in told and uuid not in again.vanished]
            if again.caught or not busy:
                return

    def _silent(self, outcome: Outcome, listed: Mapping[str, Record]) -> Sequence[str]:
        """The active guests of whom their monitor told nothing."""
        found = outcome.records
        return [
            uuid
            for uuid, record in listed.items()
            if is_active(found.get(uuid, record)[3].get("state.state", 0))
            and not self._crew.complete(found.get(uuid))
            and uuid not in outcome.vanished
        ]

    def _stuck(self, uuid: str, seconds: float | None, patience: float) -> bool:
        """Whether a silent guest held for so long is stuck. One that was so still is."""
        return seconds is None or seconds >= patience / 2 or uuid in self._site.stuck

    def _guests(
        self, listed: Mapping[str, Record], outcome: Outcome, stuck: Mapping[str, float]
    ) -> tuple[list[GuestStats], bool]:
        by_name: dict[str, GuestStats] = {}
        partial = bool(outcome.errors)
        for uuid, record in listed.items():
            found = outcome.records.get(uuid)
            if found is None and uuid in outcome.vanished:
                continue
            if record[2] == -1 and (found is None or found[2] == -1):
                found = self._resting.record(uuid)
            name, _, run, raw = found or record
            active = is_active(raw.get("state.state", 0))
            responsive = self._statistics.answered(raw) if active and found else None
            if uuid in stuck and responsive is not True:
                responsive = False
            elif responsive is False:
                responsive, partial = None, True
            partial |= found is None and uuid not in stuck
            # Renamed between two batches, a name may come twice: one guest has it by now.
            by_name[name] = GuestStats(
                name, uuid, run, raw, responsive, stuck[uuid] if responsive is False else None
            )
        return list(by_name.values()), partial

    def _ask(self, work: Callable[[Link], Any], seconds: float) -> Any:
        """An answer of the scout's. Raise HypervisorUnreachable or libvirt's error."""
        before = self._scout.call
        if before is not None and not self._scout.wait(before, GRACE):
            raise NoAnswer("libvirt does not answer")
        call = self._scout.ask(work)
        if not self._scout.wait(call, seconds):
            call.late = True
            raise NoAnswer("libvirt does not answer")
        if call.error is not None:
            raise call.error
        return call.answer

    def _held(self, uuids: Sequence[str], end: float) -> tuple[Mapping[str, float | None], bool]:
        """Whose monitor is held, and whether libvirt told."""
        try:
            seconds = min(LOOK, end - monotonic())
            return self._ask(lambda link: held_for(link, uuids), seconds), True
        except Exception:  # noqa: BLE001 - then nobody is named this time who was not before
            return {}, False

    def _settle_for_less(self, outcome: Outcome, end: float) -> None:
        unread = sorted(outcome.unread)
        try:
            records = self._ask(lambda link: self._statistics.less(link, unread), end - monotonic())
        except Exception as error:  # noqa: BLE001 - the states are known all the same
            outcome.errors.append(error)
            return
        outcome.errors.append(NoAnswer("too many calls wait for stuck guests"))
        for record in records:
            outcome.records[record[1]] = record

    def _complain(self, outcome: Outcome) -> None:
        gap = str(outcome.errors[0]) if outcome.errors else ""
        if gap and gap != self._gap:
            _log.warning("lecture incomplète", hypervisor=self._site.name, error=gap)
        self._gap = gap

    def _note(self, up: bool, duration: float) -> None:
        last = self._status
        self._status = LaneStatus(
            "stats",
            up,
            self._site.now() if up else last.succeeded_at,
            duration,
            0.0,
            last.failures + (not up),
        )

    def _tell(self, complaint: str) -> None:
        if complaint == self._complaint:
            return
        if complaint:
            _log.warning("hyperviseur muet", hypervisor=self._site.name, error=complaint)
        else:
            _log.info("hyperviseur de retour", hypervisor=self._site.name)
        self._complaint = complaint


class NoAnswer(HypervisorUnreachable):
    """A call has not returned. Without figures: the line stays the same from scrape to scrape."""
