"""The detector: events of the mail log in, the accounts to page for out. Pure, in event time."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from datetime import date, tzinfo
from typing import Any

from exporters.mailqueue.accounts import INVALID, account_label
from exporters.mailqueue.detector import account as fate
from exporters.mailqueue.detector.bulk_senders import BulkSenders
from exporters.mailqueue.detector.familiar import Familiar
from exporters.mailqueue.detector.hours import Hours
from exporters.mailqueue.detector.jam import Jam
from exporters.mailqueue.detector.judge import Judge
from exporters.mailqueue.detector.networks import client_network
from exporters.mailqueue.detector.report import Detection, Standing, View
from exporters.mailqueue.detector.roster import Roster
from exporters.mailqueue.detector.sessions import Sessions
from exporters.mailqueue.detector.window import RecentSet
from exporters.mailqueue.log.events import (
    Accepted,
    Activated,
    Delivered,
    LoggedIn,
    MailEvent,
    RecipientRejected,
    Submitted,
)
from exporters.mailqueue.log.messages import Message

JAM_STEP = 10
INBOUND_SECONDS, INBOUND_LIMIT = 1800, 4096
NETWORK_ROW = "network "
"""Begins the key of a saved row that is a network's; no account has a space in it."""


class Detector:
    """Feed it every event in the order of the log; it says at once whom to page for.

    `queue` optionally gives the share (0..1) of the queue an account holds, and the
    number of messages queued; `country` the ISO code of a client address, or "".
    """

    def __init__(
        self,
        zone: tzinfo,
        holiday: Callable[[date], bool],
        bulk_senders: BulkSenders | None = None,
        queue: Callable[[str], tuple[float, int]] | None = None,
        country: Callable[[bytes], str] | None = None,
    ) -> None:
        hours = Hours(zone, holiday)
        self._familiar = Familiar()
        self._roster = Roster(hours.at)
        self._judge = Judge(
            zone=zone,
            hours=hours,
            bulk_senders=bulk_senders or BulkSenders(),
            queue=queue,
            country=country,
            roster=self._roster,
            familiar=self._familiar,
        )
        self._sessions = Sessions()
        self._inbound = RecentSet(INBOUND_SECONDS, INBOUND_LIMIT)
        self._jam = Jam()
        self._jam_at = 0
        self._time = 0
        self._standing: set[str] = set()

    def feed(self, event: MailEvent, message: Message | None) -> list[Detection]:
        """What follows from one event; nothing, nearly always.

        `message` is what `Messages.take` says of the event.
        """
        # Lines of several daemons are a second out of order at times: time never goes back.
        now = event.time
        if now > self._time:
            self._time = now
        else:
            now = self._time
        handler = _HANDLERS.get(type(event))
        name = handler(self, event, message, now) if handler else ""
        found = self._consider(name, now) if name else []
        if now - self._jam_at >= JAM_STEP:
            found += self._pass_time(now)
        return found

    def tick(self, now: int) -> list[Detection]:
        """Nothing was logged up to `now`, Unix seconds: judge again who stands out, and the jam.

        Not while lines before `now` wait to be fed: they would count as of `now`.
        """
        now = self._time = max(self._time, now)
        found: list[Detection] = []
        for name in sorted(self._standing):
            found += self._consider(name, now)
        return found + self._pass_time(now)

    def standing(self, now: int) -> list[Standing]:
        """The accounts that stand out, the highest score first. As of the last judgement."""
        found = []
        for name in self._standing:
            account = self._roster.get(name)
            if account is not None:
                found.append(self._judge.standing(name, account, now))
        return sorted(found, key=lambda row: (-row.score, row.account))

    def jam(self, now: int) -> dict[str, float]:
        """The reasons while a jam is on, each 0..100; else nothing."""
        return self._jam.now(now)

    def view(self, account: str, now: int) -> View | None:
        """All about one account; None when it was never seen."""
        found = self._roster.get(account)
        return None if found is None else self._judge.view(account, found, now)

    def save(self) -> dict[str, Any]:
        """What is not of one account or network: JSON. Together with `changes`, or never."""
        return {
            "time": self._time,
            "familiar": self._familiar.save(),
            "roster": self._roster.save(),
            "sessions": self._sessions.save(),
            "inbound": self._inbound.save(),
            "jam": self._jam.save(),
            "jam_at": self._jam_at,
        }

    def changes(self) -> Iterator[tuple[str, list[Any] | None]]:
        """Key and JSON of what changed since the last call; None for what is gone."""
        yield from self._roster.changes()
        for network, row in self._familiar.changes():
            yield NETWORK_ROW + network, row

    def change_all(self) -> None:
        """Every account and network counts as changed: what was saved is lost."""
        self._roster.change_all()
        self._familiar.change_all()

    def restore(self, saved: dict[str, Any], rows: Iterable[tuple[str, list[Any]]]) -> None:
        """Go on as the one that gave `save` and, in any order, the last row of each key."""
        self._time, self._jam_at = saved["time"], saved["jam_at"]
        self._familiar.restore(saved["familiar"])
        self._roster.restore(saved["roster"])
        self._sessions = Sessions(saved["sessions"])
        self._inbound = RecentSet(INBOUND_SECONDS, INBOUND_LIMIT, saved["inbound"])
        self._jam.restore(saved["jam"])
        for key, row in rows:
            if key.startswith(NETWORK_ROW):
                self._familiar.put(key.removeprefix(NETWORK_ROW), row)
            elif self._roster.put(key, row).stands_out:
                self._standing.add(key)

    def _pass_time(self, now: int) -> list[Detection]:
        self._jam_at = now
        self._familiar.begin(now)
        self._roster.sweep(now)
        reasons = self._jam.page(now)
        return [Detection(now, "jam", "", max(reasons.values()), reasons)] if reasons else []

    def _consider(self, name: str, now: int) -> list[Detection]:
        account = self._roster.touch(name, now)
        account.judged_at = now
        found = self._judge.judge(name, account, now)
        if account.stands_out:
            self._standing.add(name)
        else:
            self._standing.discard(name)
        return [found] if found else []

    def _submitted(self, event: Submitted, message: Message, now: int) -> str:
        name = message.account
        if name == INVALID:
            return ""
        account = self._roster.touch(name, now)
        network = client_network(event.client)
        fresh = message.fresh = self._familiar.is_new(account, network, now)
        self._familiar.sent(name, now, fresh=fresh)
        self._familiar.use(name, account, network, now)
        self._sessions.note(event.process, event.client, name, now)
        # Judged with its recipients, unless the queue manager takes none.
        return name if account.submitted(now, network) else ""

    def _accepted(self, event: Accepted, _: None, now: int) -> str:
        self._inbound.add(event.queue_id.decode("latin-1"), now)
        self._jam.take(now, client_network(event.client))
        return ""

    def _activated(self, event: Activated, message: Message | None, now: int) -> str:
        if message is None or message.account == INVALID:
            return ""
        self._jam.take(now, message.account)
        account = self._roster.touch(message.account, now)
        account.activated(now, event.recipients, fresh=message.fresh)
        return message.account

    def _delivered(self, event: Delivered, message: Message | None, now: int) -> str:
        done = event.status != b"deferred"
        if message is None or message.account == INVALID:
            self._tried_for_others(event, now, done=done)
            return ""
        name = message.account
        self._jam.tried(now, name, event, came_in=False)
        account = self._roster.touch(name, now)
        loud = account.score is not None
        domain = event.domain
        new = account.correspondents.wrote(event.recipient, domain, now, loud=loud)
        flow = account.flow
        if flow is not None and flow.fast:
            flow.tried(now, stranger=new and self._outside(event.agent, domain))
        if done:
            bad = fate.UNKNOWN if event.unknown else fate.REJECTED
            account.outcome(now, fate.KNOWN if event.status == b"sent" else bad)
        # Recipients are judged at once; of their fates only the bad, and once a second.
        return name if done and event.status != b"sent" and account.judged_at != now else ""

    def _outside(self, agent: bytes, domain: bytes) -> bool:
        """Whether a recipient is of another house: not handed to an agent of ours, as by LMTP."""
        return b"smtp" in agent and not self._roster.writes_for(domain)

    def _tried_for_others(self, event: Delivered, now: int, *, done: bool) -> None:
        # Notices to forged senders wait for ever: no sign of a jam, unlike mail that came in.
        if self._inbound.has(event.queue_id.decode("latin-1"), now):
            self._jam.tried(now, event.recipient.decode("latin-1"), event, came_in=True)
        elif done:
            self._jam.settled(now)

    def _rejected(self, event: RecipientRejected, message: Message | None, now: int) -> str:
        name = message.account if message is not None else self._session(event, now)
        if name == INVALID or name not in self._roster:
            return ""
        column = fate.UNKNOWN if event.unknown else fate.REJECTED
        self._roster.touch(name, now).outcome(now, column)
        return name

    def _session(self, event: RecipientRejected, now: int) -> str:
        if event.account:
            return account_label(event.account)
        return self._sessions.account(event.process, event.client, now)

    def _logged_in(self, event: LoggedIn, _: None, now: int) -> str:
        name = account_label(event.account)
        network = client_network(event.client)
        if name == INVALID or not network:
            return ""
        if not event.success:
            if name in self._roster:  # guesses at names that never sent are not kept
                self._roster.touch(name, now).fail(network)
            return ""
        account = self._roster.touch(name, now)
        guesses = account.failures(network)
        if guesses >= fate.GUESSES and self._familiar.is_new(account, network, now):
            account.guessed_at = now
        self._familiar.use(name, account, network, now)
        return ""


_HANDLERS: dict[type, Callable[[Detector, Any, Any, int], str]] = {
    Submitted: Detector._submitted,  # noqa: SLF001 - its own methods, by the kind of event
    Accepted: Detector._accepted,  # noqa: SLF001
    Activated: Detector._activated,  # noqa: SLF001
    Delivered: Detector._delivered,  # noqa: SLF001
    RecipientRejected: Detector._rejected,  # noqa: SLF001
    LoggedIn: Detector._logged_in,  # noqa: SLF001
}
