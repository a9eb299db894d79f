"""Asks every list in turn, every hour or so, in a thread."""

from __future__ import annotations

from collections.abc import Callable
from threading import Event, Lock, Thread

from exporters.mailqueue.blocklist.asking import Asking
from exporters.mailqueue.blocklist.board import Board, Change, Known
from exporters.mailqueue.blocklist.check import check
from exporters.mailqueue.blocklist.names import Address
from exporters.mailqueue.blocklist.settings import BlocklistSettings, ListEntry
from inventory.process import Clock
from inventory.process.logs import get_logger

_FIRST_WITHIN = 60.0
_QUERIES_WORTH = 5
"""A list that uses up the time of so many unanswered queries is left until the next round."""
_KEPT_ROUNDS = 3
_log = get_logger("vigie.mailblocklist")


class Rounds:
    """The lists are asked within a minute, then every `interval`, a tenth more or less.

    `chance` gives numbers from 0 to 1: neither do all sites ask at the same instant, nor does a
    process that restarts in a loop ask each time.
    """

    def __init__(
        self, settings: BlocklistSettings, clock: Clock, chance: Callable[[], float]
    ) -> None:
        self._settings, self._clock, self._chance = settings, clock, chance
        self._interval = settings.interval.total_seconds()
        self._timeout = settings.timeout.total_seconds()
        self._board = Board(_KEPT_ROUNDS * self._interval)
        self._lock = Lock()
        self._ended: float | None = None
        self._stop = Event()
        self._thread = Thread(target=self._run, name="mailblocklist", daemon=True)

    def start(self) -> None:
        """Begin."""
        self._thread.start()

    def stop(self) -> None:
        """Ask no more; a question under way is left behind."""
        self._stop.set()

    def state(self) -> tuple[dict[tuple[Address, str], Known], dict[str, bool], float | None]:
        """What is known, which lists work, and when the last round ended (None before it)."""
        with self._lock:
            return dict(self._board.known), dict(self._board.works), self._ended

    def once(self) -> None:
        """One round over all lists."""
        ask = Asking(self._settings.resolvers, self._timeout)
        for block_list in self._settings.lists:
            if self._stop.is_set():
                return
            seconds = _QUERIES_WORTH * self._timeout
            findings = check(ask, block_list, self._settings.addresses, seconds)
            with self._lock:
                at = self._clock().timestamp()
                changes = list(self._board.take(block_list.name, findings, at))
            for change in changes:
                self._tell(ask, block_list, change)
        with self._lock:
            self._ended = self._clock().timestamp()

    def _tell(self, ask: Asking, block_list: ListEntry, change: Change) -> None:
        log = _log.bind(address=str(change.address), list=change.list_name)
        if change.kind == "listed":
            said = ask.reason(change.address, block_list)
            log.warning("adresse sur une liste noire", answers=change.why, reason=said)
        elif change.kind == "delisted":
            log.info("adresse retirée de la liste noire")
        elif change.kind == "failing":
            log.warning("liste noire sans réponse utile", error=change.why)
        else:
            log.info("la liste noire répond de nouveau")

    def _run(self) -> None:
        pause = self._chance() * _FIRST_WITHIN
        while not self._stop.wait(pause):
            try:
                self.once()
            except Exception:  # noqa: BLE001 - the thread outlives whatever a resolver says
                _log.exception("tour des listes noires interrompu")
            pause = self._interval * (0.9 + 0.2 * self._chance())
