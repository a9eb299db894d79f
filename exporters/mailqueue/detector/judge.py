"""Judges one account: its score now, whether someone is woken, what is shown of it. Pure."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime, tzinfo

from exporters.mailqueue.detector.account import Account
from exporters.mailqueue.detector.bulk_senders import BulkSenders
from exporters.mailqueue.detector.familiar import Familiar
from exporters.mailqueue.detector.flow import MESSAGES, RECIPIENTS, WINDOWS
from exporters.mailqueue.detector.hours import Hours
from exporters.mailqueue.detector.report import (
    Detection,
    NetworkView,
    Standing,
    View,
    WindowView,
)
from exporters.mailqueue.detector.roster import Roster
from exporters.mailqueue.detector.score import PAGE, WATCH, Score, score

RESUMED_RECIPIENTS = 30
"""So many in ten minutes, after a quiet time, and the theft goes on."""
_TEN_MINUTES = WINDOWS.index(600)
_NOTHING = Score(0.0)


class Judge:
    """Knows what is not in an account: the hour, the list of newsletters, the queue, countries."""

    def __init__(
        self,
        *,
        zone: tzinfo,
        hours: Hours,
        bulk_senders: BulkSenders,
        queue: Callable[[str], tuple[float, int]] | None,
        country: Callable[[bytes], str] | None,
        roster: Roster,
        familiar: Familiar,
    ) -> None:
        self._zone, self._hours, self._bulk = zone, hours, bulk_senders
        self._queue, self._lookup = queue, country
        self._roster, self._familiar = roster, familiar

    def judge(self, name: str, account: Account, now: int) -> Detection | None:
        """Score it; the page, when it is time for one."""
        if not account.loud(now):
            account.score = None
            account.page.calm(now)
            return None
        result = account.score = self._score(name, account, now)
        page = account.page
        if result.value >= WATCH:
            account.disturbed = True
            page.watch(now)
        else:
            page.calm(now)
        if result.value < PAGE:
            return None
        if not page.paged:
            page.begin(now, account.messages_hour(now))
            account.baseline.forget_pending()
            self._familiar.unlearn(name, account, now)
            return Detection(now, "compromised", name, result.value, result.reasons)
        if page.compromised_since is None and _resumed(account, now):
            page.begin(now, account.messages_hour(now))
        return None

    def standing(self, name: str, account: Account, now: int) -> Standing:
        """What is exported of an account that stands out."""
        found = account.score or _NOTHING
        networks = account.used.names(now)
        countries = {self._country(network) for network in networks} - {""}
        since = account.page.compromised(now)
        return Standing(
            name, found.value, dict(found.reasons), len(networks), len(countries), since
        )

    def view(self, name: str, account: Account, now: int) -> View:
        """All about one account."""
        found = account.score or _NOTHING
        settled, unknown, rejected = account.fates(now)
        return View(
            account=name,
            score=found.value,
            reasons=dict(found.reasons),
            compromised_since=account.page.compromised(now),
            abnormal_since=account.page.abnormal_since,
            last_submission=account.last or None,
            windows=[self._window(account, index, now) for index in range(len(WINDOWS))],
            networks=self._networks(account, now),
            recipients_day=account.correspondents.recipients(now),
            domains_day=account.correspondents.domains(now),
            domains=account.correspondents.names(),
            settled=settled,
            unknown=unknown,
            rejected=rejected,
        )

    def _score(self, name: str, account: Account, now: int) -> Score:
        def strange(network: str) -> bool:
            return self._familiar.is_new(account, network, now)

        kind = self._hours.at(now)
        signals = account.signals(now, kind, self._roster.population.high(), strange)
        if self._lookup:
            networks = account.used.names(now)
            signals.countries = len({self._country(network) for network in networks} - {""})
        signals.night = self._hours.night(now)
        signals.cold = self._familiar.is_cold(now)
        signals.new_network_trust = self._familiar.trust(now)
        day = datetime.fromtimestamp(now, UTC).astimezone(self._zone).date()
        signals.allowed = self._bulk.allows(name, signals.recipients_day, day)
        if self._queue is not None:
            signals.queue_share, signals.queue_messages = self._queue(name)
        return score(signals)

    def _country(self, network: str) -> str:
        return self._lookup(network.partition("/")[0].encode()) if self._lookup else ""

    def _window(self, account: Account, index: int, now: int) -> WindowView:
        kind, high = self._hours.at(now), self._roster.population.high()
        totals = account.flow.totals(index, now) if account.flow else [0, 0, 0]
        return WindowView(
            WINDOWS[index],
            totals[MESSAGES],
            account.usual(MESSAGES, index, kind, high),
            totals[RECIPIENTS],
            account.usual(RECIPIENTS, index, kind, high),
        )

    def _networks(self, account: Account, now: int) -> list[NetworkView]:
        first = account.networks.first
        names = list(dict.fromkeys([*reversed(account.used.names(now)), *first]))
        return [
            NetworkView(
                network,
                self._country(network),
                account.used.messages(network, now),
                first.get(network),
                self._familiar.knows(account, network, now),
            )
            for network in names
        ]


def _resumed(account: Account, now: int) -> bool:
    flow = account.flow
    return flow is not None and flow.totals(_TEN_MINUTES, now)[RECIPIENTS] >= RESUMED_RECIPIENTS
