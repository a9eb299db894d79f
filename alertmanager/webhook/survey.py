"""Asks Alertmanager what fires, and closes what is over without its having told so."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Mapping

import requests

from alertmanager.incidents.desk import Desk
from alertmanager.incidents.gone import Absences, close_gone, firing_alerts
from alertmanager.store.database import Store, StoreUnavailable
from inventory.process import Clock
from inventory.process.logs import get_logger

_EVERY = 30.0  # seconds
_TIMEOUT = 5.0

log = get_logger("vigie.survey")


class Survey:
    """One thread over the integrations that name their Alertmanager's URL."""

    def __init__(
        self,
        store: Store,
        clock: Clock,
        desk: Desk,
        urls: Mapping[str, str],
        wake: Callable[[], None],
    ) -> None:
        self._store, self._clock, self._desk, self._wake = store, clock, desk, wake
        self._urls = dict(urls)
        self._absences = {integration: Absences() for integration in urls}
        self._stopping = threading.Event()
        self._thread = threading.Thread(target=self._loop, name="survey")
        self._session = requests.Session()
        self._session.trust_env = False

    def start(self) -> None:
        """Ask every half minute from now on, if there is anybody to ask."""
        if self._urls:
            self._thread.start()

    def stop(self) -> None:
        """Ask no more; waits for the answer that is awaited."""
        self._stopping.set()
        if self._thread.is_alive():
            self._thread.join()
        self._session.close()

    def _loop(self) -> None:
        while not self._stopping.wait(_EVERY):
            for integration, url in self._urls.items():
                try:
                    self.ask(integration, url)
                    continue
                except (requests.RequestException, StoreUnavailable) as error:
                    log.warning("survey_failed", integration=integration, what=type(error).__name__)
                except Exception:
                    # What an odd answer breaks here must not end the surveys.
                    log.exception("survey_failed", integration=integration)
                # One that comes back may have been restarted: it needs time to be told again.
                self._absences[integration] = Absences()

    def ask(self, integration: str, url: str) -> None:
        """One survey. Raise what requests raises, StoreUnavailable, or ValueError."""
        with self._store.read() as session:
            firing = firing_alerts(session, integration)
        answer = self._session.get(f"{url}/api/v2/alerts", timeout=_TIMEOUT)
        answer.raise_for_status()
        present = {str(alert["fingerprint"]) for alert in answer.json()}
        gone = self._absences[integration].note(firing, present, time.monotonic())
        if not gone:
            return
        with self._store.write() as session:
            count = close_gone(session, self._desk, integration, gone, self._clock())
        log.warning("alerts_gone", integration=integration, count=count)
        self._wake()
