"""What every account does now: the exporter's own detector, from its state or from the log."""

from __future__ import annotations

import heapq
import json
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

import holidays

from deploy.cli.mail.site import DAY, Site, SystemdJournal
from deploy.containment.errors import ContainmentError
from deploy.containment.names import account_name
from deploy.containment.recent_log import RecentLog
from deploy.containment.watch import Blocks
from exporters.mailqueue.accounts import INVALID, account_label
from exporters.mailqueue.country_database import CountryDatabase
from exporters.mailqueue.detector import BulkSenders, Detector
from exporters.mailqueue.detector.watch import NETWORK_ROW
from exporters.mailqueue.log.allow_list import load_bulk_senders
from exporters.mailqueue.log.events import LoggedIn, MailEvent, Submitted, Unparsed
from exporters.mailqueue.log.pipeline import Pipeline, Queue
from exporters.mailqueue.log.settings import LogSettings, open_source, parser_of
from exporters.mailqueue.log.stamp import StampReader
from exporters.mailqueue.log.state import Saved, StateError, StateFile
from exporters.toolkit.collector import CollectorError

LABEL = "a:"
"""Begins a keyed label."""


@dataclass(frozen=True)
class Activity:
    """`now`: Unix time of the last line or of the clock. `learnt`: what is usual comes from the
    exporter's state; else, `why` not, from the last day of the log alone. `names`: accounts seen.
    """

    detector: Detector
    now: int
    learnt: bool
    why: str
    names: frozenset[str]


class ActivityReader:
    """Reads once. Raise ContainmentError when the log cannot be read."""

    def __init__(self, site: Site, clock: Callable[[], datetime]) -> None:
        self._site, self._settings, self._clock = site, site.maillog, clock
        listed = self._settings.bulk_senders_file
        self._bulk = BulkSenders(load_bulk_senders(listed).bulk_senders if listed else ())
        self._names: set[str] = set()

    def read(self, account: str = "") -> Activity:
        """Everything up to now; with `account`, quicker, only what tells of that one."""
        try:
            pipeline, why = self._from_state(account)
            learnt = pipeline is not None
            if pipeline is None:
                pipeline = self._begin()
                self._feed(pipeline, self._last_day(), account)
        except CollectorError as error:
            raise ContainmentError(str(error)) from None
        now = int(self._clock().timestamp())
        pipeline.tick(now)
        return Activity(pipeline.detector, now, learnt, why, frozenset(self._names))

    def _from_state(self, account: str) -> tuple[Pipeline | None, str]:
        """Where the exporter was a moment ago, and on from there; else None and why."""
        if self._site.state is None:
            return None, "aucun state_directory"
        try:
            with StateFile(self._site.state / "maillog").read() as saved:
                if saved is None:
                    return None, f"pas d'état dans {self._site.state}/maillog"
                pipeline = self._begin()
                pipeline.restore(_only(saved, account) if account else saved)
                self._names.update(_names(saved))
                where = saved.core["source"]
                if where["origin"] != self._settings.origin:
                    return None, "l'état est celui d'un autre journal"
                stamps = StampReader(self._clock, self._settings.stamp_zone)
                stamps.last = where["last"]
                source = open_source(self._settings, where["position"], 0)
        except (StateError, OSError) as error:
            return None, f"état de l'exportateur illisible ({error})"
        except (KeyError, TypeError, ValueError):
            return None, "état de l'exportateur d'une autre version"
        parse = parser_of(self._settings, pipeline.exim)
        try:
            for block, _ in source.blocks():
                self._feed(pipeline, parse(block, stamps), account)
        finally:
            source.close()
        return pipeline, ""

    def _last_day(self) -> Iterator[MailEvent | Unparsed]:
        settings = self._settings
        if settings.source == "journal":
            return self._events(SystemdJournal(settings))
        since = self._clock().timestamp() - DAY
        each = [self._file(path, since) for path in (settings.path, *settings.also)]
        if len(each) == 1:
            return each[0]
        read = [(e for e in events if not isinstance(e, Unparsed)) for events in each]
        return heapq.merge(*read, key=lambda event: event.time)

    def _file(self, path: Path, since: float) -> Iterator[MailEvent | Unparsed]:
        stamps = StampReader(self._clock, self._settings.stamp_zone)
        return self._events(RecentLog(path, since, stamps.read))

    def _events(self, log: Blocks) -> Iterator[MailEvent | Unparsed]:
        stamps = StampReader(self._clock, self._settings.stamp_zone)
        parse = parser_of(self._settings)
        try:
            for block in log.blocks():
                yield from parse(block, stamps)
        finally:
            log.close()

    def _feed(
        self, pipeline: Pipeline, events: Iterator[MailEvent | Unparsed], account: str
    ) -> None:
        now = int(self._clock().timestamp())
        take, feed, names = pipeline.messages.take, pipeline.detector.feed, self._names
        for event in events:
            if isinstance(event, Unparsed):
                continue
            message = take(event)
            kind = type(event)
            if kind is Submitted or kind is LoggedIn:
                names.add(account_label(event.account))  # type: ignore[union-attr]
            elif account and (message is None or message.account != account):
                continue  # whose networks these are is told by submissions and log-ins
            feed(event if event.time <= now else event._replace(time=now), message)

    def _begin(self) -> Pipeline:
        return Pipeline((), {}, self._detector)

    def _detector(self, queue: Queue) -> Detector:
        holiday = holidays.country_holidays("FR").__contains__
        countries = self._settings.country_database
        country = CountryDatabase(countries).country if countries else None
        return Detector(self._settings.office_zone, holiday, self._bulk, queue, country)


def resolve(text: str, site: Site, clock: Callable[[], datetime]) -> str:
    """The account meant: as named, or behind a keyed label. Raise ContainmentError."""
    account = account_name(text)
    if not account.startswith(LABEL):
        return account
    return account_of_label(account, site.maillog, ActivityReader(site, clock).read().names)


def account_of_label(label: str, settings: LogSettings, names: frozenset[str]) -> str:
    """The account behind a keyed label. Raise ContainmentError."""
    if settings.account_labels != "keyed":
        raise ContainmentError(
            f"{label} : exporter.yml n'a pas account_labels: keyed ; attendu : un compte en clair"
        )
    keyed = settings.labeller()
    found = next((name for name in names if name != INVALID and keyed(name) == label), None)
    if found is None:
        raise ContainmentError(f"{label} : aucun compte vu depuis 24 h n'a ce nom codé")
    return found


def _only(saved: Saved, account: str) -> Saved:
    """The same state with that one account alone, and every network."""

    class One(Saved):
        """Reads fewer rows."""

        def rows(self, table: str) -> Iterator[tuple[str, Any]]:
            """As `Saved.rows`."""
            if table != "accounts":
                yield from super().rows(table)
                return
            wanted = "SELECT key, value FROM accounts WHERE key = ? OR key LIKE ?"
            for key, value in self.connection.execute(wanted, (account, f"{NETWORK_ROW}%")):
                yield key, json.loads(value)

    return One(*saved)


def _names(saved: Saved) -> Iterator[str]:
    for (key,) in saved.connection.execute("SELECT key FROM accounts"):
        if not key.startswith(NETWORK_ROW):
            yield key
