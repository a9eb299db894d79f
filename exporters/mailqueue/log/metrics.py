"""What the log says of accounts, and of itself, as metric families. Pure."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from typing import TYPE_CHECKING

from prometheus_client.core import GaugeMetricFamily, HistogramMetricFamily, Metric

from exporters.mailqueue.accounts import OTHER
from exporters.mailqueue.log.delays import Delays
from exporters.mailqueue.log.shown import Recent, Shown

if TYPE_CHECKING:
    from exporters.mailqueue.detector import Standing

JAM_REASONS = ("slow_deliveries", "stalled", "deferred")
_RECENT = "in this window, by the mail log; only accounts above a floor."
_ACCOUNT = ("account", "member")

Label = Callable[[str], tuple[str, str]]
"""The labels `account` and `member` of an account."""


def _gauge(name: str, text: str, *labels: str) -> GaugeMetricFamily:
    return GaugeMetricFamily(f"mailqueue_{name}", text, labels=labels)


def recent_families(recent: Recent, shown: Shown, label: Label) -> Iterator[Metric]:
    """What the shown accounts did in each window, and what the others did together."""
    messages, recipients, addresses = (
        _gauge(f"account_recent_{what}", f"{text} {_RECENT}", *_ACCOUNT, "window")
        for what, text in (
            ("messages", "Messages an account submitted"),
            ("recipients", "Recipients of the messages an account submitted"),
            ("client_addresses", "Distinct client addresses (IPv6: /64) an account submitted from"),
        )
    )
    others = [*shown.bare, *shown.hidden]
    for window, totals in recent.items():
        for account in shown.full:
            labels = [*label(account), window]
            total = totals.get(account)
            messages.add_metric(labels, total.messages if total else 0)
            recipients.add_metric(labels, total.recipients if total else 0)
            addresses.add_metric(labels, len(total.places) if total else 0)
        if others:
            sums = [totals[account] for account in others if account in totals]
            messages.add_metric([OTHER, "", window], sum(one.messages for one in sums))
            recipients.add_metric([OTHER, "", window], sum(one.recipients for one in sums))
    yield from (messages, recipients, addresses)
    hidden = _gauge(
        "accounts_not_shown", "Accounts above a floor that are not shown one by one, by the log."
    )
    hidden.add_metric([], len(shown.hidden))
    yield hidden


def score_families(
    standing: Mapping[str, Standing], shown: Shown, label: Label, *, countries: bool
) -> Iterator[Metric]:
    """What the detector thinks of the shown accounts."""
    score = _gauge(
        "account_score",
        "How much the account looks stolen, 0 to 100, by the formula of mail-detector.md.",
        *_ACCOUNT,
    )
    reasons = _gauge(
        "account_score_reason",
        "What each reason gives to the score by itself, 0 to 100; only those that give something.",
        *_ACCOUNT,
        "reason",
    )
    networks = _gauge(
        "account_networks",
        "Distinct client networks (IPv4: /24, IPv6: /48) the account submitted from in 1 h.",
        *_ACCOUNT,
    )
    abroad = _gauge(
        "account_countries",
        "Distinct countries of those networks, by the country database.",
        *_ACCOUNT,
    )
    for account in shown.full:
        one = standing.get(account)
        if one is not None:
            labels = label(account)
            score.add_metric(labels, one.score)
            networks.add_metric(labels, one.networks)
            abroad.add_metric(labels, one.countries)
            for reason, value in one.reasons.items():
                reasons.add_metric([*labels, reason], value)
    yield from (score, reasons, networks)
    if countries:
        yield abroad
    yield from _compromised(standing, shown, label)


def _compromised(standing: Mapping[str, Standing], shown: Shown, label: Label) -> Iterator[Metric]:
    compromised = _gauge(
        "account_compromised",
        "1 while the account is taken for stolen and still sends; no series otherwise.",
        *_ACCOUNT,
    )
    since = _gauge(
        "account_compromised_since_timestamp_seconds",
        "Time of the log at which it was first taken for stolen.",
        *_ACCOUNT,
    )
    for account in (*shown.full, *shown.bare):
        one = standing.get(account)
        if one is not None and one.compromised_since is not None:
            compromised.add_metric(label(account), 1)
            since.add_metric(label(account), one.compromised_since)
    yield from (compromised, since)


def jam_families(reasons: Mapping[str, float]) -> Iterator[Metric]:
    """Whether the log says that mail is stuck; `reasons` is empty while it does not."""
    jam = _gauge("jam_detected", "1 while the mail log shows that deliveries stall.")
    jam.add_metric([], bool(reasons))
    ratio = _gauge(
        "jam_reason_ratio",
        "While mail is stuck, the share of senders (or of messages) that show it this way.",
        "reason",
    )
    for reason in JAM_REASONS:
        ratio.add_metric([reason], reasons.get(reason, 0) / 100)
    yield from (jam, ratio)


def delay_family(delays: Delays) -> Metric:
    """How long each stage of the deliveries took."""
    family = HistogramMetricFamily(
        "mailqueue_delivery_stage_seconds",
        "Time a delivery tried spent in each stage, by `delays=` of the mail log.",
        labels=["stage"],
    )
    for stage, buckets, total in delays.histograms():
        family.add_metric([stage], buckets, total)
    return family


def log_families(source: str, lag: float, last_line: int | None) -> Iterator[Metric]:
    """How far behind the log we are (seconds), and when its last line was written."""
    info = _gauge("log_source_info", "Where the log is read from: file or journal; 1.", "source")
    info.add_metric([source], 1)
    behind = _gauge(
        "log_lag_seconds",
        "Age of the last mail log line read while more are waiting; 0 when all are read.",
    )
    behind.add_metric([], lag)
    last = _gauge("log_last_line_timestamp_seconds", "Time stamp of the last mail log line read.")
    if last_line is not None:
        last.add_metric([], last_line)
    yield from (info, behind, last)


def reload_family(success: bool) -> Metric:
    """Whether the allow-list in use is the file as it is now."""
    family = _gauge(
        "bulk_senders_last_reload_success", "1 if bulk_senders_file was valid at its last change."
    )
    family.add_metric([], success)
    return family
