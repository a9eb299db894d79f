"""A tally as metric families. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass

from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily, Metric

from exporters.mailqueue.tally import Tally, ranked

_RECENT = "in this window, by the mail log; only accounts above a floor."


@dataclass(frozen=True)
class Floor:
    """An account is shown from so many recipients, or client addresses, in one window on."""

    recipients: int
    addresses: int
    top: int


def account_families(
    tally: Tally, windows: Mapping[str, int], floor: Floor, now: int
) -> Iterator[Metric]:
    """Gauges of the accounts above the floor in any window; each is shown in all of them."""
    totals = {label: tally.windows[seconds].totals(now) for label, seconds in windows.items()}
    shown: set[str] = set()
    for by_account in totals.values():
        # A message has a recipient at least, even while a jam hides how many.
        sizes = {
            name: (max(t.messages, t.recipients), len(t.places)) for name, t in by_account.items()
        }
        shown.update(ranked(sizes, floor.recipients, floor.addresses, floor.top))
    labels = ["account", "member", "window"]
    messages, recipients, addresses = (
        GaugeMetricFamily(f"mailqueue_account_recent_{what}", f"{text} {_RECENT}", labels=labels)
        for what, text in (
            ("messages", "Messages an account submitted"),
            ("recipients", "Recipients of the messages an account submitted"),
            ("client_addresses", "Distinct client addresses (IPv6: /64) an account submitted from"),
        )
    )
    for account in sorted(shown):
        for label, by_account in totals.items():
            values = [account, tally.member_of(account), label]
            total = by_account.get(account)
            messages.add_metric(values, total.messages if total else 0)
            recipients.add_metric(values, total.recipients if total else 0)
            addresses.add_metric(values, len(total.places) if total else 0)
    yield from (messages, recipients, addresses)


def counter_families(tally: Tally, members: Iterable[str]) -> Iterator[Metric]:
    """Counters since the first line ever counted; every member is there, with 0 if need be."""
    messages = CounterMetricFamily(
        "mailqueue_submitted_messages",
        "Messages that authenticated accounts of this member submitted, by the mail log.",
        labels=["member"],
    )
    recipients = CounterMetricFamily(
        "mailqueue_submitted_recipients",
        "Recipients of those messages, each message counted once, by the mail log.",
        labels=["member"],
    )
    for member in members:
        messages.add_metric([member], tally.messages[member])
        recipients.add_metric([member], tally.recipients[member])
    yield from (messages, recipients)
    yield CounterMetricFamily(
        "mailqueue_authentication_failures",
        "Refused SASL authentications of smtpd, by the mail log.",
        value=tally.refused,
    )
    yield CounterMetricFamily("mailqueue_log_lines", "Mail log lines read.", value=tally.lines)
    yield CounterMetricFamily(
        "mailqueue_log_unparsed_lines",
        "Mail log lines without a time stamp, or of a kind we count but not of its form.",
        value=tally.unparsed,
    )


def log_families(lag: float, last_line: int | None) -> Iterator[Metric]:
    """How far behind the log we are (seconds), and when its last line was written."""
    yield GaugeMetricFamily(
        "mailqueue_log_lag_seconds",
        "Age of the last mail log line read while more are waiting; 0 when all are read.",
        value=lag,
    )
    if last_line is not None:
        yield GaugeMetricFamily(
            "mailqueue_log_last_line_timestamp_seconds",
            "Time stamp of the last mail log line read.",
            value=last_line,
        )
