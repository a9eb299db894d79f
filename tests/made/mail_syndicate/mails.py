"""A submitted mail, one from elsewhere and a log-in, and the events of the log they make."""

from __future__ import annotations

import random
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass

from exporters.mailqueue.log.events import (
    Accepted,
    Activated,
    Delivered,
    LoggedIn,
    MailEvent,
    Notified,
    RecipientRejected,
    Removed,
    Submitted,
)
from exporters.mailqueue.log.reasons import OTHER, UNKNOWN_USER


@dataclass(frozen=True, slots=True)
class Mail:
    """One message: `unknown` and `refused` are shares of its recipients, 0..1."""

    time: int
    account: str
    client: str
    recipients: Sequence[str]
    """Addresses, or domains alone."""
    unknown: float = 0.007
    refused: float = 0.003
    rejected: int = 0
    """Recipients refused while it was submitted, before the first that was accepted."""


@dataclass(frozen=True, slots=True)
class Inbound:
    """A message from elsewhere; `notice` when it is one of ours to a forged sender."""

    time: int
    client: str
    recipients: Sequence[str]
    notice: bool = False


@dataclass(frozen=True, slots=True)
class Login:
    """A log-in by IMAP."""

    time: int
    account: str
    client: str
    success: bool = True


Action = Mail | Inbound | Login


@dataclass(frozen=True)
class SlowRelay:
    """From `start` to `end` the relay takes so long that each second adds half of one to wait."""

    start: int
    end: int

    def wait(self, time: int) -> float:
        """Seconds in the queue of a message of `time`."""
        waited = (min(time, self.end) - self.start) / 2
        return max(0.0, waited - max(0, time - self.end))


def events(seed: int, actions: Iterable[Action], slow: SlowRelay | None = None) -> list[MailEvent]:
    """The events of these actions, in the order of the log."""
    rng = random.Random(seed)
    made: list[tuple[int, int, MailEvent]] = []
    for number, action in enumerate(actions):
        queue_id = b"%03X%07X" % (seed % 4096, number)
        if isinstance(action, Login):
            login = LoggedIn(
                action.time, action.account.encode(), action.client.encode(), action.success
            )
            made.append((action.time, len(made), login))
            continue
        wait = slow.wait(action.time) if slow else 0.0
        if isinstance(action, Mail):
            found = _mail(rng, action, queue_id, wait, number)
        elif action.notice:
            found = _notice(action, queue_id)
        else:
            found = _inbound(rng, action, queue_id, wait)
        for event in found:
            made.append((event.time, len(made), event))
    made.sort(key=lambda entry: entry[:2])
    return [event for _, _, event in made]


def _mail(
    rng: random.Random, mail: Mail, queue_id: bytes, wait: float, number: int
) -> Iterator[MailEvent]:
    client, process = mail.client.encode(), b"%d" % (2000 + number % 97)
    yield Submitted(mail.time, queue_id, mail.account.encode(), client, process)
    for _ in range(mail.rejected):
        yield RecipientRejected(
            mail.time, b"", UNKNOWN_USER, b"5.1.1", b"z@ville-valmont.test", client, process
        )
    yield Activated(mail.time, queue_id, len(mail.recipients))
    retried, last = False, mail.time
    delays = (0.1, wait, 0.1, 0.1)
    for name in mail.recipients:
        chance = rng.random()
        when = mail.time + int(wait) + 1 + int(4 * rng.random())
        status, code, reason = b"sent", b"2.0.0", ""
        recipient = (name if "@" in name else f"y@{name}").encode()
        if chance < mail.unknown:
            status, code, reason = b"bounced", b"5.1.1", UNKNOWN_USER
        elif chance < mail.unknown + mail.refused:
            status, code, reason = b"bounced", b"5.7.1", OTHER
        elif chance > 0.99:
            yield Delivered(when, queue_id, recipient, b"deferred", b"4.7.1", OTHER, delays)
            if not retried:
                yield Activated(when + 600, queue_id, 1)  # the line of a retry is the same
                retried = True
            when += 601
        last = max(last, when)
        yield Delivered(when, queue_id, recipient, status, code, reason, delays)
        if status == b"bounced":
            yield Notified(when, queue_id, b"non-delivery")
    yield Removed(last, queue_id)


def _inbound(
    rng: random.Random, mail: Inbound, queue_id: bytes, wait: float
) -> Iterator[MailEvent]:
    yield Accepted(mail.time, queue_id, mail.client.encode())
    yield Activated(mail.time, queue_id, len(mail.recipients))
    when = mail.time + int(wait) + int(2 * rng.random())
    for name in mail.recipients:
        yield Delivered(
            when, queue_id, name.encode(), b"sent", b"2.0.0", "", (0.1, wait, 0.1, 0.1), b"lmtp"
        )
    yield Removed(when, queue_id)


def _notice(mail: Inbound, queue_id: bytes) -> Iterator[MailEvent]:
    """Spam to an address that is not there, and our notice to whom it pretends to come from."""
    yield Accepted(mail.time, queue_id, mail.client.encode())
    yield Activated(mail.time, queue_id, 1)
    yield Delivered(
        mail.time + 1, queue_id, b"nobody@ville-valmont.test", b"bounced", b"5.1.1", UNKNOWN_USER
    )
    yield Notified(mail.time + 1, queue_id, b"non-delivery")
    yield Removed(mail.time + 1, queue_id)
    answer = b"B" + queue_id
    yield Activated(mail.time + 1, answer, 1)
    for attempt in range(3):
        when = mail.time + 2 + 900 * attempt
        for name in mail.recipients:
            yield Delivered(when, answer, name.encode(), b"deferred", b"4.4.1", OTHER)
