"""The sums of the canaries as metric families, by member. Pure."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

from prometheus_client.core import (
    CounterMetricFamily,
    GaugeMetricFamily,
    HistogramMetricFamily,
    Metric,
)

from exporters.mailqueue.canary.ledger import BUCKETS, STAGES, Tally

_BOUNDS = [*(str(bound) for bound in BUCKETS), "+Inf"]


def families(by_member: Mapping[str, Sequence[Tally]]) -> Iterator[Metric]:
    """A member with several canaries shows their sums; it is well only if all of them are."""
    yield _success(by_member)
    for name, text, field in (
        ("sent", "Canary mails that the mail server took for this member.", "sent"),
        ("received", "Canary mails of this member that arrived in time.", "received"),
        ("lost", "Canary mails of this member that had not arrived after lost_after.", "lost"),
        ("late", "Canary mails of this member that arrived after they were counted lost.", "late"),
    ):
        counter = CounterMetricFamily(f"mailqueue_canary_{name}", text, labels=["member"])
        for member, tallies in by_member.items():
            counter.add_metric([member], sum(getattr(tally, field) for tally in tallies))
        yield counter
    failures = CounterMetricFamily(
        "mailqueue_canary_failures",
        "Canary mails of this member that failed, by where: on the way out (connect, tls, auth,"
        " refused), not delivered in time, or the mailbox not readable (receive).",
        labels=["member", "stage"],
    )
    for member, tallies in by_member.items():
        for stage in STAGES:
            failed = sum(tally.failures[stage] for tally in tallies)
            failures.add_metric([member, stage], failed)
    yield failures
    yield _latency(by_member)
    yield _last_success(by_member)


def _success(by_member: Mapping[str, Sequence[Tally]]) -> Metric:
    success = GaugeMetricFamily(
        "mailqueue_canary_success",
        "Whether the newest canary mail of this member whose fate is known arrived in time;"
        " absent before the first.",
        labels=["member"],
    )
    for member, tallies in by_member.items():
        known = [tally.success for tally in tallies if tally.success is not None]
        if known:
            success.add_metric([member], float(all(known)))
    return success


def _latency(by_member: Mapping[str, Sequence[Tally]]) -> Metric:
    latency = HistogramMetricFamily(
        "mailqueue_canary_latency_seconds",
        "Time from the connection to the mail server to the canary mail seen where it arrives;"
        " of those in time.",
        labels=["member"],
    )
    for member, tallies in by_member.items():
        total, buckets = 0, []
        for index, bound in enumerate(_BOUNDS):
            total += sum(tally.buckets[index] for tally in tallies)
            buckets.append((bound, total))
        latency.add_metric([member], buckets, sum(tally.seconds for tally in tallies))
    return latency


def _last_success(by_member: Mapping[str, Sequence[Tally]]) -> Metric:
    last = GaugeMetricFamily(
        "mailqueue_canary_last_success_timestamp_seconds",
        "When a canary mail of this member was last seen in time (the one longest ago, with"
        " several canaries); absent before the first.",
        labels=["member"],
    )
    for member, tallies in by_member.items():
        seen = [tally.last_success for tally in tallies if tally.last_success is not None]
        if len(seen) == len(tallies):
            last.add_metric([member], min(seen))
    return last
