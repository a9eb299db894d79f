"""What troubles a mail server although nobody's password was stolen: a slow relay, backscatter."""

from __future__ import annotations

import smtplib
import time
from collections.abc import Mapping
from functools import partial

from deploy.drill.crew import Crew
from deploy.estate.mailboxes import BOUNCING_DOMAIN, SLOW_DOMAINS
from deploy.estate.ports import LOOPBACK, Ports
from deploy.estate.submit import Session, compose

JAM_SENDERS, JAM_EACH = 20, 25
"""Together over the estate's active limit, and each no more than a busy hour's mail."""
FORGED_RATE = 8.0
_FORGED_SENDERS = 4


class Congestion:
    """Honest accounts write to a far domain whose server takes each message slowly."""

    def __init__(self, ports: Ports, accounts: Mapping[str, str], homes: Mapping[str, str]) -> None:
        self._ports, self._homes = ports, homes
        self._accounts = dict(list(accounts.items())[:JAM_SENDERS])
        self._crew = Crew()

    def start(self) -> None:
        """Begin."""
        self._crew.start(partial(self._run, *entry) for entry in self._accounts.items())

    def stop(self) -> None:
        """End."""
        self._crew.stop()

    def _run(self, account: str, password: str) -> None:
        address = self._homes[account]
        with Session(self._ports, account, password, source_address=address) as session:
            for number in range(JAM_EACH):
                if self._crew.ending(1.0):
                    return
                recipient = f"fournisseur{number}@{SLOW_DOMAINS[number % len(SLOW_DOMAINS)]}"
                name = f"lent-{account}-{number}@vigie.test"
                session.send([recipient], message_id=name)


class Backscatter:
    """Unauthenticated mail under forged senders to a domain that returns it."""

    def __init__(self, ports: Ports) -> None:
        self._ports = ports
        self._crew = Crew()

    def start(self) -> None:
        """Begin."""
        self._crew.start(partial(self._run, number) for number in range(_FORGED_SENDERS))

    def stop(self) -> None:
        """End."""
        self._crew.stop()

    def _run(self, spammer: int) -> None:
        number, pause = 0, _FORGED_SENDERS / FORGED_RATE
        with smtplib.SMTP(LOOPBACK, self._ports["smtp"], local_hostname="spam.test") as smtp:
            while not self._crew.ending(pause):
                number += 1
                sender = f"innocent{spammer}-{number}@exterieur.test"
                to = f"personne{number}@{BOUNCING_DOMAIN}"
                name = f"rebond-{spammer}-{number}-{time.time():.6f}@vigie.test"
                smtp.sendmail(sender, [to], compose(sender, [to], name, 1500))
