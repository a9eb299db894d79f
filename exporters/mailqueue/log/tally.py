"""What the log said so far: sums since ever, and by account lately. Pure."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from typing import Any

from pydantic import BaseModel, ConfigDict, NonNegativeInt

from exporters.mailqueue.accounts import client_place
from exporters.mailqueue.log import counters
from exporters.mailqueue.log.delays import Delays, SavedDelays
from exporters.mailqueue.log.events import (
    Accepted,
    Activated,
    Delivered,
    Expired,
    LoggedIn,
    MailEvent,
    Notified,
    RecipientRejected,
    Removed,
    Submitted,
)
from exporters.mailqueue.log.former_state import FormerTally
from exporters.mailqueue.log.messages import Message
from exporters.mailqueue.log.reasons import OTHER, REASONS
from exporters.mailqueue.log.windows import Window


class SavedTally(BaseModel):
    """The sums as they are kept on disk. A counter this version does not have is left out."""

    model_config = ConfigDict(extra="forbid")

    counts: dict[str, list[tuple[list[str], NonNegativeInt]]]
    delays: list[SavedDelays]


class Tally:
    """Adds up events; `Messages` has joined them with their account.

    A message counts at its ``client=`` line, its recipients once, when it enters the active
    queue for the first time. `domains`: the member each declared mail domain belongs to;
    addresses of others count for member ``""``.
    """

    def __init__(self, windows: Iterable[int], domains: Mapping[str, str]) -> None:
        self.windows = {seconds: Window(seconds) for seconds in windows}
        self.counts = counters.no_counts()
        self.delays = Delays()
        # Looked up once: these are counted for nearly every line of a flood.
        self._attempts = self.counts[counters.ATTEMPTS]
        self._failed = self.counts[counters.FAILED]
        self._codes = self.counts[counters.FAILURE_CODES]
        self._domains = domains
        self._raw_domains = {domain.encode(): member for domain, member in domains.items()}

    def member_of(self, account: str) -> str:
        """Id of the owner of an account's domain; empty when nobody declared it."""
        return self._domains.get(account.rpartition("@")[2], "")

    def add_lines(self, lines: int) -> None:
        """So many lines were read for the first time."""
        self.counts[counters.LINES][()] += lines

    def add_unparsed(self) -> None:
        """One of them could not be understood."""
        self.counts[counters.UNPARSED][()] += 1

    def take(self, event: MailEvent, message: Message | None, now: int, *, past: bool) -> None:
        """One event, and the message `Messages.take` found for it.

        `past` events fill the windows only: they were counted before.
        """
        if message is not None:
            if type(event) is Submitted:
                place = client_place(event.client)
                for window in self.windows.values():
                    window.add(event.time, now, message.account, place=place, messages=1)
            elif type(event) is Activated:
                for window in self.windows.values():
                    window.add(event.time, now, message.account, recipients=event.recipients)
        if not past:
            count = _COUNTED.get(type(event))
            if count is not None:
                count(self, event, message)

    def save(self) -> SavedTally:
        """The sums, for a later process. The windows are saved step by step: `Window.changes`."""
        return SavedTally(
            counts={
                kind.name: [(list(labels), count) for labels, count in values.items()]
                for kind, values in self.counts.items()
            },
            delays=self.delays.save(),
        )

    def restore(self, saved: SavedTally) -> None:
        """Go on from what an earlier process saved. Raise ValueError."""
        for kind, values in self.counts.items():
            for labels, count in saved.counts.get(kind.name, ()):
                values[tuple(labels)] = count
        self.delays.restore(saved.delays)

    def take_over(self, former: FormerTally) -> None:
        """Go on from the counters of the former version; it knew smtpd's failures only."""
        for kind, values in (
            (counters.MESSAGES, former.messages),
            (counters.RECIPIENTS, former.recipients),
        ):
            self.counts[kind].update({(member,): count for member, count in values.items()})
        self.counts[counters.LOG_INS]["smtp", ""] = former.refused
        self.counts[counters.LINES][()] = former.lines
        self.counts[counters.UNPARSED][()] = former.unparsed
        for seconds, entries in former.windows.items():
            if seconds in self.windows:
                for time, *entry in entries:
                    self.windows[seconds].restore(time, [tuple(entry)])  # type: ignore[list-item]

    def _submitted(self, _: Submitted, message: Message | None) -> None:
        if message is not None:
            self.counts[counters.MESSAGES][self.member_of(message.account),] += 1

    def _activated(self, event: Activated, message: Message | None) -> None:
        if message is not None:
            member = self.member_of(message.account)
            self.counts[counters.RECIPIENTS][member,] += event.recipients

    def _delivered(self, event: Delivered, _: Message | None) -> None:
        status = _STATUSES.get(event.status, "")
        self._attempts[status, self._raw_domains.get(event.domain, "")] += 1
        self.delays.add(event.delays)
        if status != "sent":
            self._failed[status, _known(event.reason)] += 1
            self._codes[counters.code_of(status, event.code),] += 1

    def _rejected(self, event: RecipientRejected, _: Message | None) -> None:
        self.counts[counters.REJECTS][_known(event.reason),] += 1

    def _logged_in(self, event: LoggedIn, _: Message | None) -> None:
        if not event.success:
            # The name is a client's own text: nothing of it is kept but whose domain it is.
            member = self._raw_domains.get(event.account.rpartition(b"@")[2].lower(), "")
            self.counts[counters.LOG_INS][event.service, member] += event.attempts

    def _notified(self, event: Notified, _: Message | None) -> None:
        kind = event.kind.decode("ascii", "replace").replace("-", "_")
        self.counts[counters.NOTICES][kind if kind in counters.KINDS else "other",] += 1

    def _accepted(self, _: Accepted, __: Message | None) -> None:
        self.counts[counters.RECEIVED][()] += 1

    def _removed(self, _: Removed, __: Message | None) -> None:
        self.counts[counters.REMOVED][()] += 1

    def _expired(self, _: Expired, __: Message | None) -> None:
        self.counts[counters.EXPIRED][()] += 1


_STATUSES = {status.encode(): status for status in counters.STATUSES}
_REASONS = frozenset(REASONS)


def _known(reason: str) -> str:
    return reason if reason in _REASONS else OTHER


_COUNTED: Mapping[type, Callable[[Tally, Any, Message | None], None]] = {
    Submitted: Tally._submitted,  # noqa: SLF001 - its own methods, by the kind of event
    Activated: Tally._activated,  # noqa: SLF001
    Delivered: Tally._delivered,  # noqa: SLF001
    RecipientRejected: Tally._rejected,  # noqa: SLF001
    LoggedIn: Tally._logged_in,  # noqa: SLF001
    Notified: Tally._notified,  # noqa: SLF001
    Accepted: Tally._accepted,  # noqa: SLF001
    Removed: Tally._removed,  # noqa: SLF001
    Expired: Tally._expired,  # noqa: SLF001
}
