"""Looks for the mails of one canary in its mailbox, while there is one on its way."""

from __future__ import annotations

from threading import Event, Thread
from time import monotonic

from exporters.mailqueue.canary.ledger import Ledger
from exporters.mailqueue.canary.mailbox import Mailbox
from exporters.mailqueue.canary.stage import StageFailed
from inventory.process import Clock
from inventory.process.logs import get_logger

_SHORTEST, _LONGEST, _AFTER_FAILURE = 0.5, 15.0, 5.0
_EARLY = 0.01
_log = get_logger("vigie.mailcanary")


def pause_before(now: float, waiting: list[float], lost_after: float, failures: int) -> float:
    """Seconds until the next look, with mails begun at `waiting` on their way.

    A tenth of the newest's age, so that its latency is no more than a tenth too long; and never
    past the instant from which a look decides about one of them. After `failures` in a row it is
    ever longer: a wrong password tried every few seconds would look like an attack.
    """
    pause = min(max((now - waiting[-1]) / 10, _SHORTEST), _LONGEST)
    if failures:
        pause = max(pause, _AFTER_FAILURE * 2 ** min(failures - 1, 8))
    # A wait may end a little early: a look that begins just before the instant decides nothing.
    decisive = waiting[0] + lost_after + _EARLY
    return max(0.0, min(pause, decisive - now))


class Receiving:
    """The looks at one mailbox, in a thread of its own."""

    def __init__(
        self, address: str, ledger: Ledger, mailbox: Mailbox, lost_after: float, *, clock: Clock
    ) -> None:
        self._address, self._ledger, self._mailbox = address, ledger, mailbox
        self._lost_after, self._clock = lost_after, clock
        self._said = ""
        self._failures = 0
        self._stop, self._wake = Event(), Event()
        self._thread = Thread(target=self._rounds, name="canary-receive", daemon=True)

    def start(self) -> None:
        """Wait for the first mail to look for."""
        self._thread.start()

    def expect(self) -> None:
        """A mail left."""
        self._wake.set()

    def stop(self) -> None:
        """Look no more; a look that hangs is left behind."""
        self._stop.set()
        self._wake.set()

    def once(self) -> None:
        """Look once, note and remove what is there."""
        began = monotonic()
        try:
            found = self._mailbox.look()
            for token in found.values():
                self._ledger.arrived(token, monotonic(), self._clock().timestamp())
            self._mailbox.remove(found)
        except StageFailed as failure:
            self._judge(began, str(failure))
        except Exception as error:  # noqa: BLE001 - the thread outlives whatever a server says
            self._mailbox.close()
            self._judge(began, f"{type(error).__name__} : {error}"[:300])
        else:
            self._judge(began, "")

    def _judge(self, began: float, why: str) -> None:
        self._failures = self._failures + 1 if why else 0
        lost = self._ledger.looked(began, readable=not why)
        if lost:
            _log.warning("canari perdu", address=self._address, count=lost)
        if why and why != self._said:
            _log.warning("boîte du canari illisible", address=self._address, error=why)
        elif self._said and not why:
            _log.info("boîte du canari de nouveau lisible", address=self._address)
        self._said = why

    def _rounds(self) -> None:
        while not self._stop.is_set():
            self._wake.clear()
            if not self._ledger.waiting():
                self._mailbox.close()
                self._wake.wait()
                continue
            self.once()
            waiting = self._ledger.waiting()
            if waiting:
                pause = pause_before(monotonic(), waiting, self._lost_after, self._failures)
                self._stop.wait(pause)
        self._mailbox.close()
