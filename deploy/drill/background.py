"""Honest mail from many accounts of all towns, each from its own usual address."""

from __future__ import annotations

import random
import smtplib
import threading
import time
from collections.abc import Mapping
from dataclasses import dataclass, field

from deploy.drill.crew import Crew
from deploy.estate.ports import Ports
from deploy.estate.submit import Session, submit
from inventory.process.logs import get_logger

log = get_logger(__name__)

SENDERS = 4
"""Several, so that one slow answer of the server does not silence everybody."""
NEWSLETTER_RECIPIENTS = 120
"""A town hall writes to its associations now and then: honest, and not to be paged for."""
NEWSLETTER_PARTS = 30
"""Messages of a listed newsletter, of fifty recipients each."""


@dataclass
class Honest:
    """What was sent: Message-ID to the Unix time the server had accepted it; and what was not."""

    sent: dict[str, float] = field(default_factory=dict)
    refused: list[str] = field(default_factory=list)


class Background:
    """Sends about `rate` messages a second until stopped, from `accounts` (address to password).

    Every account sends from its address in `addresses`. One message in eighty is a mailing.
    """

    def __init__(
        self,
        ports: Ports,
        accounts: Mapping[str, str],
        addresses: Mapping[str, str],
        *,
        rate: float = 2.0,
        seed: int = 1,
    ) -> None:
        self.honest = Honest()
        self._ports, self._accounts = ports, dict(accounts)
        self._addresses = addresses
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

    def newsletter(self, account: str, password: str) -> None:
        """Send a town's listed newsletter, beside all else; return when it is under way."""
        address = self._addresses[account]

        def send() -> None:
            with Session(self._ports, account, password, source_address=address) as session:
                for part in range(NEWSLETTER_PARTS):
                    people = [f"lecteur{part}-{n}@associations.test" for n in range(50)]
                    session.send(people, message_id=f"lettre-{part}@vigie.test")
                    if self._crew.ending(1.0):
                        return

        threading.Thread(target=send, daemon=True).start()

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
