"""Whether each repository can be read, who holds it, how full it is, what protects it."""

from __future__ import annotations

from collections.abc import Iterator

from prometheus_client.core import Metric

from exporters.backup.contents import Glance
from exporters.backup.errors import REASONS
from exporters.backup.families.view import REPOSITORY, View, gauge, seconds


def families(view: View) -> Iterator[Metric]:
    """State, locks, room and protection."""
    yield from _state(view)
    yield from _locks(view)
    yield from _room(view)
    yield from _protection(view)


def _state(view: View) -> Iterator[Metric]:
    up = gauge(
        "backup_repository_up",
        "Whether the repository could be read by its tool at the latest try.",
        REPOSITORY,
    )
    polled = gauge(
        "backup_repository_last_poll_success_timestamp_seconds",
        "When the list of recovery points was last read, or seen unchanged; 0 when never.",
        REPOSITORY,
    )
    interval = gauge(
        "backup_repository_poll_interval_seconds",
        "How often the repository is looked at.",
        REPOSITORY,
    )
    took = gauge(
        "backup_repository_poll_duration_seconds",
        "How long the tool took the last time it was needed.",
        REPOSITORY,
    )
    error = gauge(
        "backup_repository_error",
        "Why the repository could not be read at the latest try: 1 on the reason, 0 on the others.",
        REPOSITORY,
        "reason",
    )
    for name, reading in view.readings.items():
        labels = [view.tool, name]
        up.add_metric(labels, reading.is_up(view.now, view.stale_after))
        polled.add_metric(labels, seconds(reading.read_at))
        interval.add_metric(labels, view.poll_interval.total_seconds())
        if reading.seconds is not None:
            took.add_metric(labels, reading.seconds)
        for reason in REASONS:
            error.add_metric([*labels, reason], reading.reason == reason)
    yield from (up, polled, interval, took, error)


def _locks(view: View) -> Iterator[Metric]:
    locks = gauge(
        "backup_repository_locks",
        "Locks on the repository; exclusive: true, false, or unknown without its key.",
        REPOSITORY,
        "exclusive",
    )
    oldest = gauge(
        "backup_repository_oldest_lock_timestamp_seconds",
        "When the oldest lock was last refreshed; no series when there is none.",
        REPOSITORY,
    )
    words = {True: "true", False: "false", None: "unknown"}
    for name, reading in view.readings.items():
        found = reading.locks()
        if found is None or reading.current(view.now, view.stale_after) is None:
            continue
        for kind, word in words.items():
            locks.add_metric([view.tool, name, word], sum(lock.exclusive is kind for lock in found))
        if found:
            oldest.add_metric([view.tool, name], min(seconds(lock.since) for lock in found))
    yield from (locks, oldest)


def _room(view: View) -> Iterator[Metric]:
    size = gauge("backup_repository_size_bytes", "Room the repository takes.", REPOSITORY)
    free = gauge("backup_repository_free_bytes", "Room left where the repository is.", REPOSITORY)
    whole = gauge(
        "backup_repository_capacity_bytes", "All room where the repository is.", REPOSITORY
    )
    for name, contents, _ in view.current():
        glance = view.readings[name].glance or Glance()
        for family, value in (
            (size, contents.size_bytes),
            (free, _first(glance.free_bytes, contents.free_bytes)),
            (whole, _first(glance.capacity_bytes, contents.capacity_bytes)),
        ):
            if value is not None:
                family.add_metric([view.tool, name], value)
    yield from (size, free, whole)


def _first(*values: float | None) -> float | None:
    return next((value for value in values if value is not None), None)


def _protection(view: View) -> Iterator[Metric]:
    info = gauge(
        "backup_repository_info",
        "Where the repository is and what it is made of, as declared and as seen.",
        REPOSITORY,
        "location",
        "medium",
        "site",
        "encrypted",
        "version",
    )
    append = gauge(
        "backup_repository_append_only",
        "Whether what is in the repository cannot be removed, and how that is known.",
        REPOSITORY,
        "evidence",
    )
    contents_of = {name: contents for name, contents, _ in view.current()}
    for name in view.readings:
        declared = view.inventory.backup_repository(name)
        contents = contents_of.get(name)
        seen = contents.encrypted if contents else None
        encrypted = declared.encrypted if seen is None else seen
        info.add_metric(
            [
                view.tool,
                name,
                declared.location,
                declared.medium,
                declared.site,
                {True: "true", False: "false", None: "unknown"}[encrypted],
                contents.version if contents else "",
            ],
            1.0,
        )
        append.add_metric([view.tool, name, "declared"], declared.immutable is not None)
        if contents is not None and contents.append_only is not None:
            append.add_metric(
                [view.tool, name, contents.append_only_evidence], contents.append_only
            )
    yield from (info, append)
