"""Sends the mails of one canary, in a thread of its own: a server that hangs delays no other."""

from __future__ import annotations

import secrets
from collections.abc import Callable
from threading import Event, Thread
from time import monotonic

from exporters.mailqueue.canary.ledger import Ledger
from exporters.mailqueue.canary.letter import letter
from exporters.mailqueue.canary.stage import StageFailed
from exporters.mailqueue.canary.submit import Submission
from exporters.mailqueue.canary.token import Mint
from inventory.process import Clock
from inventory.process.logs import get_logger

_FIRST_WITHIN = 60.0
_log = get_logger("vigie.mailcanary")


class Sending:
    """One mail to `address` every `interval` seconds, a tenth more or less.

    `chance` gives numbers from 0 to 1; `started` is called when a mail is about to leave.
    """

    def __init__(
        self,
        address: str,
        mint: Mint,
        ledger: Ledger,
        submission: Submission,
        interval: float,
        *,
        clock: Clock,
        chance: Callable[[], float],
        started: Callable[[], None] = lambda: None,
    ) -> None:
        self._address, self._mint, self._ledger = address, mint, ledger
        self._submission, self._interval = submission, interval
        self._clock, self._chance, self._started = clock, chance, started
        self._stop = Event()
        self._thread = Thread(target=self._rounds, name="canary-send", daemon=True)

    def start(self) -> None:
        """Begin: the first mail leaves within a minute."""
        self._thread.start()

    def stop(self) -> None:
        """Send no more; a mail that is being handed over is left behind."""
        self._stop.set()

    def once(self) -> None:
        """Send one mail and note what became of it."""
        now = self._clock()
        token = self._mint.token(int(now.timestamp()), secrets.token_bytes(8))
        message = letter(self._submission.settings.sender, self._address, token, now)
        self._ledger.begin(token, monotonic())
        try:
            self._submission.send(self._address, message)
        except StageFailed as failure:
            self._fail(token, failure.stage, str(failure))
        except Exception as error:  # noqa: BLE001 - the thread outlives whatever a server says
            self._fail(token, "refused", f"{type(error).__name__} : {error}"[:300])
        else:
            self._ledger.sent(token)
            self._started()

    def _fail(self, token: str, stage: str, why: str) -> None:
        self._ledger.failed(token, stage)
        _log.warning("canari non parti", address=self._address, stage=stage, error=why)

    def _rounds(self) -> None:
        pause = self._chance() * min(self._interval, _FIRST_WITHIN)
        while not self._stop.wait(pause):
            began = monotonic()
            self.once()
            period = self._interval * (0.9 + 0.2 * self._chance())
            pause = max(0.0, began + period - monotonic())
