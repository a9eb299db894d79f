"""The loops that empty the outbox and run what is due, until the process ends."""

from __future__ import annotations

import random
import threading
import time
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime

from sqlalchemy import case, select
from sqlalchemy.orm import Session

from alertmanager.delivery import outbox, set_back
from alertmanager.delivery.channels import Channel, named
from alertmanager.delivery.failover import MOST_AT_ONCE, Failover, Slot
from alertmanager.delivery.flights import Flights
from alertmanager.delivery.hand_over import Describe, HandOver, LinkFor, Outcome
from alertmanager.delivery.leases import Lease, release_leases, renew
from alertmanager.delivery.patience import Grace, Patience, Row
from alertmanager.notifiers.contract import Notifier
from alertmanager.store.database import Due, Store, StoreUnavailable
from alertmanager.store.tables import Message, Timer
from inventory.process import Clock
from inventory.process.logs import get_logger

_TICK = 0.25  # seconds: the longest a due row waits when nobody wakes us
_AT_ONCE = 5  # timers in one transaction, before looking for more urgent ones: posts wait for it
_TROUBLE = 1.0  # seconds of rest after an error
_GRACE = 5.0  # seconds a late page has left, after a start or a trouble of the store
# Seconds a message is sent alone: killed, we send at most one of them twice. Then others follow.
_ALONE = 0.5
STUCK = 120.0  # seconds without a turn that ended well; a send lasts 10 or so

log = get_logger("vigie.delivery")

OnEnded = Callable[[Session, Message, datetime], None]
OnTimer = Callable[[Session, Timer, datetime], None]


class Courier:
    """Sends pending messages, runs due timers, gives up on late proofs.

    `on_ended` is told, in the same transaction, of a message that failed, was not confirmed,
    or is late; `on_timer` of a timer that is due, those of kind `first` before all others;
    `on_claim` of a message about to leave.
    """

    def __init__(
        self,
        store: Store,
        clock: Clock,
        notifiers: Mapping[str, Notifier],
        channels: Sequence[Channel],
        *,
        owner: str,
        on_ended: OnEnded,
        on_timer: OnTimer,
        on_claim: outbox.OnClaim | None = None,
        describe: Describe | None = None,
        link_for: LinkFor | None = None,
        first: str = "page",
    ) -> None:
        self._store, self._clock, self._notifiers = store, clock, notifiers
        self._channels, self._first = channels, first
        self._owner, self._on_ended, self._on_timer = owner, on_ended, on_timer
        self._on_claim = on_claim
        self._failover = Failover()
        self._give = HandOver(notifiers, self._failover, describe=describe, link_for=link_for)
        providers = {name for channel in channels for name in channel.providers}
        self._most = MOST_AT_ONCE * max(1, len(providers))
        self._senders = ThreadPoolExecutor(self._most, "sender")
        self._flights = Flights(STUCK)
        self._stopping = threading.Event()
        self._wake, self._timers = threading.Event(), threading.Event()
        self._threads: list[threading.Thread] = []
        self._turns: dict[str, float] = {}
        self._patience, self._grace = Patience(), Grace(_GRACE)
        self._latest: datetime | None = None  # the latest instant the timekeeper saw

    def start(self) -> None:
        """Take back what a dead process had claimed, then start the loops."""
        with self._store.write() as session:
            back = release_leases(session, self._clock(), all_of_them=self._store.is_sqlite)
            self._latest = set_back.last_known_instant(session)
        if back:
            log.warning("messages_taken_back", count=back)
        self._threads = [
            threading.Thread(target=self._loop, args=(self._send_one, self._wake), name="dispatch"),
            threading.Thread(
                target=self._loop, args=(self._run_due, self._timers), name="timekeeper"
            ),
        ]
        for thread in self._threads:
            self._turns[thread.name] = time.monotonic()
            thread.start()

    def alive(self) -> bool:
        """Whether both loops run, and neither they nor a send hang or have only failed a while."""
        oldest = time.monotonic() - STUCK
        return (
            bool(self._threads)
            and all(
                thread.is_alive() and self._turns.get(thread.name, oldest) >= oldest
                for thread in self._threads
            )
            and not self._flights.stuck(time.monotonic(), STUCK)
        )

    def _turn(self) -> None:
        self._turns[threading.current_thread().name] = time.monotonic()

    def wake(self, what: Due = Due.MESSAGES) -> None:
        """Something was committed: look now rather than at the next tick."""
        if Due.MESSAGES in what:
            self._wake.set()
        if Due.TIMERS in what:
            self._timers.set()

    def stop(self) -> None:
        """End the loops once what they are sending has been answered and written down."""
        self._stopping.set()
        self.wake(Due.MESSAGES | Due.TIMERS)
        for thread in self._threads:
            thread.join()
        self._senders.shutdown()

    def _loop(self, work: Callable[[], bool], wake: threading.Event) -> None:
        while not self._stopping.is_set():
            wake.clear()
            try:
                busy = work()
                self._turn()
            except StoreUnavailable as error:
                log.warning("store_unavailable", reason=str(error))
                self._stopping.wait(_TROUBLE)
                continue
            except Exception:
                # The pager must outlive any bug: say it, rest, go on.
                log.exception("delivery_loop_failed")
                self._stopping.wait(_TROUBLE)
                continue
            if not busy:
                wake.wait(_TICK)

    def _send_one(self) -> bool:
        """Have the message that waits longest sent; whether there was one that could be."""
        if len(self._flights) >= self._most or self._flights.any_younger(time.monotonic(), _ALONE):
            return False
        busy = self._failover.busy(self._channels, time.monotonic())
        with self._store.read() as session:
            due = select(Message.id).where(
                Message.state == "pending",
                Message.next_attempt_at <= self._clock(),
                Message.channel.not_in(busy),
            )
            if session.scalar(due.limit(1)) is None:
                return False
        with self._store.claim() as session:
            lease = outbox.claim(
                session, self._clock(), self._owner, busy=busy, on_claim=self._on_claim
            )
        if lease is None:
            return False
        channel = named(self._channels, lease.channel)
        slot = self._failover.take(channel, time.monotonic()) if channel is not None else None
        self._flights.add(lease, time.monotonic())
        self._senders.submit(self._deliver, lease, channel, slot)
        return True

    def _deliver(self, lease: Lease, channel: Channel | None, slot: Slot | None) -> None:
        try:
            self._finish(lease, self._hand_over(lease, channel, slot))
        except StoreUnavailable as error:
            log.warning("outcome_not_written", message=lease.id, reason=str(error))
        except Exception:
            # Its lease ends by itself, and it is sent once more.
            log.exception("outcome_not_written", message=lease.id)
        finally:
            self._flights.remove(lease)
            self.wake()

    def _hand_over(self, lease: Lease, channel: Channel | None, slot: Slot | None) -> Outcome:
        return self._give(lease, channel, slot)

    def _finish(self, lease: Lease, outcome: Outcome) -> None:
        """Write the outcome down, however long the store fails: else it is sent once more."""
        while True:
            try:
                with self._store.write() as session:
                    self._write_outcome(session, lease, outcome)
            except StoreUnavailable as error:
                if self._stopping.is_set():
                    raise
                log.warning("outcome_not_written_yet", message=lease.id, reason=str(error))
                self._stopping.wait(_TROUBLE)
            else:
                return

    def _write_outcome(self, session: Session, lease: Lease, outcome: Outcome) -> None:
        now, owner = self._clock(), self._owner
        accepted = outcome.accepted
        if accepted is not None and outcome.provider is not None:
            outbox.note_accepted(
                session,
                now,
                lease,
                owner,
                deadline=self._notifiers[outcome.provider].delivery_deadline,
                provider_id=accepted.provider_id,
                detail=accepted.detail,
                provider=outcome.provider,
                tried=[{"provider": a.provider, "reason": a.reason} for a in outcome.tried],
            )
            log.info(
                "message_accepted",
                message=lease.id,
                kind=lease.kind,
                provider=outcome.provider,
                detail=accepted.detail,
            )
        elif outcome.refused:
            log.error("message_refused", message=lease.id, reason=outcome.reason)
            failed = outbox.note_refused(session, now, lease, owner, outcome.reason)
            if failed is not None:
                self._on_ended(session, failed, now)
        else:
            log.warning("message_delayed", message=lease.id, reason=outcome.reason)
            outbox.note_retry(
                session,
                now,
                lease,
                owner,
                outcome.reason,
                maybe_sent=outcome.maybe_sent,
                share=random.random(),
            )

    def _run_due(self) -> bool:
        """Run due timers and late proofs, see to the leases; whether there is more to run now."""
        now = self._clock()
        self._notice_clock(now)
        with self._store.read() as session:
            timers = self._due_timers(session, now)
            rest: list[Row] = [("proof", one) for one in outbox.overdue(session, now)]
            late = self._grace.over(outbox.late(session, now), time.monotonic())
            rest += [("late", one) for one in late]
            expired = session.scalar(
                select(Message.id)
                .where((Message.state == "leased") & (Message.lease_until <= now))
                .limit(1)
            )
        self._tend_leases(expired=expired is not None)
        ready = self._patience.order(rest, time.monotonic())
        alone = ready[:_AT_ONCE] if self._run_together(timers) else [*timers, *ready[:_AT_ONCE]]
        for row in alone:
            self._turn()
            self._run_row(row)
            self._tend_leases(expired=False)
        if timers or alone or expired is not None:
            self.wake()
        # What came meanwhile may be more urgent than what is left.
        return len(timers) == _AT_ONCE or len(ready) > _AT_ONCE

    def _due_timers(self, session: Session, now: datetime) -> list[Row]:
        """Some that are due: first what nobody was paged for yet, then the longest overdue."""
        resting = self._patience.resting("timer", time.monotonic())
        due = (
            select(Timer.id)
            .where(Timer.done_at.is_(None), Timer.due_at <= now, Timer.id.not_in(resting))
            .order_by(case((Timer.kind == self._first, 0), else_=1), Timer.due_at, Timer.id)
            .limit(_AT_ONCE)
        )
        rows: list[Row] = [("timer", identifier) for identifier in session.scalars(due)]
        return self._patience.order(rows, time.monotonic())

    def _run_together(self, timers: Sequence[Row]) -> bool:
        """Run several timers in one transaction; whether that was done and went well.

        A thousand incidents at once wait a third as long. If one cannot be dealt with, each is
        tried alone.
        """
        if len(timers) < 2:
            return False
        self._turn()
        try:
            with self._store.write() as session:
                for _, identifier in timers:
                    self._run_timer(session, identifier)
        except StoreUnavailable:
            return False  # it is said of each that is tried alone
        except Exception:
            log.exception("timers_failed_together", count=len(timers))
            return False
        for row in timers:
            self._patience.done(row)
        self._tend_leases(expired=False)
        return True

    def _tend_leases(self, *, expired: bool) -> None:
        """Renew the leases of what we are sending; take back those of others that expired."""
        instant = time.monotonic()
        if not expired and not self._flights.to_renew(instant):
            return
        with self._store.claim() as session:
            now = self._clock()
            # Before the release: a clock that leaps forward ends no lease of ours.
            renew(session, now, self._flights.alive(instant), self._owner)
            back = release_leases(session, now, all_of_them=False)
        self._flights.renewed(instant)
        if back:
            log.warning("messages_taken_back", count=back)

    def _notice_clock(self, now: datetime) -> None:
        """A clock set back by an hour must not hold a page or an escalation for an hour.

        Not where several processes share the database: each has a clock of its own.
        """
        by = now - (self._latest or now)
        if self._store.is_sqlite and by < -set_back.TOLERATED:
            log.warning("clock_set_back", seconds=round(-by.total_seconds()))
            with self._store.write() as session:
                set_back.move_due_instants(session, by, now)
            self.wake()
        self._latest = now

    def _run_row(self, row: Row) -> None:
        """One row; if it fails, the others go first from now on."""
        kind, identifier = row
        try:
            with self._store.write() as session:
                if kind == "timer":
                    self._run_timer(session, identifier)
                else:
                    self._give_up(session, kind, identifier)
        except StoreUnavailable:
            self._patience.failed(row, time.monotonic(), wait=False)
            raise
        except Exception:
            # One that cannot be dealt with must not keep the others waiting.
            log.exception("row_failed", kind=kind, row=identifier)
            self._patience.failed(row, time.monotonic(), wait=True)
        else:
            self._patience.done(row)

    def _run_timer(self, session: Session, identifier: int) -> None:
        # One decision at a time: whoever comes second, in another process too, finds it done.
        timer = session.get(Timer, identifier)
        if timer is not None and timer.done_at is None:
            timer.done_at = self._clock()
            self._on_timer(session, timer, timer.done_at)

    def _give_up(self, session: Session, kind: str, identifier: int) -> None:
        now = self._clock()
        give_up = outbox.give_up_proof if kind == "proof" else outbox.note_late
        message = give_up(session, now, identifier)
        if message is not None:
            said = "message_unconfirmed" if kind == "proof" else "message_late"
            log.warning(said, message=message.id)
            self._on_ended(session, message, now)
