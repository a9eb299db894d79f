"""The two loops of the sentinel: one looks and decides, one sends."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Mapping
from datetime import datetime
from zoneinfo import ZoneInfo

from alertmanager.delivery.sms_text import as_reminder
from alertmanager.incidents.replies import parse_reply
from alertmanager.notifiers.contract import (
    Accepted,
    Incoming,
    Notifier,
    Outgoing,
    PermanentFailure,
    Report,
    TemporaryFailure,
)
from alertmanager.rosters.phone_number import e164
from alertmanager.sentinel import mailing
from alertmanager.sentinel.findings import Limits, View, find
from alertmanager.sentinel.judge import Rules, answer, decide, note_beat
from alertmanager.sentinel.look import Look, look
from alertmanager.sentinel.settings import SentinelFile
from alertmanager.sentinel.state import Keeper, Message
from alertmanager.sentinel.telemetry import Telemetry
from inventory.process import Clock
from inventory.process.logs import get_logger

_TICK = 0.25
_REST = 60.0  # seconds during which a notifier that failed is tried after the others
_STUCK = 120.0
_HEARD = 100

log = get_logger("vigie.sentinel")


class Sentry:
    """Watches, pages and listens, until it is stopped."""

    def __init__(
        self,
        file: SentinelFile,
        notifiers: Mapping[str, Notifier],
        reaches: Mapping[str, str],
        keeper: Keeper,
        clock: Clock,
    ) -> None:
        self.notifiers, self.keeper, self.clock = notifiers, keeper, clock
        self.telemetry = Telemetry(keeper)
        self._watched = file.webhook
        watchdog = file.watchdog
        self._limits = Limits(
            watchdog.within,
            watchdog.start_grace,
            file.webhook.down_after,
            file.webhook.pending_after,
            file.webhook.canary_within,
        )
        names = [person.name for person in file.people]
        self._rules = Rules(names, file.repeat, file.calm_after, ZoneInfo(file.timezone))
        self._ways = {
            person.name: {
                name: person.addresses[kind]
                for name, kind in reaches.items()
                if kind in person.addresses
            }
            for person in file.people
        }
        self._started_at = clock()
        self._failing_since: datetime | None = None
        self._resting: dict[str, float] = {}
        self._stopping, self._wake = threading.Event(), threading.Event()
        self._turns: dict[str, float] = {}
        self._threads = [
            threading.Thread(target=self._loop, args=(self._watch, self._stopping), name="watch"),
            threading.Thread(target=self._loop, args=(self._send, self._wake), name="send"),
        ]

    def start(self) -> None:
        """Take up what a dead process was sending, then look and send."""
        with self.keeper.change() as state:
            again = mailing.resume(state, self.clock())
        if again:
            log.warning("messages_taken_back", count=again)
        for thread in self._threads:
            self._turns[thread.name] = time.monotonic()
            thread.start()

    def stop(self) -> None:
        """Finish what is being sent."""
        self._stopping.set()
        self._wake.set()
        for thread in self._threads:
            thread.join()
        for notifier in self.notifiers.values():
            notifier.close()
        self.keeper.close()

    def alive(self) -> bool:
        """Whether both loops run."""
        oldest = time.monotonic() - _STUCK
        return all(t.is_alive() and self._turns[t.name] >= oldest for t in self._threads)

    def beat(self) -> None:
        """Alertmanager said that it lives."""
        with self.keeper.change() as state:
            note_beat(state, self._limits.beat_within, self.clock())

    def take(self, notifier: str, what: Incoming | Report) -> None:
        """What a gateway called back."""
        if isinstance(what, Incoming):
            self._take_reply(notifier, what)
        else:
            with self.keeper.change() as state:
                message = mailing.find(state, what.token)
                ways = self._ways.get(message.person, {}) if message is not None else {}
                mailing.report(state, what, notifier, ways, self.clock())
            log.info("report_received", notifier=notifier, outcome=what.outcome)
        self._wake.set()

    def _take_reply(self, notifier: str, incoming: Incoming) -> None:
        person = self._person(notifier, incoming.sender)
        takes = person is not None and not incoming.only_keep and parse_reply(incoming.text).takes
        with self.keeper.change() as state:
            key = f"{notifier}:{incoming.provider_id}"
            repeated = incoming.provider_id is not None and key in state.heard
            if incoming.provider_id is not None and not repeated:
                state.heard = [*state.heard[-_HEARD:], key]
            taken = (
                person is not None
                and takes
                and not repeated
                and answer(state, person, self._ways, self._rules.zone, self.clock())
            )
        log.info("reply_received", notifier=notifier, known=person is not None, taken=taken)

    def _person(self, notifier: str, sender: str) -> str | None:
        given = {sender.lower(), e164(sender)}
        for person, ways in self._ways.items():
            if ways.get(notifier, "").lower() in given:
                return person
        return None

    def _loop(self, work: Callable[[], float], wake: threading.Event) -> None:
        while not self._stopping.is_set():
            if wake is not self._stopping:
                wake.clear()
            try:
                rest = work()
                self._turns[threading.current_thread().name] = time.monotonic()
            except Exception:
                # The last resort must outlive any bug: say it, rest, go on.
                log.exception("sentinel_loop_failed")
                rest = 1.0
            wake.wait(rest)

    def _watch(self) -> float:
        seen = look(self._watched.url, self._watched.heartbeat)
        now = self.clock()
        self._note_readiness(seen, now)
        with self.keeper.change() as state:
            view = View(
                self._started_at,
                state.last_beat,
                state.beating_since,
                self._failing_since,
                seen.reason,
                seen.figures,
            )
            before = set(state.troubles)
            decide(state, find(view, self._limits, now), self._rules, now)
            mailing.give_up_proofs(state, self._ways, now)
            opened, closed = set(state.troubles) - before, before - set(state.troubles)
        for name in sorted(opened):
            log.error("trouble", trouble=name)
        for name in sorted(closed):
            log.info("trouble_over", trouble=name)
        self.telemetry.looked(now, ready=seen.ready)
        self._wake.set()
        return self._watched.every.total_seconds()

    def _note_readiness(self, seen: Look, now: datetime) -> None:
        if seen.ready:
            self._failing_since = None
        elif self._failing_since is None or self._failing_since > now:
            self._failing_since = now

    def _send(self) -> float:
        with self.keeper.change() as state:
            message = mailing.claim(state, self.clock())
        if message is None:
            return _TICK
        attempts = self._hand_over(message)
        deadlines = {name: n.delivery_deadline for name, n in self.notifiers.items()}
        with self.keeper.change() as state:
            mailing.note(state, message.token, attempts, deadlines, self.clock())
        return 0.0

    def _hand_over(self, message: Message) -> list[mailing.Attempt]:
        instant = time.monotonic()
        resting = {name for name, until in self._resting.items() if until > instant}
        attempts: list[mailing.Attempt] = []
        again = message.maybe_sent
        for name, address in mailing.candidates(
            message, self._ways.get(message.person, {}), resting
        ):
            outcome = self._through(name, address, message, again=again)
            attempts.append((name, outcome))
            if isinstance(outcome, Accepted):
                self._resting.pop(name, None)
                log.info("message_accepted", kind=message.kind, notifier=name)
                break
            again = again or getattr(outcome, "maybe_sent", False)
            self._resting[name] = time.monotonic() + _REST
            self.telemetry.failures.labels(name).inc()
            log.warning("notifier_did_not_take", notifier=name, reason=str(outcome))
        return attempts

    def _through(
        self, name: str, address: str, message: Message, *, again: bool
    ) -> Accepted | PermanentFailure | TemporaryFailure:
        text = message.text
        if again and message.kind == "page" and "(rappel)" not in text:
            text = as_reminder(text)
        outgoing = Outgoing(message.token, address, text, kind=message.kind, again=again)
        try:
            return self.notifiers[name].send(outgoing)
        except (PermanentFailure, TemporaryFailure) as failure:
            return failure
        except Exception as error:
            # A third party's notifier may raise anything.
            log.exception("notifier_failed", notifier=name)
            return TemporaryFailure(f"panne du moyen ({type(error).__name__})", maybe_sent=True)
