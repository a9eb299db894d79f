"""The attack: one account, its stolen password, many addresses it never used."""

from __future__ import annotations

import smtplib
import threading
import time
from dataclasses import dataclass, field
from functools import partial

from deploy.drill.crew import Crew
from deploy.drill.theft import Theft
from deploy.estate.ports import Ports
from deploy.estate.submit import Session

_REFUSED = (smtplib.SMTPSenderRefused, smtplib.SMTPRecipientsRefused, smtplib.SMTPDataError)


@dataclass
class Volume:
    """What the attackers got in, and when they began (Unix time; None before)."""

    first_at: float | None = None
    messages: int = 0
    recipients: int = 0
    refused_logins: int = 0
    refused_messages: int = 0
    sizes: list[tuple[float, int]] = field(default_factory=list)
    """(when a message was accepted, its recipients)."""
    lock: threading.Lock = field(default_factory=threading.Lock)

    def recipients_by(self, moment: float) -> int:
        """Recipients accepted up to a Unix time."""
        with self.lock:
            return sum(count for when, count in self.sizes if when <= moment)


class Attack:
    """One thread an address; each sends at the theft's rate until locked out or stopped."""

    def __init__(self, ports: Ports, theft: Theft, password: str) -> None:
        self.volume = Volume()
        self._ports, self._theft, self._password = ports, theft, password
        self._crew = Crew()

    def start(self) -> None:
        """Begin."""
        addresses = self._theft.addresses
        self._crew.start(partial(self._run, address) for address in addresses)

    def stop(self) -> None:
        """End, whether locked out or not."""
        self._crew.stop()

    def _run(self, address: str) -> None:
        # A thief tries again when thrown out, and gives up after some refused logins.
        refused = 0
        while refused < 3 and not self._crew.ending(0.5):
            try:
                with Session(
                    self._ports, self._theft.account, self._password, source_address=address
                ) as session:
                    self._flood(session, address)
            except smtplib.SMTPAuthenticationError:
                refused += 1
                with self.volume.lock:
                    self.volume.refused_logins += 1
            except (
                smtplib.SMTPSenderRefused,
                smtplib.SMTPRecipientsRefused,
                smtplib.SMTPDataError,
            ):
                with self.volume.lock:
                    self.volume.refused_messages += 1
            except (OSError, smtplib.SMTPException):
                continue

    def _flood(self, session: Session, address: str) -> None:
        number = 0
        wanted = self._theft.recipients_per_message
        domains = self._theft.domains
        host = address.replace(".", "-")
        while not self._crew.ending():
            started = time.time()
            number += 1
            recipients = [
                f"victime{host}-{number}-{i}@{domains[i % len(domains)]}" for i in range(wanted)
            ]
            with self.volume.lock:
                if self.volume.first_at is None:
                    self.volume.first_at = started
            name = f"attaque-{host}-{started:.6f}@vigie.test"
            session.send(recipients, message_id=name)
            with self.volume.lock:
                self.volume.messages += 1
                self.volume.recipients += wanted
                self.volume.sizes.append((time.time(), wanted))
            self._crew.ending(max(0.0, 1 / self._theft.message_rate - (time.time() - started)))
