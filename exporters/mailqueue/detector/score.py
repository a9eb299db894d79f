"""The published formula: signals of one account in, a score of 0..100 and its reasons out. Pure.

Each reason has a strength of 0..1 and a weight under 0.8. The score is
100 x (1 - product of (1 - weight x strength)): reasons add up, and none reaches the
page alone, nor do all that only say that it is much. Backstops do: no human sends so many,
or from so many places.
The same table is in docs/reference/collectors/mail-detector.md; a test compares them.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, field
from types import MappingProxyType

PAGE = 80
"""The score at which someone is woken."""
WATCH = 65
"""The score from which nothing more is learnt as usual."""
CLOSED_FACTOR = 1.25
"""Strength of volume and of new networks outside office hours. Never a reason of its own."""
MINIMUM_OUTCOMES = 30
"""Fewer known outcomes than this give no ratio."""
MINIMUM_QUEUE = 200

WEIGHTS = MappingProxyType(
    {
        "volume": 0.55,
        "domains": 0.30,
        "strangers": 0.30,
        "pace": 0.78,
        "sustained": 0.70,
        "new_network": 0.42,
        "networks": 0.70,
        "countries": 0.50,
        "login": 0.35,
        "unknown_users": 0.65,
        "rejected": 0.40,
        "queue_share": 0.30,
    }
)
AMOUNT = ("volume", "domains", "strangers", "queue_share")
AMOUNT_MOST = 0.60
"""What these together give at most: a mailing to parents has all of them."""
SUSTAINED_BY_DAY, SUSTAINED_BY_NIGHT = 0.60, 0.75
"""Strength of `sustained` from known networks at most: an application may send all morning."""
NETWORKS_TRUST = 0.6
"""What `networks` weighs at least, however common new networks are."""
STRANGERS_PACE, STRANGERS_PACE_YOUNG = (20, 30), (75, 140)
"""Of an account whose habits are known, and of another one: pay or an application may begin."""
STRANGERS_SHARE = (0.45, 0.8)
"""Of the messages of these 10 s."""
YOUNG_PACE_HOURS = 3
"""Hours in which it sent, under which its habits are not known."""
HEAVY_MESSAGES, HEAVY_RECIPIENTS = 4, 12
"""From so many messages to several on, so many recipients stand for one more message."""
BACKSTOP_RECIPIENTS_HOUR = 8000
BACKSTOP_RECIPIENTS_DAY = 15_000
BACKSTOP_NEW_NETWORK_HOUR = 1600
BACKSTOP_NETWORKS_HOUR, BACKSTOP_NETWORKS_RECIPIENTS = 15, 150
BACKSTOP_NETWORKS_2M, BACKSTOP_NETWORKS_RECIPIENTS_2M = 4, 100
"""With more networks, as many fewer recipients: 20 each."""
BACKSTOP_SCORE = 95


@dataclass(slots=True)
class Signals:
    """What is known of one account at one moment."""

    volume_ratio: float = 0.0
    """The highest ratio of messages or recipients to what is usual, over the four windows."""
    recipients_hour: int = 0
    recipients_day: int = 0
    new_network_recipients: int = 0
    """Recipients in 1 h of messages from networks neither the account's nor the house's."""
    new_network_recipients_2m: int = 0
    new_network_trust: float = 1.0
    """Under 1 while new networks are nothing rare."""
    new_networks: float = 0.0
    """Distinct such networks it submitted from in 1 h (`networks.spread`)."""
    new_networks_2m: int = 0
    """Distinct /24 and IPv6 /48."""
    countries: int = 0
    """Distinct countries it submitted from in 1 h, where they are known."""
    pace_all: int = 0
    """Messages in 10 s."""
    pace_several: int = 0
    """Of these, with three recipients or more."""
    pace_new_network: int = 0
    """Of these, from new networks."""
    pace_new_network_several: int = 0
    """Of these, with three recipients or more."""
    pace_recipients: int = 0
    """Recipients, in 10 s, of messages with three or more."""
    pace_strangers: int = 0
    """Recipients outside, in 10 s, that it never wrote to: one a message at most."""
    hours: int = 0
    """In how many hours it sent something, before this one."""
    usual_pace_all: float = 0.0
    """The account's own peak."""
    usual_pace_several: float = 0.0
    outcomes: int = 0
    """Recipients of the last 24 h that were sent, bounced or rejected."""
    unknown: int = 0
    rejected: int = 0
    """Bounced or rejected for another reason than an unknown user."""
    domains: int = 0
    """Distinct domains of recipients in 12 to 24 h."""
    strangers: int = 0
    """Distinct recipients in 1 to 2 h that it never wrote to before."""
    sustained: float = 0.0
    """Share of the parts of the last 2 h with 10 recipients or more from known networks."""
    sustained_new_network: float = 0.0
    """Share with 8 recipients or more of messages from new networks."""
    guessed_login: bool = False
    """A log-in succeeded, in the last 24 h, from a new network after 3 failures from there."""
    queue_share: float = 0.0
    queue_messages: int = 0
    closed: bool = False
    """Night, week-end or public holiday."""
    night: bool = False
    """22:00 to 7:00."""
    cold: bool = False
    """The first day of a log."""
    allowed: bool = False
    """An allow-listed bulk sender under its ceiling."""


@dataclass(frozen=True, slots=True)
class Score:
    """0..100, and what each reason gives by itself (0..100 too)."""

    value: float
    reasons: dict[str, float] = field(default_factory=dict)


def _ramp(value: float, none: float, full: float) -> float:
    return min(1.0, max(0.0, (value - none) / (full - none)))


def _log_ramp(value: float, none: float, full: float) -> float:
    return _ramp(math.log(value / none), 0.0, math.log(full / none)) if value > none else 0.0


def strengths(signals: Signals) -> dict[str, float]:
    """The strength, 0..1, of each reason."""
    factor = CLOSED_FACTOR if signals.closed else 1.0
    trust = signals.new_network_trust
    fresh = _log_ramp(signals.new_network_recipients, 10, 400) * trust
    enough = signals.outcomes >= MINIMUM_OUTCOMES
    unknown = signals.unknown / signals.outcomes if enough else 0.0
    rejected = signals.rejected / signals.outcomes if enough else 0.0
    found = {
        "new_network": min(1.0, fresh * factor),
        "networks": _ramp(signals.new_networks, 3, 12) * max(NETWORKS_TRUST, trust),
        "countries": _ramp(signals.countries, 1, 5),
        "login": 1.0 if signals.guessed_login else 0.0,
        "unknown_users": _ramp(unknown, 0.08, 0.25),
        "rejected": _ramp(rejected, 0.15, 0.50),
    }
    if signals.allowed:
        return found | {"pace": _pace(signals)}
    share = signals.queue_share if signals.queue_messages >= MINIMUM_QUEUE else 0.0
    return found | {
        "volume": min(1.0, _log_ramp(signals.volume_ratio, 2.5, 20) * factor),
        "domains": _ramp(signals.domains, 25, 100),
        "strangers": _log_ramp(signals.strangers, 50, 500),
        "pace": _pace(signals),
        "sustained": _sustained(signals),
        "queue_share": _ramp(share, 0.20, 0.60),
    }


def _sustained(signals: Signals) -> float:
    night = signals.night and not signals.cold
    usual = SUSTAINED_BY_NIGHT if night else SUSTAINED_BY_DAY
    none, full = (0.45, 0.75) if night else (0.60, 0.85)
    return max(
        _ramp(signals.sustained, 0.30, 0.60) * usual,
        _ramp(signals.sustained_new_network, none, full) * signals.new_network_trust,
    )


def _pace(signals: Signals) -> float:
    """A machine's: many messages to several, very many to one, or fast from a new network."""
    # A list server is like this, and in the first day its habits are not known.
    strange = signals.pace_new_network / signals.pace_all if signals.pace_all else 0.0
    much: float = signals.pace_several
    if signals.pace_several >= HEAVY_MESSAGES:
        heavy = signals.pace_recipients / HEAVY_RECIPIENTS
        much = max(much, heavy * strange if _young(signals) else heavy)
    several = _log_ramp(much / max(1.0, signals.usual_pace_several / 2), 6, 20)
    single = _log_ramp(signals.pace_all / max(1.0, signals.usual_pace_all / 100), 300, 600)
    fresh = signals.new_network_trust * max(
        _log_ramp(signals.pace_new_network_several, 3, 10),
        _log_ramp(signals.pace_new_network, 40, 100),
    )
    known = strange if signals.cold or signals.allowed else 1.0
    outside = _outside(signals) * (strange if signals.allowed else 1.0)
    return max(several * known, single * known, fresh, outside)


def _young(signals: Signals) -> bool:
    return signals.cold or signals.hours < YOUNG_PACE_HOURS


def _outside(signals: Signals) -> float:
    """Fast to strangers outside, one by one, and to hardly anybody else: pay goes to both."""
    none, full = STRANGERS_PACE_YOUNG if _young(signals) else STRANGERS_PACE
    much = signals.pace_strangers / max(1.0, signals.usual_pace_all / none)
    share = signals.pace_strangers / max(1.0, signals.pace_all)
    return _log_ramp(much, none, full) * _ramp(share, *STRANGERS_SHARE)


def score(signals: Signals) -> Score:
    """The score of one account, and its reasons that are not nought."""
    given = {
        name: WEIGHTS[name] * strength
        for name, strength in strengths(signals).items()
        if strength > 0
    }
    amount = 1 - math.prod(1 - given.get(name, 0.0) for name in AMOUNT)
    rest = math.prod(1 - part for name, part in given.items() if name not in AMOUNT)
    value = 100 * (1 - (1 - min(AMOUNT_MOST, amount)) * rest)
    reasons = {name: round(100 * part, 1) for name, part in given.items()}
    if _beyond(signals):
        reasons["backstop"] = float(BACKSTOP_SCORE)
        value = max(value, BACKSTOP_SCORE)
    return Score(round(value, 1), reasons)


def _beyond(signals: Signals) -> bool:
    if (
        signals.new_networks * signals.new_network_trust >= BACKSTOP_NETWORKS_HOUR
        and signals.recipients_hour >= BACKSTOP_NETWORKS_RECIPIENTS
    ) or (
        signals.new_networks_2m >= BACKSTOP_NETWORKS_2M
        and signals.new_networks_2m * signals.new_network_recipients_2m
        >= BACKSTOP_NETWORKS_2M * BACKSTOP_NETWORKS_RECIPIENTS_2M
    ):
        return True
    fresh = signals.new_network_recipients * signals.new_network_trust
    if fresh >= BACKSTOP_NEW_NETWORK_HOUR and not (signals.allowed and signals.cold):
        return True
    return not signals.allowed and (
        signals.recipients_hour >= BACKSTOP_RECIPIENTS_HOUR
        or signals.recipients_day >= BACKSTOP_RECIPIENTS_DAY
    )
