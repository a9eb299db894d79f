"""One thread that tells people of their duty: changes of it, reminders, the take-over.

What is told has a key, so that it is told once whichever process does it.
"""

from __future__ import annotations

import threading
from collections.abc import Sequence
from datetime import datetime, timedelta

from alertmanager.duty import takeover, told_again
from alertmanager.duty.live import LiveBook
from alertmanager.duty.notices import notify_changes
from alertmanager.duty.reminders import due_reminders
from alertmanager.duty.reminding import remind
from alertmanager.duty.turns import Turn, coming_turns
from alertmanager.incidents.desk import Desk
from alertmanager.rosters import RosterBook
from alertmanager.store.database import Store, StoreUnavailable
from alertmanager.store.duty_tables import DutyNotice
from alertmanager.webhook.silences import ending_silences
from inventory.process import Clock
from inventory.process.logs import get_logger

_TICK = 5.0  # seconds
_AGAIN = timedelta(minutes=1)
_EVERY = timedelta(days=1)
"""Without a change: the days that came in sight meanwhile are no change later."""
_KEEPS = timedelta(hours=1)

log = get_logger("vigie.duty")


class DutyWatch:
    """Looks at the clock and at the rosters as they stand; does what is due, each once.

    `urls`: the Alertmanagers that are asked for silences.
    """

    def __init__(
        self, live: LiveBook, desk: Desk, store: Store, clock: Clock, urls: Sequence[str]
    ) -> None:
        self._live, self._desk, self._store, self._clock = live, desk, store, clock
        self._urls = tuple(urls)
        self._compared: RosterBook | None = None
        self._compare_at: datetime | None = None
        self._turns: tuple[RosterBook, datetime, list[Turn]] | None = None
        self._done: set[str] = set()
        self._parts = (
            self._tell_changes,
            self._remind,
            self._take_over,
            self._escalate,
            self._tell_again,
        )
        self._stopping = threading.Event()
        self._thread = threading.Thread(target=self._loop, name="duty")

    def start(self) -> None:
        """Look from now on."""
        self._thread.start()

    def stop(self) -> None:
        """Look no more."""
        self._stopping.set()
        if self._thread.is_alive():
            self._thread.join()

    def _loop(self) -> None:
        while not self._stopping.is_set():
            for part in self._parts:
                try:
                    part(self._live.book, self._clock())
                except StoreUnavailable as error:
                    log.warning("store_unavailable", reason=str(error))
                    break
                except Exception:
                    # A bug in one of them must not end the others, nor the looks to come.
                    log.exception("duty_not_told", part=part.__name__)
            self._stopping.wait(_TICK)

    def _tell_changes(self, book: RosterBook, now: datetime) -> None:
        due = self._compare_at is None or now >= self._compare_at
        if book is self._compared and not due:
            return
        with self._store.write() as session:
            all_told = notify_changes(session, self._desk, book, now)
        self._compared = book
        self._compare_at = now + (_EVERY if all_told else _AGAIN)

    def _remind(self, book: RosterBook, now: datetime) -> None:
        if not book.notices.before:
            return
        due = list(due_reminders(self._coming(book, now), book.notices, book.zone, now))
        for reminder in due:
            if reminder.key in self._done:
                continue
            with self._store.write() as session:
                if remind(session, self._desk, book, reminder, now):
                    self._done.add(reminder.key)

    def _take_over(self, book: RosterBook, now: datetime) -> None:
        if not book.notices.test:
            return
        begun = takeover.due_takeovers(self._coming(book, now), now)
        due = [turn for turn in begun if takeover.key_of(turn) not in self._done]
        with self._store.read() as session:
            asked = {
                key for key in map(takeover.key_of, due) if session.get(DutyNotice, key) is not None
            }
        self._done |= asked
        due = [turn for turn in due if takeover.key_of(turn) not in asked]
        if not due:
            return
        silences = ending_silences(self._urls, now)
        for turn in due:
            with self._store.write() as session:
                takeover.ask(session, self._desk, book, turn, now, silences=silences)
            self._done.add(takeover.key_of(turn))
            log.info("takeover_asked", roster=turn.roster, person=turn.person.id)

    def _escalate(self, book: RosterBook, now: datetime) -> None:
        if not book.notices.test:
            return
        with self._store.read() as session:
            silent = takeover.unanswered(session, book.notices.answer_within, now)
        for key in silent:
            with self._store.write() as session:
                takeover.escalate(session, self._desk, book, key, now)
            log.warning("takeover_unanswered", takeover=key)

    def _tell_again(self, book: RosterBook, now: datetime) -> None:
        if book.notices.silent:
            return
        with self._store.read() as session:
            lost = told_again.lost(session, now)
        for message in lost:
            key = f"again:{message}"
            if key in self._done:
                continue
            with self._store.write() as session:
                if told_again.tell_again(session, self._desk, message, now):
                    self._done.add(key)

    def _coming(self, book: RosterBook, now: datetime) -> list[Turn]:
        """The turns that reminders and take-overs are about; worked out anew once an hour."""
        if self._turns is not None:
            known, since, turns = self._turns
            if known is book and since <= now < since + _KEEPS:
                return turns
        self._done.clear()  # the store knows; this only spares asking it at each look
        ahead = max(book.notices.before, default=timedelta(0)) + 2 * _KEEPS
        turns = coming_turns(book, now, ahead)
        self._turns = book, now, turns
        return turns
