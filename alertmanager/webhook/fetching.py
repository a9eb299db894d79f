"""One thread that looks into the mailboxes of notifiers whose answers must be fetched."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass

from alertmanager.notifiers.contract import Incoming, Mailbox, Report, TemporaryFailure
from alertmanager.store.database import StoreUnavailable
from inventory.process.logs import get_logger

_LONGEST_REST = 300.0  # seconds between two looks, however often they failed
_TICK = 0.5

log = get_logger("vigie.fetching")

Take = Callable[[str, Incoming | Report], None]
"""Stores what came through a notifier, and acts on it. Raises StoreUnavailable."""


@dataclass
class _Turn:
    """One mailbox, when it is looked into next (monotonic seconds), and what stays there."""

    name: str
    mailbox: Mailbox
    every: float
    due: float = 0.0
    failures: int = 0


class Fetching:
    """Stores what came, then has it put away: it is never lost, and at worst seen twice.

    `looked` is told of each look that ended well, `failed` of each that did not.
    """

    def __init__(
        self,
        notifiers: Mapping[str, object],
        take: Take,
        *,
        looked: Callable[[str], None],
        failed: Callable[[str], None],
    ) -> None:
        self._take, self._looked, self._failed = take, looked, failed
        self._turns = [
            _Turn(name, notifier, notifier.fetch_every.total_seconds())
            for name, notifier in notifiers.items()
            if isinstance(notifier, Mailbox) and notifier.fetch_every is not None
        ]
        self._stopping = threading.Event()
        self._thread = threading.Thread(target=self._loop, name="fetching")

    def start(self) -> None:
        """Look from now on, if there is a mailbox."""
        if self._turns:
            self._thread.start()

    def stop(self) -> None:
        """Look no more; waits for the mail that is being stored."""
        self._stopping.set()
        if self._thread.is_alive():
            self._thread.join()

    def alive(self) -> bool:
        """Whether the thread runs, where there is something to fetch."""
        return not self._turns or self._thread.is_alive()

    def _loop(self) -> None:
        while not self._stopping.is_set():
            for turn in self._turns:
                if turn.due <= time.monotonic() and not self._stopping.is_set():
                    self._take_turn(turn)
            self._stopping.wait(_TICK)

    def _take_turn(self, turn: _Turn) -> None:
        try:
            self._look(turn)
        except (TemporaryFailure, StoreUnavailable) as error:
            log.warning("fetching_failed", notifier=turn.name, reason=str(error))
        except Exception:
            # A third party's mailbox may raise anything: the others are still looked into.
            log.exception("fetching_failed", notifier=turn.name)
        else:
            turn.failures = 0
            turn.due = time.monotonic() + turn.every
            self._looked(turn.name)
            return
        turn.failures += 1
        rest = min(turn.every * 2 ** min(turn.failures - 1, 10), _LONGEST_REST)
        turn.due = time.monotonic() + max(rest, turn.every)
        self._failed(turn.name)

    def _look(self, turn: _Turn) -> None:
        """One look. Raise the failure of the last that could not be taken, once all were tried."""
        stumbled: Exception | None = None
        for name, what in turn.mailbox.fetch():
            if self._stopping.is_set():
                return
            try:
                self._take(turn.name, what)
            except StoreUnavailable:
                raise
            except Exception as error:
                # One mail must not keep the others waiting: it stays where it lies.
                log.exception("answer_not_taken", notifier=turn.name)
                stumbled = error
                continue
            turn.mailbox.put_away(name)
        if stumbled is not None:
            raise TemporaryFailure(
                f"un courriel au moins n'a pu être pris ({type(stumbled).__name__})"
            )
