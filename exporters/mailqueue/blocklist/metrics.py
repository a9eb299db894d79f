"""What the lists say as metric families. Pure."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from prometheus_client.core import GaugeMetricFamily, Metric

from exporters.mailqueue.blocklist.board import Known
from exporters.mailqueue.blocklist.names import Address


def families(
    known: Mapping[tuple[Address, str], Known],
    works: Mapping[str, bool],
    ended: float | None,
) -> Iterator[Metric]:
    """No series before a first round; no `listed` where nothing, or nothing recent, is known."""
    listed = GaugeMetricFamily(
        "mailqueue_blocklist_listed",
        "Whether this outgoing address is on this block list, by its last answer in DNS.",
        labels=["address", "list"],
    )
    success = GaugeMetricFamily(
        "mailqueue_blocklist_check_success",
        "Whether the last question about this address had an answer, from a list that works.",
        labels=["address", "list"],
    )
    for (address, name), one in known.items():
        labels = [str(address), name]
        success.add_metric(labels, float(not one.why))
        if one.listed is not None:
            listed.add_metric(labels, float(one.listed))
    test = GaugeMetricFamily(
        "mailqueue_blocklist_self_test_success",
        "Whether this list has the test address it must have and not the one it must not"
        " (RFC 5782); 1 where the self-test is off.",
        labels=["list"],
    )
    for name, good in works.items():
        test.add_metric([name], float(good))
    last = GaugeMetricFamily(
        "mailqueue_blocklist_last_check_timestamp_seconds",
        "When the last round over all block lists ended, whatever they answered.",
    )
    if ended is not None:
        last.add_metric([], ended)
    yield from (listed, success, test, last)
