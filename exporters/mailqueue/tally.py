"""What the log said so far: sums by member since ever, and by account lately. Pure."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Mapping
from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field, NonNegativeInt

from exporters.mailqueue.accounts import account_label, client_place
from exporters.mailqueue.log_line import Activated, Event, Refused, Submitted, Unparsed
from exporters.mailqueue.windows import Entry, Window

JOIN_LIMIT = 100_000
"""Messages whose recipients are still to come; beyond it the oldest is forgotten."""


class Saved(BaseModel):
    """A tally as it is kept on disk."""

    model_config = ConfigDict(extra="forbid")

    lines: NonNegativeInt
    unparsed: NonNegativeInt
    refused: NonNegativeInt
    messages: dict[str, NonNegativeInt]
    recipients: dict[str, NonNegativeInt]
    awaited: dict[Annotated[str, Field(pattern=r"^[\x00-\xff]*$")], str]
    windows: dict[int, list[Entry]]


class Tally:
    """Joins each queue id with its account and adds up.

    A message counts at its ``client=`` line, its recipients once, at the first
    ``nrcpt=`` line of the same queue id: the retries that follow find no one
    waiting. Addresses whose domain nobody declared count for member ``""``.
    """

    def __init__(
        self,
        windows: Iterable[int],
        owner_of: Callable[[str], str | None],
        join_limit: int = JOIN_LIMIT,
    ) -> None:
        self.windows = {seconds: Window(seconds) for seconds in windows}
        self.messages: Counter[str] = Counter()
        self.recipients: Counter[str] = Counter()
        self.lines = self.unparsed = self.refused = 0
        self._owner_of = owner_of
        self._owners: dict[str, str] = {}
        self._awaited: dict[bytes, str] = {}
        self._join_limit = join_limit

    def member_of(self, account: str) -> str:
        """Id of the owner of an account's domain; empty when nobody declared it."""
        if account not in self._owners:
            if len(self._owners) > self._join_limit:
                self._owners.clear()
            self._owners[account] = self._owner_of(account) or ""
        return self._owners[account]

    def add(self, lines: int, events: Iterable[Event], now: int, *, past: bool = False) -> None:
        """Take in a block. `past` lines fill the windows only: they were counted before."""
        if not past:
            self.lines += lines
        for event in events:
            match event:
                case Submitted():
                    self._submitted(event, now, past)
                case Activated():
                    self._activated(event, now, past)
                case Refused() if not past:
                    self.refused += 1
                case Unparsed() if not past:
                    self.unparsed += 1

    def _submitted(self, event: Submitted, now: int, past: bool) -> None:
        account = account_label(event.account)
        self._awaited.pop(event.queue_id, None)
        if len(self._awaited) >= self._join_limit:
            del self._awaited[next(iter(self._awaited))]
        self._awaited[event.queue_id] = account
        if not past:
            self.messages[self.member_of(account)] += 1
        place = client_place(event.client)
        for window in self.windows.values():
            window.add(event.time, now, account, place=place, messages=1)

    def _activated(self, event: Activated, now: int, past: bool) -> None:
        account = self._awaited.pop(event.queue_id, None)
        if account is None:
            return  # not authenticated, or a retry
        if not past:
            self.recipients[self.member_of(account)] += event.recipients
        for window in self.windows.values():
            window.add(event.time, now, account, recipients=event.recipients)

    def save(self) -> Saved:
        """Everything a later process needs to go on."""
        return Saved(
            lines=self.lines,
            unparsed=self.unparsed,
            refused=self.refused,
            messages=dict(self.messages),
            recipients=dict(self.recipients),
            awaited={key.decode("latin-1"): value for key, value in self._awaited.items()},
            windows={s: list(window.entries()) for s, window in self.windows.items()},
        )

    def restore(self, saved: Saved) -> None:
        """Go on from what an earlier process saved; windows it did not have start empty."""
        self.lines, self.unparsed, self.refused = saved.lines, saved.unparsed, saved.refused
        self.messages.update(saved.messages)
        self.recipients.update(saved.recipients)
        self._awaited = {key.encode("latin-1"): value for key, value in saved.awaited.items()}
        for seconds, entries in saved.windows.items():
            if seconds in self.windows:
                self.windows[seconds].restore(entries)


def ranked(
    totals: Mapping[str, tuple[int, int]], floor_recipients: int, floor_places: int, top: int
) -> list[str]:
    """The `top` accounts farthest above a floor; `totals` maps to (recipients, places)."""

    def height(account: str) -> float:
        recipients, places = totals[account]
        return max(recipients / floor_recipients, places / floor_places)

    above = [account for account in totals if height(account) >= 1]
    return sorted(above, key=lambda account: (-height(account), account))[:top]
