"""All canaries of a site: their threads, the LMTP server where some arrive, their sums."""

from __future__ import annotations

import random
from collections.abc import Callable
from pathlib import Path
from time import monotonic

from exporters.mailqueue.canary.key import signing_key
from exporters.mailqueue.canary.ledger import Ledger, Tally
from exporters.mailqueue.canary.lmtp import LmtpServer
from exporters.mailqueue.canary.mailbox import Mailbox
from exporters.mailqueue.canary.receiving import Receiving
from exporters.mailqueue.canary.sending import Sending
from exporters.mailqueue.canary.settings import CanaryEntry, CanarySettings
from exporters.mailqueue.canary.submit import Submission
from exporters.mailqueue.canary.token import Mint
from exporters.toolkit.collector import CollectorError
from inventory.config import reason
from inventory.process import Clock
from inventory.process.logs import get_logger

_log = get_logger("vigie.mailcanary")


class Fleet:
    """Makes everything; `start` lets the canaries fly. Raise CollectorError, with nothing left.

    `chance` gives numbers from 0 to 1, for the moments at which mails leave.
    """

    def __init__(
        self,
        settings: CanarySettings,
        clock: Clock,
        folder: Path | None,
        chance: Callable[[], float] = random.random,
    ) -> None:
        self._settings, self._clock, self._chance = settings, clock, chance
        self._lost_after = settings.lost_after.total_seconds()
        self._timeout = settings.timeout.total_seconds()
        try:
            key = signing_key(folder)
        except OSError as error:
            raise CollectorError(f"clé des canaris non enregistrée : {reason(error)}") from None
        self._submission = Submission(settings.smtp, self._timeout)
        self._ledgers: list[tuple[CanaryEntry, Ledger]] = []
        self._by_lmtp: dict[str, tuple[Mint, Ledger]] = {}
        self._threads: list[Sending | Receiving] = []
        for canary in settings.canaries:
            self._add(canary, Mint(key, canary.address))
        self._lmtp = self._listen()

    def start(self) -> None:
        """Every canary in its own threads."""
        for thread in self._threads:
            thread.start()

    def stop(self) -> None:
        """End the threads; whatever hangs is left behind."""
        for thread in self._threads:
            thread.stop()
        if self._lmtp is not None:
            self._lmtp.stop()

    def tallies(self) -> dict[str, list[Tally]]:
        """The sums of each canary as they are now, by member."""
        by_member: dict[str, list[Tally]] = {}
        for canary, ledger in self._ledgers:
            lost = ledger.expire(monotonic())
            if lost:
                _log.warning("canari perdu", address=canary.address, count=lost)
            by_member.setdefault(canary.member, []).append(ledger.tally())
        return by_member

    def _add(self, canary: CanaryEntry, mint: Mint) -> None:
        started: Callable[[], None] = lambda: None  # noqa: E731
        if canary.imap is None:
            ledger = Ledger(self._lost_after, 0.0, "deliver")
            self._by_lmtp[canary.address.lower()] = (mint, ledger)
        else:
            ledger = Ledger(self._lost_after, 2 * self._timeout, "receive")
            mailbox = Mailbox(canary.imap, mint, self._timeout)
            receiving = Receiving(
                canary.address, ledger, mailbox, self._lost_after, clock=self._clock
            )
            self._threads.append(receiving)
            started = receiving.expect
        self._ledgers.append((canary, ledger))
        self._threads.append(
            Sending(
                canary.address,
                mint,
                ledger,
                self._submission,
                self._settings.interval.total_seconds(),
                clock=self._clock,
                chance=self._chance,
                started=started,
            )
        )

    def _listen(self) -> LmtpServer | None:
        where = self._settings.lmtp_listen
        if where is None:
            return None
        try:
            return LmtpServer((where.host, where.port), frozenset(self._by_lmtp), self._arrived)
        except OSError as error:
            raise CollectorError(f"écoute LMTP impossible sur {where} : {reason(error)}") from None

    def _arrived(self, address: str, token: str) -> None:
        mint, ledger = self._by_lmtp[address]
        if mint.knows(token):
            ledger.arrived(token, monotonic(), self._clock().timestamp())
