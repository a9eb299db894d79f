"""The lane of facts, identities and events: read once, then again when an event says so.

libvirt's events wake it; every five minutes everything is read again, in case one was lost.
It asks no guest's monitor anything, so that no stuck guest can hold it.
"""

from __future__ import annotations

import contextlib
import threading
from collections import deque
from collections.abc import Iterable, Mapping
from time import monotonic, sleep

import libvirt

from exporters.hypervisor.identity import Judgement, Register
from exporters.hypervisor.lane import Lane, LaneStatus
from exporters.hypervisor.libvirtd.chronicle import Chronicle
from exporters.hypervisor.libvirtd.connection import HypervisorUnreachable
from exporters.hypervisor.libvirtd.domain_reader import DomainReader, DomainReading
from exporters.hypervisor.libvirtd.events import Event
from exporters.hypervisor.libvirtd.place import is_this_machine
from exporters.hypervisor.libvirtd.site import Site
from exporters.hypervisor.libvirtd.subscription import Subscription
from exporters.hypervisor.metrics import facts as fact_metrics
from exporters.hypervisor.model import DomainFacts, Identity
from exporters.toolkit.text_family import TextFamily

TICK, RESYNC = 15.0, 300.0
SETTLE, REST, LONGEST_SETTLE = 0.1, 4, 5.0
"""Events come in flocks: a round waits this long for the rest of one, and `REST` times what the
last round took. Whoever makes a guest tell ten thousand a second costs a fifth of a processor."""

MOST_WAITING = 100_000


class InventoryLane:
    """See `exporters.hypervisor.host_protocol.InventoryLane`."""

    def __init__(self, site: Site, tick: float = TICK, resync: float = RESYNC) -> None:
        self._site, self._resync = site, resync
        self._door = site.door()
        self._register = Register(site.context.inventory)
        self._chronicle = Chronicle(site.name, site.context.state_directory, site.now)
        self._reader = DomainReader(
            site.name, is_this_machine(site.address.uri), self._chronicle.start_of
        )
        self._events: deque[Event] = deque(maxlen=MOST_WAITING)
        self._subscription: Subscription | None = None
        self._read_at = -resync
        self._took = 0.0
        self._judged: dict[str, Judgement] = {}
        self._lines: dict[str, fact_metrics.Lines] = {}
        self._facts: dict[str, DomainFacts] = {}
        self._fact_families: tuple[TextFamily, ...] = ()
        self._closing = threading.Lock()
        self._ended = False
        self._lane: Lane[None] = Lane(
            site.name, "inventory", self._round, tick, site.now, stays=resync
        )

    @property
    def facts(self) -> Mapping[str, DomainFacts]:
        """By uuid; replaced as a whole, never changed in place. Empty once too old."""
        return self._facts if self._lane.fresh else {}

    @property
    def families(self) -> tuple[TextFamily, ...]:
        """Facts, unless they are too old; counters in any case, and whether events come."""
        return (self._fact_families if self._lane.fresh else ()) + self._chronicle.families

    def identity(self, name: str, uuid: str) -> Identity:
        """Whose a domain is; what the inventory declares is known before any round."""
        judged = self._judged.get(uuid)
        facts = self._facts.get(uuid)
        if judged is None or facts is None or facts.name != name:
            return self._register.judge(name, {}, None).identity
        return judged.identity

    def start(self) -> None:
        """See BackgroundLane."""
        self._lane.start()

    def stop(self) -> None:
        """End, and keep the counters."""
        self._ended = True
        self._lane.stop()
        with self._closing:
            subscription, self._subscription = self._subscription, None
        if subscription is not None:
            subscription.close()
        self._take_events()
        self._chronicle.save(at_once=True)

    def status(self) -> LaneStatus:
        """See BackgroundLane."""
        return self._lane.status()

    def _round(self) -> None:
        try:
            subscription = self._connected()
            if self._events:
                sleep(min(max(SETTLE, REST * self._took), LONGEST_SETTLE))
            began = monotonic()
            touched = self._take_events()
            self._chronicle.render()  # libvirt may hold back a domain that is just starting
            everything = monotonic() - self._read_at >= self._resync
            if everything:
                self._read_all(subscription)
            elif touched:
                self._read_some(subscription, touched)
            self._chronicle.render()
            self._took = 0.0 if everything else monotonic() - began
        except libvirt.libvirtError as error:
            self._lose()
            raise HypervisorUnreachable(str(error)) from None
        finally:
            self._chronicle.render()
            self._chronicle.save()

    def _connected(self) -> Subscription:
        """The present connection, or another one with its events registered anew."""
        subscription = self._subscription
        if subscription is not None and subscription.alive and _answers(subscription):
            return subscription
        self._lose()
        connection = self._door.open()
        opened = Subscription(connection, self._heard, self._lane.wake, self._site.now)
        with self._closing:
            self._subscription = opened
        if self._ended:
            self._lose()
            raise HypervisorUnreachable("the exporter ends")
        opened.register()
        self._chronicle.connected(events=opened.connected)
        self._read_at = -self._resync
        return opened

    def _lose(self) -> None:
        with self._closing:
            subscription, self._subscription = self._subscription, None
        if subscription is not None:
            self._chronicle.lost()
            self._chronicle.render()
            subscription.close()

    def _heard(self, event: Event) -> None:
        """From libvirt's event loop: note it, and let the lane do the rest."""
        self._events.append(event)
        self._lane.wake()

    def _take_events(self) -> set[str]:
        touched = set()
        if len(self._events) == MOST_WAITING:
            self._chronicle.missed()
        with contextlib.suppress(IndexError):  # whoever ends the lane takes them too
            while True:
                event = self._events.popleft()
                self._chronicle.record(event)
                touched.add(event.uuid)
        return touched

    def _read_all(self, subscription: Subscription) -> None:
        found = {one.facts.uuid: one for one in self._reader.all(subscription.connection)}
        self._chronicle.exist(found)
        self._know({uuid: one.facts for uuid, one in found.items()}, found.values())
        self._read_at = monotonic()

    def _read_some(self, subscription: Subscription, uuids: set[str]) -> None:
        readings = self._reader.some(subscription.connection, uuids)
        found = {one.facts.uuid: one for one in readings}
        for uuid in uuids - found.keys():
            self._chronicle.gone(uuid)
        kept = {uuid: facts for uuid, facts in self._facts.items() if uuid not in uuids}
        self._know(kept | {uuid: one.facts for uuid, one in found.items()}, found.values())

    def _know(self, facts: dict[str, DomainFacts], read: Iterable[DomainReading]) -> None:
        """Judge and render what was read; the rest stays as it was rendered."""
        for one in read:
            self._chronicle.saw(one)
            about = one.facts
            judged = self._register.judge(about.name, about.written, about.autostart)
            if about != self._facts.get(about.uuid) or judged != self._judged.get(about.uuid):
                self._judged[about.uuid] = judged
                self._lines[about.uuid] = fact_metrics.lines_of(self._site.name, about, judged)
        for uuid in self._lines.keys() - facts.keys():
            del self._lines[uuid], self._judged[uuid]
        # While one domain takes another's name, both may bear it: the later reading counts.
        by_name = {about.name: self._lines[uuid] for uuid, about in facts.items()}
        self._fact_families = fact_metrics.families(by_name.values())
        self._facts = facts


def _answers(subscription: Subscription) -> bool:
    try:
        return bool(subscription.connection.isAlive())
    except libvirt.libvirtError:
        return False
