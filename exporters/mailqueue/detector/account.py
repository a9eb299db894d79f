"""All that is kept of one account, in bounded memory, and its signals at a moment. Pure."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from exporters.mailqueue.detector.baseline import FLOOR, YOUNG_HOURS, Baseline
from exporters.mailqueue.detector.correspondents import Correspondents
from exporters.mailqueue.detector.flow import (
    DAY,
    FRESH,
    HOUR,
    MESSAGES,
    PACE_ALL,
    PACE_SEVERAL,
    RECIPIENTS,
    WINDOWS,
    Flow,
)
from exporters.mailqueue.detector.hours import HourClass
from exporters.mailqueue.detector.networks import Networks, RecentNetworks, spread
from exporters.mailqueue.detector.page import Page
from exporters.mailqueue.detector.score import Score, Signals
from exporters.mailqueue.detector.window import SlidingSums

KNOWN, UNKNOWN, REJECTED = 0, 1, 2
GUESSES = 3
"""Failures from a network before a success there looks like a guess that worked."""
LOUD_HOUR = (15, 12)
LOUD_DAY = (40, 25)
"""Recipients and messages under which nothing of an account is judged: most never reach them."""
_TWO_MINUTES, _HOUR_WINDOW, _DAY_WINDOW = 0, WINDOWS.index(HOUR), WINDOWS.index(DAY)


class Account:
    """What an account does now, and what is usual for it."""

    __slots__ = (
        "_failures",
        "baseline",
        "correspondents",
        "disturbed",
        "flow",
        "guessed_at",
        "hour",
        "judged_at",
        "last",
        "networks",
        "outcomes",
        "page",
        "score",
        "since",
        "used",
    )

    def __init__(self, since: int) -> None:
        self.since = since
        self.last = 0
        """Its last submission; 0 before the first."""
        self.networks = Networks()
        self.used = RecentNetworks()
        self.baseline = Baseline()
        self.correspondents = Correspondents()
        self.page = Page()
        self.flow: Flow | None = None
        self.outcomes: SlidingSums | None = None
        self.guessed_at: int | None = None
        self.disturbed = False
        """Its score was abnormal in this hour: nothing of it is learnt."""
        self.judged_at = 0
        self.score: Score | None = None
        """The last one, if the account is loud."""
        self._failures: dict[str, int] | None = None
        self.hour = since // HOUR
        """The hour of its last `turn_hour`."""

    def submitted(self, time: int, network: str) -> bool:
        """It submitted a message from that network, which may be unknown (empty).

        Whether one before still waits for the queue manager.
        """
        self.last = time
        if network:
            self.used.add(network, time)
        self.page.submitted(time)
        return self._sending().submitted(time)

    def activated(self, time: int, recipients: int, *, fresh: bool) -> None:
        """The recipients of its message; `fresh`: from a network that is not its own."""
        self._sending().activated(time, recipients, fresh=fresh)

    def outcome(self, time: int, column: int) -> None:
        """One recipient's fate."""
        if self.outcomes is None:
            self.outcomes = SlidingSums(DAY, 3)
        self.outcomes.add(time, 1, int(column == UNKNOWN), int(column == REJECTED))

    def fail(self, network: str) -> None:
        """A wrong password, from `network`."""
        if self._failures is None:
            self._failures = {}
        self._failures[network] = self._failures.pop(network, 0) + 1
        if len(self._failures) > 32:
            del self._failures[next(iter(self._failures))]

    def failures(self, network: str) -> int:
        """Take the number of failures from `network` before this success."""
        return self._failures.pop(network, 0) if self._failures else 0

    def turn_hour(self, time: int, kind: Callable[[int], HourClass]) -> int:
        """An hour has ended: learn it unless it was disturbed; its recipients, else 0."""
        ended, self.hour = self.hour, time // HOUR
        disturbed, self.disturbed = self.disturbed, False
        self.correspondents.turn_hour(time, learn=not disturbed)
        if self.flow is None:
            return 0
        peaks = self.flow.take_peaks()
        sent = peaks[len(WINDOWS) + _HOUR_WINDOW] > 0
        if sent and not self.page.paged:
            self.baseline.reach(ended * HOUR, peaks)
        self.baseline.turn_hour(time)
        if disturbed or not sent:
            return 0
        self.baseline.learn(kind(ended * HOUR), peaks)
        return peaks[_HOUR_WINDOW]

    def rest(self, time: int) -> bool:
        """Give back the memory of one that sent nothing for over a day; whether it did."""
        if self.flow is None and self.outcomes is None:
            return False
        parts = [self.flow.totals(_DAY_WINDOW, time)] if self.flow else []
        if self.outcomes:
            self.outcomes.forget(time)
            parts.append(self.outcomes.totals)
        if any(any(totals) for totals in parts) or time // HOUR == self.hour:
            return False
        self.flow = self.outcomes = None
        self.correspondents.rest()
        return True

    def loud(self, time: int) -> bool:
        """Whether anything at all could stand out: most accounts never do."""
        if self.page.paged:
            return True
        if self.flow is None:
            return False
        hour = self.flow.totals(_HOUR_WINDOW, time)
        if hour[RECIPIENTS] < LOUD_HOUR[0] and hour[MESSAGES] < LOUD_HOUR[1]:
            return False
        day = self.flow.totals(_DAY_WINDOW, time)
        return day[RECIPIENTS] >= LOUD_DAY[0] or day[MESSAGES] >= LOUD_DAY[1]

    def messages_hour(self, time: int) -> int:
        """Submitted in the last hour."""
        return self.flow.totals(_HOUR_WINDOW, time)[MESSAGES] if self.flow else 0

    @property
    def stands_out(self) -> bool:
        """Whether it has a score worth showing, or is paged for."""
        return self.page.paged or (self.score is not None and self.score.value > 0)

    def signals(
        self, time: int, kind: HourClass, population: float, strange: Callable[[str], bool]
    ) -> Signals:
        """Everything the formula needs, but the queue's share and the allow-list."""
        flow = self._sending()
        known, unknown, rejected = self.fates(time)
        hour, day = flow.totals(_HOUR_WINDOW, time), flow.totals(_DAY_WINDOW, time)
        everywhere = self.used.names(time)
        strangers = [network for network in everywhere if strange(network)]
        lately = self.used.names(time, WINDOWS[_TWO_MINUTES]) if strangers else []
        messages, several, fresh, fresh_several, to_several, *_ = flow.pace(time)
        sustained, sustained_fresh = flow.sustained(time)
        return Signals(
            volume_ratio=self._volume(flow, time, kind, population),
            recipients_hour=hour[RECIPIENTS],
            recipients_day=day[RECIPIENTS],
            new_network_recipients=hour[FRESH],
            new_network_recipients_2m=flow.totals(_TWO_MINUTES, time)[FRESH],
            new_networks=spread(strangers),
            new_networks_2m=len(set(lately).intersection(strangers)),
            pace_all=messages,
            pace_several=several,
            pace_new_network=fresh,
            pace_new_network_several=fresh_several,
            pace_recipients=to_several,
            pace_strangers=flow.pace_strangers(time),
            hours=self.baseline.hours,
            usual_pace_all=self.baseline.pace(PACE_ALL),
            usual_pace_several=self.baseline.pace(PACE_SEVERAL),
            outcomes=known,
            unknown=unknown,
            rejected=rejected,
            domains=self.correspondents.domains(time),
            strangers=self.correspondents.strangers(time),
            sustained=sustained,
            sustained_new_network=sustained_fresh,
            guessed_login=self.guessed_at is not None and time - self.guessed_at < DAY,
            closed=kind is HourClass.CLOSED,
        )

    def fates(self, time: int) -> tuple[int, int, int]:
        """Of 24 h: recipients settled, of these unknown users, refused for another reason."""
        if self.outcomes is None:
            return 0, 0, 0
        self.outcomes.forget(time)
        known, unknown, rejected = self.outcomes.totals
        return known, unknown, rejected

    def usual(self, column: int, window: int, kind: HourClass, population: float) -> float:
        """What is usual in that window; a young account is also given the population's."""
        usual = self.baseline.usual(column, window, kind)
        if window == _HOUR_WINDOW and self.baseline.hours < YOUNG_HOURS:
            return max(usual, population)
        return usual

    def _volume(self, flow: Flow, time: int, kind: HourClass, population: float) -> float:
        ratio = 0.0
        for window in range(len(WINDOWS)):
            totals = flow.totals(window, time)
            for column in (RECIPIENTS, MESSAGES):
                if totals[column] <= ratio * FLOOR[column][window]:
                    continue  # what is usual is never under the floor
                usual = self.usual(column, window, kind, population)
                ratio = max(ratio, totals[column] / usual)
        return ratio

    def _sending(self) -> Flow:
        if self.flow is None:
            self.flow = Flow()
        return self.flow

    def save(self) -> list[Any]:
        """For `restore`: JSON."""
        return [
            self.since, self.last, self.networks.first, self.used.save(), self.baseline.save(),
            self.correspondents.save(), self.page.save(), self.flow.save() if self.flow else None,
            self.outcomes.save() if self.outcomes else None, self.guessed_at,
            int(self.disturbed), self.judged_at, self._failures, self.hour,
            [self.score.value, self.score.reasons] if self.score else None,
        ]  # fmt: skip

    def restore(self, saved: list[Any]) -> None:
        """What `save` gave."""
        (
            self.since, self.last, first, used, baseline, correspondents, page, flow, outcomes,
            self.guessed_at, disturbed, self.judged_at, failures, self.hour,
            score,
        ) = saved  # fmt: skip
        self.networks, self.used = Networks(first), RecentNetworks(used)
        self.baseline.restore(baseline)
        self.correspondents.restore(correspondents)
        self.page.restore(page)
        if flow is not None:
            self._sending().restore(flow)
        if outcomes is not None:
            self.outcomes = SlidingSums(DAY, 3, outcomes)
        self.score = Score(*score) if score else None
        self.disturbed, self._failures = bool(disturbed), failures or None
