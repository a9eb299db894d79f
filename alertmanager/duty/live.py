"""The rosters as they stand: the file, and over it what the store says, read again when it changes.

Whoever pages asks this book. A store that cannot be read for a while leaves what was known: better
yesterday's swap missed than nobody paged.
"""

from __future__ import annotations

import threading
from collections.abc import Sequence
from datetime import datetime, timedelta

from sqlalchemy.orm import Session

from alertmanager.duty.rows import changes, leaves
from alertmanager.rosters import DayKind, Duty, Person, RosterBook
from alertmanager.rosters.changes import Change, Leave
from alertmanager.store.database import Store, StoreUnavailable
from inventory.process import Clock
from inventory.process.logs import get_logger

_PAST = timedelta(days=460)
"""How far back changes matter to anybody who asks: the statement and the equity of a year."""
_TICK = 2.0  # seconds after which another process's change is seen

log = get_logger("vigie.duty")


class LiveBook:
    """`book` is the one to ask; a new one takes its place when anything changes.

    It answers itself what paging asks of a book (`incidents.desk.Rosters`), always by the last one.
    """

    def __init__(self, file: RosterBook, store: Store, clock: Clock) -> None:
        self._file, self._store, self._clock = file, store, clock
        self._guard = threading.Lock()
        self._seen: tuple[tuple[Change, ...], tuple[Leave, ...]] | None = None
        self._book = file
        self._stopping = threading.Event()
        self._thread = threading.Thread(target=self._loop, name="rosters")

    @property
    def book(self) -> RosterBook:
        """The rosters as of the last look."""
        return self._book

    @property
    def roster_ids(self) -> Sequence[str]:
        """Every roster."""
        return self._book.roster_ids

    @property
    def persons(self) -> Sequence[Person]:
        """Everyone."""
        return self._book.persons

    @property
    def team_ids(self) -> Sequence[str]:
        """Every team."""
        return self._book.team_ids

    def on_duty(self, roster: str, instant: datetime) -> Duty:
        """Who answers for `roster` at `instant`, and why. Raise UnknownName."""
        return self._book.on_duty(roster, instant)

    def day_kind(self, instant: datetime) -> DayKind:
        """What kind of hour it is."""
        return self._book.day_kind(instant)

    def duty_phone(self, roster: str, instant: datetime) -> Person | None:
        """The telephone of the roster, if it has one."""
        return self._book.duty_phone(roster, instant)

    def team(self, identifier: str) -> Sequence[Person]:
        """The people of that team. Raise UnknownName."""
        return self._book.team(identifier)

    def support_hours_open(self, instant: datetime) -> bool:
        """Whether the office is open."""
        return self._book.support_hours_open(instant)

    def next_support_opening(self, instant: datetime) -> datetime | None:
        """When it opens."""
        return self._book.next_support_opening(instant)

    def start(self) -> None:
        """Look now, then again and again."""
        self.refresh()
        self._thread.start()

    def stop(self) -> None:
        """Look no more."""
        self._stopping.set()
        if self._thread.is_alive():
            self._thread.join()

    def refresh(self) -> None:
        """Read what the store says. Raise StoreUnavailable."""
        since = self._clock() - _PAST
        with self._store.read() as session:
            found = changes(session, since), leaves(session, since)
        with self._guard:
            if found != self._seen:
                self._seen = found
                self._book = self._file.with_changes(*found)

    def as_of(self, session: Session) -> RosterBook:
        """The rosters as that transaction sees them: what is decided in it holds for them."""
        since = self._clock() - _PAST
        return self._file.with_changes(changes(session, since), leaves(session, since))

    def under_changes(self, file: RosterBook) -> RosterBook:
        """`file` with the changes and leaves of the last look over it, as if it were ours."""
        return file.with_changes(*self._seen) if self._seen is not None else file

    def replace_file(self, file: RosterBook) -> None:
        """The file was read again: it holds at once, under what the store said last."""
        with self._guard:
            self._file, self._book = file, self.under_changes(file)
        self.look()

    def look(self) -> None:
        """Read what the store says, if it can be read now: the next look comes soon."""
        try:
            self.refresh()
        except StoreUnavailable as error:
            log.warning("rosters_not_refreshed", reason=str(error))

    def _loop(self) -> None:
        while not self._stopping.wait(_TICK):
            try:
                self.look()
            except Exception:
                # A row that makes no sense must not end the looks to come.
                log.exception("rosters_not_refreshed")
