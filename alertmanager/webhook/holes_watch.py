"""One thread that looks for the holes of the rosters; a scrape only reads what it found."""

from __future__ import annotations

import threading
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from itertools import product

from prometheus_client.core import GaugeMetricFamily, Metric
from prometheus_client.registry import Collector

from alertmanager.duty.holes import standing
from alertmanager.duty.live import LiveBook
from alertmanager.rosters.holes import HOLE_KINDS, Hole, HoleKind
from alertmanager.store.database import Store, StoreUnavailable
from inventory.process import Clock
from inventory.process.logs import get_logger

LOOK_AHEAD = timedelta(days=400)
SEARCH_EVERY = timedelta(minutes=10)
_TICK = 30.0  # seconds; who is on duty, and which hole is the next, is told at each

log = get_logger("vigie.holes")


@dataclass(frozen=True)
class Look:
    """What was found `at` an instant of the pager's clock; `holes` are those not over yet."""

    at: datetime
    holes: Sequence[Hole]
    on_duty: Mapping[str, int]


class HolesWatch(Collector):
    """Searches every ten minutes; says nothing before the first search."""

    def __init__(self, live: LiveBook, store: Store, clock: Clock) -> None:
        self._live, self._store, self._clock = live, store, clock
        self._found: list[Hole] = []
        self._searched_at: datetime | None = None
        self._look: Look | None = None
        self._stopping = threading.Event()
        self._thread = threading.Thread(target=self._loop, name="holes")

    def start(self) -> None:
        """Look from now on."""
        self._thread.start()

    def stop(self) -> None:
        """Look no more."""
        self._stopping.set()
        if self._thread.is_alive():
            self._thread.join()

    @property
    def last(self) -> Look | None:
        """What was found last; None: nothing was looked for yet."""
        return self._look

    def turn(self) -> None:
        """One look; a search too when the last is ten minutes old. Raise StoreUnavailable."""
        book, now = self._live.book, self._clock()
        # A clock that was set back must not stop the searches.
        if self._searched_at is None or abs(now - self._searched_at) >= SEARCH_EVERY:
            with self._store.read() as session:
                known = standing(session, book, now, now)
            self._found = known.holes(now, now + LOOK_AHEAD)
            self._searched_at = now
        ids = set(book.roster_ids)  # the file may have been read again since
        self._look = Look(
            now,
            [hole for hole in self._found if hole.end > now and hole.roster in ids],
            {roster: len(book.on_duty(roster, now).people) for roster in book.roster_ids},
        )

    def _loop(self) -> None:
        while not self._stopping.is_set():
            try:
                self.turn()
            except StoreUnavailable as error:
                log.warning("holes_not_looked_for", reason=str(error))
            except Exception:
                # A bug here must not blind the looks to come: the metrics keep their last date.
                log.exception("holes_not_looked_for")
            self._stopping.wait(_TICK)

    def describe(self) -> Iterator[Metric]:
        """Nothing: the names are those of `collect`."""
        return iter(())

    def collect(self) -> Iterator[Metric]:
        """Fresh families of the last look; none before the first."""
        look = self._look
        if look is not None:
            yield from families(look)


def families(look: Look) -> Iterator[Metric]:
    """What a look says, for Prometheus."""
    yield GaugeMetricFamily(
        "vigie_roster_look_timestamp_seconds",
        "When the rosters were last looked at, by the pager's clock.",
        value=look.at.timestamp(),
    )
    on_duty = GaugeMetricFamily(
        "vigie_roster_on_duty", "People on duty at the last look.", labels=["roster"]
    )
    for roster, number in look.on_duty.items():
        on_duty.add_metric([roster], number)
    yield on_duty
    counts = Counter((hole.roster, hole.kind) for hole in look.holes)
    starts: dict[tuple[str, HoleKind], float] = {}
    for hole in look.holes:  # in order: the first of its kind is the next one
        starts.setdefault((hole.roster, hole.kind), hole.start.timestamp())
    number_of = GaugeMetricFamily(
        "vigie_roster_holes",
        "Holes of the coming 400 days, searched for every ten minutes by the pager.",
        labels=["roster", "kind"],
    )
    next_of = GaugeMetricFamily(
        "vigie_roster_next_hole_timestamp_seconds",
        "When the next hole begins, or when it was found if it lasts already; absent: none.",
        labels=["roster", "kind"],
    )
    for roster, kind in product(look.on_duty, HOLE_KINDS):
        number_of.add_metric([roster, kind], counts[roster, kind])
        if (roster, kind) in starts:
            next_of.add_metric([roster, kind], starts[roster, kind])
    yield number_of
    yield next_of
