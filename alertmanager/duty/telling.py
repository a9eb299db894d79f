"""One courtesy to one person about their duty: by the first channel that reaches them."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy.orm import Session

from alertmanager.delivery.channels import usable
from alertmanager.delivery.dispatch import Courtesy, send_courtesy
from alertmanager.incidents.desk import Desk, PersonOnDuty
from alertmanager.store.tables import Message


@dataclass(frozen=True)
class Sent:
    """`message`: None where nothing reaches the person. `later`: they were told enough lately."""

    message: Message | None = None
    later: bool = False

    @property
    def message_id(self) -> int | None:
        """As the notices keep it."""
        return self.message.id if self.message is not None else None

    @property
    def facts(self) -> dict[str, Any]:
        """As the journal keeps it."""
        if self.message is None:
            return {"unreachable": "aucun moyen d'écrire à cette personne"}
        return {"message": self.message.id, "channel": self.message.channel}


def tell_one(
    session: Session, desk: Desk, person: PersonOnDuty | None, what: Courtesy, now: datetime
) -> Sent:
    """Tell them, within what one person may be sent; nobody (None) cannot be reached."""
    addresses = person.addresses if person is not None else {}
    channel = next(iter(usable(desk.channels, addresses)), None)
    if person is None or channel is None:
        return Sent()
    to = person.id, addresses[channel.reaches]
    message = send_courtesy(session, channel, to, what, now)
    return Sent(message, later=message is None)
