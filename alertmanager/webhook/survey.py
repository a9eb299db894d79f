"""Asks Alertmanager what fires: what is over untold, what fires untold, and what is in doubt."""

from __future__ import annotations

import json
import threading
import time
from collections.abc import Mapping, Sequence

import requests
from sqlalchemy import select

from alertmanager.incidents import late
from alertmanager.incidents.desk import Desk
from alertmanager.incidents.gone import Absences, close_gone, firing_alerts
from alertmanager.incidents.intake import receive
from alertmanager.incidents.received import ReceivedAlert
from alertmanager.incidents.untold import Strangers
from alertmanager.store.database import Store, StoreUnavailable
from alertmanager.store.journal import write_line
from alertmanager.store.tables import Receipt
from alertmanager.webhook.asking import Answer, Missing, ask
from inventory.process import Clock
from inventory.process.logs import get_logger

_EVERY = 30.0  # seconds
_SOON = 1.0  # seconds until the next try, while something waits for an answer

log = get_logger("vigie.survey")


class Survey:
    """One thread over the integrations that name their Alertmanagers, by URL."""

    def __init__(
        self,
        store: Store,
        clock: Clock,
        desk: Desk,
        urls: Mapping[str, Sequence[str]],
    ) -> None:
        self._store, self._clock, self._desk = store, clock, desk
        self._urls = dict(urls)
        self._absences = {integration: Absences() for integration in urls}
        self._strangers = {integration: Strangers() for integration in urls}
        self._missing: list[Missing] = []
        self._guard = threading.Lock()
        self._called = threading.Event()
        self._stopping = threading.Event()
        self._thread = threading.Thread(target=self._loop, name="survey")
        self._session = requests.Session()
        self._session.trust_env = False

    @property
    def asked(self) -> frozenset[str]:
        """The integrations that can be asked about."""
        return frozenset(self._urls)

    def start(self) -> None:
        """Ask every half minute from now on, if there is anybody to ask."""
        if self._urls:
            self._thread.start()

    def stop(self) -> None:
        """Ask no more; waits for the answer that is awaited."""
        self._stopping.set()
        self._called.set()
        if self._thread.is_alive():
            self._thread.join()
        self._session.close()

    def call(self, missing: Sequence[Missing]) -> None:
        """Ask at once: about what is in doubt, and about groups that were cut off."""
        with self._guard:
            self._missing += [one for one in missing if one.integration in self._urls]
        self._called.set()

    def _loop(self) -> None:
        due = time.monotonic() + _EVERY
        waits = True  # what an earlier process was still in doubt about
        while not self._stopping.is_set():
            self._called.wait(_SOON if waits else max(0.0, due - time.monotonic()))
            self._called.clear()
            if self._stopping.is_set():
                return
            regular = time.monotonic() >= due
            if regular:
                due = time.monotonic() + _EVERY
            waits = False
            for integration in self._urls:
                try:
                    waits |= self.look(integration, regular=regular)
                except StoreUnavailable as error:
                    waits = True
                    log.warning("survey_failed", integration=integration, what=str(error))
                except Exception:
                    # What an odd answer breaks here must not end the surveys.
                    log.exception("survey_failed", integration=integration)

    def look(self, integration: str, *, regular: bool) -> bool:
        """Ask if there is anything to ask; whether something still waits for an answer.

        `regular`: the survey of every half minute. Raise StoreUnavailable.
        """
        with self._store.read() as session:
            doubted = late.doubted(session, integration)
        with self._guard:
            missing = [one for one in self._missing if one.integration == integration]
        if not (regular or doubted or missing):
            return False
        answer = ask(self._session, self._urls[integration])
        for failure in answer.failed:
            log.warning("survey_failed", integration=integration, what=failure)
        left = self._settle(integration, doubted, answer)
        if not answer.proves:
            if regular:
                # One that comes back may have been restarted: it needs time to be told again.
                self._absences[integration] = Absences()
                self._strangers[integration] = Strangers()
            return left
        self._take_missing(integration, missing, answer)
        if regular:
            self._close_gone(integration, answer)
            self._take_strangers(integration, answer)
        return left

    def _settle(self, integration: str, doubted: Sequence[late.Doubted], answer: Answer) -> bool:
        """Decide what can be decided; whether anything is left."""
        if not doubted:
            return False
        now = self._clock()
        fires: list[late.Doubted] = []
        over: list[late.Doubted] = []
        for one in doubted:
            if answer.proves:
                (fires if one.alert.fingerprint in answer.present else over).append(one)
            elif now - one.received_at >= late.ANSWER_WITHIN:
                fires.append(one)
        if fires or over:
            with self._store.write() as session:
                alerts = late.settle(session, integration, fires, over, now)
                receive(session, self._desk, integration, alerts, now)
            log.info("doubts_settled", integration=integration, fire=len(fires), over=len(over))
        return len(fires) + len(over) < len(doubted)

    def _take_missing(self, integration: str, missing: Sequence[Missing], answer: Answer) -> None:
        """What was cut off, of the groups that were cut."""
        wanted = [
            fingerprint
            for fingerprint, present in answer.present.items()
            if any(present.is_for(one.receiver, one.group_labels) for one in missing)
        ]
        self._take(integration, wanted, answer)
        with self._guard:
            self._missing = [one for one in self._missing if one not in missing]

    def _take_strangers(self, integration: str, answer: Answer) -> None:
        receiver = self._receiver(integration)
        if not receiver:
            return
        with self._store.read() as session:
            known = set(firing_alerts(session, integration))
        unknown = [
            fingerprint
            for fingerprint, present in answer.present.items()
            if fingerprint not in known and present.is_for(receiver, {})
        ]
        self._take(integration, self._strangers[integration].note(unknown), answer)

    def _take(self, integration: str, fingerprints: Sequence[str], answer: Answer) -> None:
        if not fingerprints:
            return
        now = self._clock()
        with self._store.write() as session:
            known = set(firing_alerts(session, integration))
            alerts: list[ReceivedAlert] = []
            for fingerprint in fingerprints:
                if fingerprint not in known:
                    alerts.append(answer.present[fingerprint].alert.received(now))
                    write_line(
                        session,
                        now,
                        "alert.found",
                        integration=integration,
                        fingerprint=fingerprint,
                    )
            receive(session, self._desk, integration, alerts, now)
        if alerts:
            log.warning("alerts_found", integration=integration, count=len(alerts))

    def _close_gone(self, integration: str, answer: Answer) -> None:
        with self._store.read() as session:
            firing = firing_alerts(session, integration)
        gone = self._absences[integration].note(firing, set(answer.present), time.monotonic())
        if not gone:
            return
        with self._store.write() as session:
            count = close_gone(session, self._desk, integration, gone, self._clock())
        log.warning("alerts_gone", integration=integration, count=count)

    def _receiver(self, integration: str) -> str:
        """Name of the receiver that posts to the integration, by the last body it sent."""
        last = (
            select(Receipt.body)
            .where(
                Receipt.integration == integration, Receipt.outcome.in_(("accepted", "duplicate"))
            )
            .order_by(Receipt.id.desc())
            .limit(1)
        )
        with self._store.read() as session:
            body = session.scalar(last)
        try:
            return str(json.loads(body or b"{}").get("receiver", ""))
        except ValueError:
            return ""
