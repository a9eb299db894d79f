"""What a line of a mail log says, whichever server wrote it. Times in Unix seconds. Pure.

Bytes are as logged: nothing in them is safe as a label before `accounts` has seen it.
"""

from __future__ import annotations

from typing import NamedTuple

from exporters.mailqueue.log.reasons import UNKNOWN_USER


class Submitted(NamedTuple):
    """A message taken from an authenticated account."""

    time: int
    queue_id: bytes
    account: bytes
    client: bytes
    process: bytes = b""
    """Number of the process that serves this client; empty if not known."""


class Accepted(NamedTuple):
    """A message taken from a client that did not authenticate: mail from elsewhere."""

    time: int
    queue_id: bytes
    client: bytes


class Activated(NamedTuple):
    """A message of so many recipients entered the active queue; again at each retry."""

    time: int
    queue_id: bytes
    recipients: int
    more: bool = False
    """They come on top of those that an earlier line told (Exim without received_recipients)."""


class Delivered(NamedTuple):
    """The outcome of one try for one recipient."""

    time: int
    queue_id: bytes
    recipient: bytes
    status: bytes
    """``sent``, ``deferred``, ``bounced`` or ``expired``."""
    code: bytes
    """Enhanced status code (RFC 3463), as ``5.1.1``."""
    reason: str = ""
    """Why not: one of `reasons.REASONS`; empty when sent."""
    delays: tuple[float, float, float, float] = (0.0, 0.0, 0.0, 0.0)
    """Seconds before the queue manager, in it, to connect, to transmit; NaN: not logged."""
    agent: bytes = b"smtp"

    @property
    def domain(self) -> bytes:
        """Of the recipient, lower case."""
        return self.recipient.rpartition(b"@")[2].lower()

    @property
    def unknown(self) -> bool:
        """The recipient does not exist."""
        return self.reason == UNKNOWN_USER and self.status != b"sent"

    @property
    def in_queue(self) -> float:
        """Seconds between the queue manager's intake and the delivery agent."""
        return self.delays[1]


class RecipientRejected(NamedTuple):
    """A recipient refused to a client while it submits a message."""

    time: int
    queue_id: bytes
    """Empty before the first recipient of the message was accepted."""
    reason: str
    code: bytes = b""
    """Enhanced status code (RFC 3463)."""
    recipient: bytes = b""
    client: bytes = b""
    process: bytes = b""
    account: bytes = b""
    """Empty where the server does not log it (Postfix before 3.10)."""

    @property
    def unknown(self) -> bool:
        """The recipient does not exist."""
        return self.reason == UNKNOWN_USER


class Removed(NamedTuple):
    """A message left the queue."""

    time: int
    queue_id: bytes


class Expired(NamedTuple):
    """A message was given back to its sender after its time in the queue."""

    time: int
    queue_id: bytes


class Notified(NamedTuple):
    """A notice to the sender of this message.

    `kind`: ``non-delivery``, ``delay`` or ``delivery status`` (a success he asked to be told).
    """

    time: int
    queue_id: bytes
    kind: bytes


class LoggedIn(NamedTuple):
    """A log-in of an account from an address, with the right password or not."""

    time: int
    account: bytes
    """Empty where the server does not log it."""
    client: bytes
    success: bool
    service: str = "smtp"
    """``smtp``, ``imap``, ``pop3``, ``managesieve`` or ``submission`` (Dovecot's)."""
    attempts: int = 1
    """How many tries the line stands for: Dovecot logs one for all failures of a connection."""


class Unparsed(NamedTuple):
    """A line without a stamp, or that should be one of the above and has another form."""

    line: bytes


MailEvent = (
    Submitted
    | Accepted
    | Activated
    | Delivered
    | RecipientRejected
    | Removed
    | Expired
    | Notified
    | LoggedIn
)
