"""The loops that empty the outbox and run what is due, until the process ends."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Mapping, Sequence
from datetime import datetime, timedelta

from sqlalchemy import select
from sqlalchemy.orm import Session

from alertmanager.delivery import outbox, set_back
from alertmanager.delivery.channels import Channel, named
from alertmanager.delivery.patience import Patience, Row
from alertmanager.delivery.sms_text import as_reminder
from alertmanager.notifiers.contract import (
    Accepted,
    Notifier,
    Outgoing,
    PermanentFailure,
    TemporaryFailure,
)
from alertmanager.store.database import Store, StoreUnavailable
from alertmanager.store.tables import Message, Timer
from inventory.process import Clock
from inventory.process.logs import get_logger

SENDERS = 2
_TICK = 0.25  # seconds: the longest a due row waits when nobody wakes us
_TROUBLE = 1.0  # seconds of rest after an error
STUCK = 120.0  # seconds without a turn that ended well; a send lasts 10 or so

log = get_logger("vigie.delivery")

OnEnded = Callable[[Session, Message, datetime], None]
OnTimer = Callable[[Session, Timer, datetime], None]


class Courier:
    """Sends pending messages, runs due timers, gives up on late proofs.

    `on_ended` is told, in the same transaction, of a message that failed or was
    not confirmed; `on_timer` of a timer that is due.
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
    ) -> None:
        self._store, self._clock, self._notifiers = store, clock, notifiers
        self._channels = channels
        self._owner, self._on_ended, self._on_timer = owner, on_ended, on_timer
        self._stopping = threading.Event()
        self._wakes = [threading.Event() for _ in range(SENDERS)]
        self._threads: list[threading.Thread] = []
        self._turns: dict[str, float] = {}
        self._patience = Patience()
        self._latest: datetime | None = None  # the latest instant the timekeeper saw

    def start(self) -> None:
        """Take back what a dead process had claimed, then start the loops."""
        with self._store.write() as session:
            back = outbox.release_leases(session, self._clock(), all_of_them=self._store.is_sqlite)
            self._latest = set_back.last_known_instant(session)
        if back:
            log.warning("messages_taken_back", count=back)
        self._threads = [
            threading.Thread(target=self._loop, args=(self._send_one, wake), name=f"sender-{i}")
            for i, wake in enumerate(self._wakes)
        ]
        idle = threading.Event()
        self._threads.append(
            threading.Thread(target=self._loop, args=(self._run_due, idle), name="timekeeper")
        )
        for thread in self._threads:
            self._turns[thread.name] = time.monotonic()
            thread.start()

    def alive(self) -> bool:
        """Whether every loop runs, and none hangs or has only failed for a while."""
        oldest = time.monotonic() - STUCK
        return bool(self._threads) and all(
            thread.is_alive() and self._turns.get(thread.name, oldest) >= oldest
            for thread in self._threads
        )

    def _turn(self) -> None:
        self._turns[threading.current_thread().name] = time.monotonic()

    def wake(self) -> None:
        """Something was committed: look now rather than at the next tick."""
        for event in self._wakes:
            event.set()

    def stop(self) -> None:
        """End the loops once what they are sending has been answered and written down."""
        self._stopping.set()
        self.wake()
        for thread in self._threads:
            thread.join()

    def _loop(self, work: Callable[[], bool], wake: threading.Event) -> None:
        while not self._stopping.is_set():
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
                wake.clear()

    def _send_one(self) -> bool:
        """Send the message that waits longest; whether there was one."""
        with self._store.read() as session:
            due = select(Message.id).where(
                Message.state == "pending", Message.next_attempt_at <= self._clock()
            )
            if session.scalar(due.limit(1)) is None:
                return False
        with self._store.write() as session:
            lease = outbox.claim(session, self._clock(), self._owner)
        if lease is None:
            return False
        self._finish(lease, self._hand_over(lease))
        return True

    def _hand_over(self, lease: outbox.Lease) -> Accepted | PermanentFailure | TemporaryFailure:
        channel = named(self._channels, lease.channel)
        notifier = self._notifiers.get(channel.providers[0]) if channel else None
        if notifier is None:
            return PermanentFailure(f"le canal « {lease.channel} » n'est plus configuré")
        text = as_reminder(lease.text) if lease.again and lease.kind == "page" else lease.text
        outcome: Accepted | PermanentFailure | TemporaryFailure
        try:
            outcome = notifier.send(Outgoing(lease.token, lease.address, text))
        except (PermanentFailure, TemporaryFailure) as failure:
            outcome = failure
        except BaseException as error:
            # A third party's notifier may raise anything, SystemExit too: neither the message
            # nor the loop must be lost for it. Ctrl-C goes to the main thread, not here.
            log.exception("notifier_failed", channel=lease.channel, message=lease.id)
            reason = f"panne du moyen ({type(error).__name__})"
            outcome = TemporaryFailure(reason, maybe_sent=True)
        return outcome

    def _finish(
        self, lease: outbox.Lease, outcome: Accepted | PermanentFailure | TemporaryFailure
    ) -> None:
        """Write the outcome down, trying while the lease lasts: else it is sent once more."""
        end = time.monotonic() + outbox.LEASE.total_seconds()
        while True:
            try:
                with self._store.write() as session:
                    self._write_outcome(session, lease, outcome)
            except StoreUnavailable as error:
                if time.monotonic() > end or self._stopping.is_set():
                    raise
                log.warning("outcome_not_written_yet", message=lease.id, reason=str(error))
                time.sleep(_TROUBLE)
            else:
                return

    def _write_outcome(
        self,
        session: Session,
        lease: outbox.Lease,
        outcome: Accepted | PermanentFailure | TemporaryFailure,
    ) -> None:
        now = self._clock()
        if isinstance(outcome, Accepted):
            outbox.note_accepted(
                session,
                now,
                lease,
                self._owner,
                deadline=self._deadline(lease.channel),
                provider_id=outcome.provider_id,
                detail=outcome.detail,
            )
            log.info("message_accepted", message=lease.id, kind=lease.kind, detail=outcome.detail)
        elif isinstance(outcome, TemporaryFailure):
            log.warning("message_delayed", message=lease.id, reason=str(outcome))
            outbox.note_retry(
                session, now, lease, self._owner, str(outcome), maybe_sent=outcome.maybe_sent
            )
        else:
            log.error("message_refused", message=lease.id, reason=str(outcome))
            failed = outbox.note_refused(session, now, lease, self._owner, str(outcome))
            if failed is not None:
                self._on_ended(session, failed, now)

    def _deadline(self, identifier: str) -> timedelta | None:
        channel = named(self._channels, identifier)
        return channel.delivery_deadline if channel else None

    def _run_due(self) -> bool:
        """Run due timers and late proofs, one transaction each; take back expired leases."""
        now = self._clock()
        self._notice_clock(now)
        with self._store.read() as session:
            timers = session.scalars(
                select(Timer.id)
                .where(Timer.done_at.is_(None), Timer.due_at <= now)
                .order_by(Timer.due_at, Timer.id)
            )
            rows: list[Row] = [("timer", identifier) for identifier in timers]
            rows += [("message", identifier) for identifier in outbox.overdue(session, now)]
            expired = session.scalar(
                select(Message.id)
                .where((Message.state == "leased") & (Message.lease_until <= now))
                .limit(1)
            )
        if expired is not None:
            with self._store.write() as session:
                outbox.release_leases(session, now, all_of_them=False)
        for row in self._patience.order(rows, time.monotonic()):
            self._turn()
            self._run_row(row)
        if rows or expired is not None:
            self.wake()
        return False

    def _notice_clock(self, now: datetime) -> None:
        """A clock set back by an hour must not hold a page or an escalation for an hour.

        Not where several processes share the database: each has a clock of its own.
        """
        by = now - (self._latest or now)
        if self._store.is_sqlite and by < -set_back.TOLERATED:
            log.warning("clock_set_back", seconds=round(-by.total_seconds()))
            with self._store.write() as session:
                set_back.move_due_instants(session, by)
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
                    self._give_up_proof(session, identifier)
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
        timer = session.get(Timer, identifier)
        if timer is not None and timer.done_at is None:
            self._on_timer(session, timer, self._clock())

    def _give_up_proof(self, session: Session, identifier: int) -> None:
        now = self._clock()
        message = outbox.give_up_proof(session, now, identifier)
        if message is not None:
            log.warning("message_unconfirmed", message=message.id)
            self._on_ended(session, message, now)
