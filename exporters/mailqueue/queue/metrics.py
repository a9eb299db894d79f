"""The last state of the queues as metric families. Pure."""

from __future__ import annotations

from collections.abc import Iterator

from prometheus_client.core import GaugeMetricFamily, Metric

from exporters.mailqueue.queue.ages import by_age
from exporters.mailqueue.queue.scanner import Scan
from exporters.mailqueue.queue.snapshot import Snapshot


def gauge(name: str, text: str, *labels: str) -> GaugeMetricFamily:
    """A family of ours without series yet."""
    return GaugeMetricFamily(f"mailqueue_{name}", text, labels=labels)


def single(name: str, text: str, value: float | None) -> GaugeMetricFamily:
    """A family of one series without labels; of none when there is no value."""
    family = gauge(name, text)
    if value is not None:
        family.add_metric([], value)
    return family


def up(instance: str, value: int) -> GaugeMetricFamily:
    """Whether the queues of this instance can be read."""
    family = gauge(
        "up",
        "Whether the queues of this mail server were read, and not too long ago.",
        "instance_name",
    )
    family.add_metric([instance], value)
    return family


def age(seconds: float | None) -> GaugeMetricFamily:
    """How old all other figures are."""
    return single("scan_age_seconds", "Time since the scan that gave these figures began.", seconds)


def queue_families(snapshot: Snapshot, now: float) -> Iterator[Metric]:
    """What waits in each queue, at Unix time `now`. An empty queue has 0 and age 0."""
    messages = gauge("messages", "Messages in this queue, by its file names.", "queue")
    size = gauge("bytes", "Size of the message files in this queue.", "queue")
    oldest = gauge(
        "oldest_age_seconds",
        "Time since the oldest message of this queue arrived, by its queue id"
        " or arrival record; 0 when the queue is empty.",
        "queue",
    )
    ages = gauge(
        "messages_by_age",
        "Messages of this queue by the time since they arrived: up to `age`, and more"
        " than the class before.",
        "queue",
        "age",
    )
    unknown = gauge(
        "unknown_files", "Files in this queue whose name is none that its server gives.", "queue"
    )
    for queue, state in snapshot.queues.items():
        messages.add_metric([queue], state.messages)
        unknown.add_metric([queue], state.unknown)
        if state.bytes is not None:
            size.add_metric([queue], state.bytes)
        if state.arrivals is not None:
            first = state.arrivals[0] if state.arrivals else now
            oldest.add_metric([queue], max(0.0, now - first))
            for label, count in by_age(state.arrivals, now):
                ages.add_metric([queue, label], count)
    yield from (messages, size, oldest, ages, unknown)


def scan_families(scan: Scan) -> Iterator[Metric]:
    """How the queues were read, where they are going, and the room that is left."""
    reader = gauge("reader_info", "How the queues are read: walk, showq or postqueue; 1.", "method")
    reader.add_metric([scan.snapshot.method], 1)
    yield reader
    yield single(
        "scan_duration_seconds", "How long the last scan worked, pauses left out.", scan.busy
    )
    around = scan.surroundings
    limit, active = around.active_limit, scan.snapshot.queues.get("active")
    yield single(
        "active_limit_messages",
        "Most messages Postfix takes into its active queue (qmgr_message_active_limit in main.cf).",
        limit,
    )
    yield single(
        "active_saturation_ratio",
        "Messages in the active queue / most messages it takes.",
        active.messages / limit if active and limit else None,
    )
    yield single(
        "incoming_growth_per_second",
        "Messages a second by which the incoming queue grew over the last 3 minutes.",
        scan.growth,
    )
    yield single(
        "drain_estimate_seconds",
        "Time until nothing waits to be sent, at the rate it lessened over the last 3 minutes;"
        " absent while it does not lessen.",
        scan.drain,
    )
    yield single(
        "spool_free_bytes", "Free space where the spool is, without root's.", around.free_bytes
    )
    yield single("spool_size_bytes", "Size of the file system of the spool.", around.bytes)
    limited = around.inodes > 0
    yield single(
        "spool_free_inodes",
        "Free inodes where the spool is; absent where there is no fixed number.",
        around.free_inodes if limited else None,
    )
    yield single(
        "spool_inodes",
        "Inodes of the file system of the spool.",
        around.inodes if limited else None,
    )
    yield single(
        "spool_minfree_bytes",
        "Free space below which Postfix refuses mail (queue_minfree in main.cf); 0 when not set,"
        " and with Exim.",
        around.minfree,
    )
