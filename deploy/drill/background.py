"""Honest mail from many accounts of all towns, each from its own usual address."""

from __future__ import annotations

import random
import smtplib
import threading
import time
from collections.abc import Mapping
from dataclasses import dataclass, field

import structlog

from deploy.drill.crew import Crew
from deploy.estate.ports import Ports
from deploy.estate.submit import submit

log = structlog.get_logger(__name__)

SENDERS = 4
"""Several, so that one slow answer of the server does not silence everybody."""
NEWSLETTER_RECIPIENTS = 120
"""A town hall writes to its associations now and then: honest, and not to be paged for."""


@dataclass
class Honest:
    """What was sent: Message-ID to the Unix time the server had accepted it; and what was not."""

    sent: dict[str, float] = field(default_factory=dict)
    refused: list[str] = field(default_factory=list)


class Background:
    """Sends about `rate` messages a second until stopped, from `accounts` (address to password).

    Every account sends from one loopback address of its own. One message in
    eighty is a newsletter.
    """

    def __init__(
        self, ports: Ports, accounts: Mapping[str, str], *, rate: float = 2.0, seed: int = 1
    ) -> None:
        self.honest = Honest()
        self._ports, self._accounts = ports, dict(accounts)
        self._addresses = {
            account: f"127.0.{10 + number // 200}.{1 + number % 200}"
            for number, account in enumerate(self._accounts)
        }
        self._rate, self._random = rate, random.Random(seed)
        self._number = 0
        self._lock = threading.Lock()
        self._crew = Crew()

    def start(self) -> None:
        """Begin to send."""
        self._crew.start([self._run] * SENDERS)

    def stop(self) -> None:
        """Finish the messages under way and stop."""
        self._crew.stop()

    def _next(self) -> tuple[str, str, list[str]]:
        with self._lock:
            self._number += 1
            number = self._number
            account = self._random.choice(list(self._accounts))
            count = self._random.choice((1, 1, 1, 2, 3))
        if number % 80 == 0:
            recipients = [f"abonne{i}@associations.test" for i in range(NEWSLETTER_RECIPIENTS)]
        else:
            recipients = [f"correspondant{number}-{i}@exterieur.test" for i in range(count)]
        return account, f"honnete-{number}@vigie.test", recipients

    def _run(self) -> None:
        pause = SENDERS / self._rate
        while not self._crew.ending(self._random.uniform(0.5, 1.5) * pause):
            account, message_id, recipients = self._next()
            try:
                submit(
                    self._ports,
                    account,
                    self._accounts[account],
                    recipients,
                    message_id=message_id,
                    source_address=self._addresses[account],
                )
            except (OSError, smtplib.SMTPException) as error:
                log.warning("honest mail refused", account=account, error=str(error))
                self.honest.refused.append(message_id)
            else:
                self.honest.sent[message_id] = time.time()
