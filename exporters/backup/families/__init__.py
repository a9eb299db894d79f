"""Readings and promises -> metric families, the same for every backup tool. Pure."""

from __future__ import annotations

from collections.abc import Iterator

from prometheus_client.core import Metric

from exporters.backup.families import (
    jobs,
    points,
    promises,
    removals,
    repositories,
    restores,
    runs,
    signals,
    verification,
)
from exporters.backup.families.view import View

_PARTS = (jobs, runs, points, signals, promises, restores, repositories, verification, removals)


def families(view: View) -> Iterator[Metric]:
    """Every family of one tool.

    A repository that has not been tried yet has no value; one that could not be read for longer
    than `stale_after` keeps its state but loses the values of its jobs.
    """
    for part in _PARTS:
        yield from part.families(view)
